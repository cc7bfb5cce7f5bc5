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

COMMENT ON COLUMN careforall.health."check" IS
  'What was looked at.';
COMMENT ON COLUMN careforall.health.status IS
  'ok, warn (look at it today) or bad (money or events wait now).';
COMMENT ON COLUMN careforall.health.value IS
  'What was found.';
COMMENT ON COLUMN careforall.health.hint IS
  'What to do.';

COMMENT ON COLUMN careforall.verify_status.name IS
  'Name of the invariant check.';
COMMENT ON COLUMN careforall.verify_status.violations IS
  'Rows that broke it; must be 0.';
COMMENT ON COLUMN careforall.verify_status.sample IS
  'One of them.';
COMMENT ON COLUMN careforall.verify_status.checked_ago IS
  'How long ago it was checked.';
COMMENT ON COLUMN careforall.verify_status.took IS
  'How long all checks took.';
COMMENT ON COLUMN careforall.verify_status.last_violation_at IS
  'When it last found a violation, even if it is gone now.';

COMMENT ON COLUMN careforall.jobs_status.job IS
  'Name, for job_run().';
COMMENT ON COLUMN careforall.jobs_status.schedule IS
  'When it runs, in the words of cron.';
COMMENT ON COLUMN careforall.jobs_status.status IS
  'ok, failing, late, or never ran well.';
COMMENT ON COLUMN careforall.jobs_status.last_run_ago IS
  'Time since its last start.';
COMMENT ON COLUMN careforall.jobs_status.took IS
  'How long that run took.';
COMMENT ON COLUMN careforall.jobs_status.last_result IS
  'What it did, or its error.';
COMMENT ON COLUMN careforall.jobs_status.runs IS
  'How often it has run.';
COMMENT ON COLUMN careforall.jobs_status.failures IS
  'How often it has failed.';
COMMENT ON COLUMN careforall.jobs_status.last_error IS
  'The last error, even if a later run went well.';
COMMENT ON COLUMN careforall.jobs_status.last_error_at IS
  'When that was.';
COMMENT ON COLUMN careforall.jobs_status.purpose IS
  'What it is for.';
