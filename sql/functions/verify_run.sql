-- SPDX-License-Identifier: Apache-2.0
-- Runs the invariant checks and keeps what they found.

-- Runs verify() and stores each result in verify_results; a check that no longer
-- exists loses its row. Gives the checks that found something (none: all is well).
CREATE OR REPLACE FUNCTION careforall.verify_run()
RETURNS TABLE (name text, violations bigint, sample text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  started timestamptz := clock_timestamp();
BEGIN
  INSERT INTO careforall.verify_results AS r (
    name, violations, sample, checked_at, took, last_violation_at)
  SELECT v.name, v.violations, v.sample, started, interval '0',
    CASE WHEN v.violations > 0 THEN started END
  FROM careforall.verify() v
  ON CONFLICT (name) DO UPDATE SET
    violations = excluded.violations,
    sample = excluded.sample,
    checked_at = excluded.checked_at,
    last_violation_at = COALESCE(excluded.last_violation_at, r.last_violation_at);
  DELETE FROM careforall.verify_results r WHERE r.checked_at < started;
  UPDATE careforall.verify_results r SET took = clock_timestamp() - started;
  RETURN QUERY SELECT r.name, r.violations, r.sample
  FROM careforall.verify_results r WHERE r.violations > 0 ORDER BY r.name;
END
$$;

COMMENT ON FUNCTION careforall.verify_run() IS
  'Runs verify(), stores the results in verify_results, and gives the checks that found violations.';
