-- SPDX-License-Identifier: Apache-2.0
-- What the payment provider takes of a payment, by currency, so that a donor can
-- pay it on top. Changed by careforall.fee_set() and fee_remove(), which are
-- audited. A currency without a row offers no such choice.

CREATE TABLE IF NOT EXISTS careforall.fee_schedule (
  currency      char(3)     NOT NULL,
  basis_points  integer     NOT NULL,
  fixed_minor   bigint      NOT NULL,
  updated_at    timestamptz NOT NULL DEFAULT careforall.clock(),
  CONSTRAINT fee_schedule_pkey PRIMARY KEY (currency),
  CONSTRAINT fee_schedule_currency_check
    CHECK (careforall.currency_exponent(currency) IS NOT NULL),
  CONSTRAINT fee_schedule_basis_points_check CHECK (basis_points BETWEEN 0 AND 5000),
  CONSTRAINT fee_schedule_fixed_minor_check CHECK (fixed_minor BETWEEN 0 AND 1000000000)
);

COMMENT ON TABLE careforall.fee_schedule IS
  'The fee of the payment provider by currency: a part of the payment plus a fixed amount.';
COMMENT ON COLUMN careforall.fee_schedule.currency IS
  'ISO 4217 code.';
COMMENT ON COLUMN careforall.fee_schedule.basis_points IS
  'Hundredths of a percent of the whole payment; the result is rounded half up to a minor unit.';
COMMENT ON COLUMN careforall.fee_schedule.fixed_minor IS
  'Minor units that each payment costs.';
COMMENT ON COLUMN careforall.fee_schedule.updated_at IS
  'When it was last set.';
