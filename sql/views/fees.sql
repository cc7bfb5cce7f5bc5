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
