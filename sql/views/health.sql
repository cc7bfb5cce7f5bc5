-- SPDX-License-Identifier: Apache-2.0
-- Is all well, and if not, what to do.

CREATE OR REPLACE VIEW careforall.health AS
SELECT h."check", h.status, h.value, h.hint FROM careforall.health_checks() h;

CREATE OR REPLACE VIEW careforall.verify_status AS
SELECT
  v.name,
  v.violations,
  v.sample,
  date_trunc('second', clock_timestamp() - v.checked_at) AS checked_ago,
  v.took,
  v.last_violation_at
FROM careforall.verify_results v
ORDER BY v.violations DESC, v.name;

CREATE OR REPLACE VIEW careforall.jobs_status AS
SELECT
  j.job,
  j.schedule,
  CASE
    WHEN r.last_ok_at IS NULL THEN 'never ran well'
    WHEN r.last_ok_at < clock_timestamp() - j.alarm_after THEN 'late'
    WHEN r.last_error_at > r.last_ok_at THEN 'failing'
    ELSE 'ok' END AS status,
  date_trunc('second', clock_timestamp() - r.last_started_at) AS last_run_ago,
  date_trunc('milliseconds', r.last_took) AS took,
  r.last_result,
  r.runs,
  r.failures,
  r.last_error,
  r.last_error_at,
  j.purpose
FROM careforall.jobs() j
LEFT JOIN careforall.job_runs r ON r.job = j.job
ORDER BY j.job;

COMMENT ON VIEW careforall.health IS
  'One row for each check, the bad ones first, with what to do.';
COMMENT ON VIEW careforall.verify_status IS
  'What the last run of verify() found.';
COMMENT ON VIEW careforall.jobs_status IS
  'The jobs that run by the clock and how their last runs went.';
