-- SPDX-License-Identifier: Apache-2.0
-- What the last run of verify() found, one row for each check, for metrics.

CREATE TABLE IF NOT EXISTS careforall.verify_results (
  name               text        NOT NULL,
  violations         bigint      NOT NULL,
  sample             text,
  checked_at         timestamptz NOT NULL,
  took               interval    NOT NULL,
  last_violation_at  timestamptz,
  CONSTRAINT verify_results_pkey PRIMARY KEY (name),
  CONSTRAINT verify_results_violations_check CHECK (violations >= 0)
);

COMMENT ON TABLE careforall.verify_results IS
  'The newest result of each invariant check; any violation is a fault that must be looked at.';
COMMENT ON COLUMN careforall.verify_results.name IS
  'Name of the check.';
COMMENT ON COLUMN careforall.verify_results.violations IS
  'How many rows broke it; must be 0.';
COMMENT ON COLUMN careforall.verify_results.sample IS
  'One of them.';
COMMENT ON COLUMN careforall.verify_results.checked_at IS
  'When it was last checked.';
COMMENT ON COLUMN careforall.verify_results.took IS
  'How long the whole run took.';
COMMENT ON COLUMN careforall.verify_results.last_violation_at IS
  'When this check last found a violation, even if it is gone now.';
