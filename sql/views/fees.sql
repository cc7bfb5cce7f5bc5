-- SPDX-License-Identifier: Apache-2.0
-- The fee schedule as people read it.

CREATE OR REPLACE VIEW careforall.fees AS
SELECT
  s.currency::text AS currency,
  s.basis_points,
  round(s.basis_points / 100.0, 2) || ' % + '
    || careforall.money_text(s.fixed_minor, s.currency) AS fee,
  s.fixed_minor,
  s.updated_at
FROM careforall.fee_schedule s;

COMMENT ON VIEW careforall.fees IS
  'What the payment provider takes, by currency; changed with careforall.fee_set().';

COMMENT ON COLUMN careforall.fees.currency IS
  'ISO 4217 code.';
COMMENT ON COLUMN careforall.fees.basis_points IS
  'Hundredths of a percent of the whole payment.';
COMMENT ON COLUMN careforall.fees.fee IS
  'The fee as people read it.';
COMMENT ON COLUMN careforall.fees.fixed_minor IS
  'Minor units that each payment costs.';
COMMENT ON COLUMN careforall.fees.updated_at IS
  'When it was last set.';
