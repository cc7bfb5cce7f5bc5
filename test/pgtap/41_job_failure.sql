-- SPDX-License-Identifier: Apache-2.0
-- Goal: a job that fails changes nothing, says so, and does not stop the others.
-- Method: its function is replaced by one that raises.
\ir setup.psql
SET LOCAL client_min_messages = error;
SELECT plan(9);

CREATE OR REPLACE FUNCTION careforall.campaigns_close_ended(max integer DEFAULT 100)
RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO careforall.audit_log (action, target_type, target_id, reason) VALUES ('x', 'x', 'x', 'must not stay');
  RAISE EXCEPTION 'disk is on fire' USING ERRCODE = '58030';
END
$$;
SELECT results_eq($$SELECT is_ok, result FROM careforall.job_run('campaigns_close_ended')$$,
  $$VALUES (false, 'disk is on fire (58030)')$$, 'a failing job tells its error');
SELECT is_empty($$SELECT * FROM careforall.audit_log WHERE reason = 'must not stay'$$, 'and leaves nothing behind');
SELECT results_eq($$SELECT status, last_error, failures FROM careforall.jobs_status WHERE job = 'campaigns_close_ended'$$,
  $$SELECT CASE WHEN last_ok_at IS NULL THEN 'never ran well' ELSE 'failing' END, 'disk is on fire (58030)', failures
    FROM careforall.job_runs WHERE job = 'campaigns_close_ended' AND failures >= 1$$, 'jobs_status shows it');
SELECT ok((SELECT is_ok FROM careforall.job_run('holds_expire')), 'other jobs go on');
UPDATE careforall.job_runs SET last_ok_at = clock_timestamp() - interval '6 minutes' WHERE job = 'holds_expire';
SELECT is((SELECT status FROM careforall.jobs_status WHERE job = 'holds_expire'), 'late', 'a job that has not run is late');
SELECT is((SELECT status FROM careforall.health WHERE "check" = 'job holds_expire'), 'ok', 'but no warning in health while the server has just started');
SELECT ok((SELECT value FROM careforall.metrics() WHERE name = 'job_ok_age_seconds' AND label = 'holds_expire') > 350, 'the metric tells the truth');

-- The jobs of pg_cron are those of the list, each once, and nothing else of ours.
SELECT has_extension('pg_cron', 'pg_cron is there');
SELECT set_eq($$SELECT jobname, schedule, command FROM cron.job WHERE jobname LIKE 'careforall\_%' AND jobname <> 'careforall_cron_purge'$$,
  $$SELECT 'careforall_' || job, schedule, format('SELECT careforall.job_run(%L)', job) FROM careforall.jobs()$$, 'pg_cron has each job once');

SELECT finish();
ROLLBACK;
