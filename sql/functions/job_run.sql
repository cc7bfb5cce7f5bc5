-- SPDX-License-Identifier: Apache-2.0
-- The one door through which pg_cron (or any other clock) runs the jobs.

-- The jobs there are: how often each should run, and after how long without a
-- good run somebody should look.
CREATE OR REPLACE FUNCTION careforall.jobs()
RETURNS TABLE (job text, schedule text, alarm_after interval, purpose text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
  VALUES
    ('holds_expire', '* * * * *', interval '5 minutes', 'end pending pledges whose hold is over, and proposed refunds whose time is'),
    ('campaigns_close_ended', '* * * * *', interval '5 minutes', 'close campaigns whose end has come'),
    ('campaigns_rank', '* * * * *', interval '10 minutes', 'rank campaigns by what they have raised'),
    ('outbox_rotate', '*/10 * * * *', interval '1 hour', 'make and drop daily partitions of the outbox'),
    ('purge', '* * * * *', interval '10 minutes', 'remove what has been kept for long enough'),
    ('contact_erase', '3-59/10 * * * *', interval '1 hour', 'take donors off pledges that are old enough'),
    ('verify_run', '*/15 * * * *', interval '1 hour', 'check the invariants')
$$;

-- Runs a job and says in one line what it did. Internal.
CREATE OR REPLACE FUNCTION careforall.job_do(job text)
RETURNS text
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  result text;
BEGIN
  CASE job
    WHEN 'holds_expire' THEN
      SELECT format('%s expired, %s asked to cancel%s', h.expired, h.cancel_requested,
        CASE WHEN h.failed > 0 THEN format(', %s failed', h.failed) ELSE '' END)
      INTO result FROM careforall.holds_expire() h;
      result := result || COALESCE(', ' || NULLIF(careforall.refund_proposals_expire(), 0)
        || ' proposed refunds expired', '');
    WHEN 'campaigns_close_ended' THEN
      result := format('%s closed', careforall.campaigns_close_ended());
    WHEN 'campaigns_rank' THEN
      result := format('%s changed', careforall.campaigns_rank());
    WHEN 'outbox_rotate' THEN
      SELECT COALESCE(string_agg(r.partition || ' ' || r.result, '; '), 'nothing to do')
      INTO result FROM careforall.outbox_rotate() r;
    WHEN 'purge' THEN
      SELECT COALESCE(string_agg(p.removed || ' ' || p.what, ', ') FILTER (WHERE p.removed > 0), 'nothing to do')
      INTO result FROM careforall.purge() p;
    WHEN 'contact_erase' THEN
      result := format('%s erased', careforall.contact_erase());
    WHEN 'verify_run' THEN
      SELECT COALESCE(string_agg(v.name || ' ' || v.violations, ', '), 'no violations')
      INTO result FROM careforall.verify_run() v;
    ELSE
      RAISE EXCEPTION 'unrecognized job: "%"', job
        USING ERRCODE = 'invalid_parameter_value',
              HINT = 'See careforall.jobs_status.';
  END CASE;
  RETURN result;
END
$$;

-- Runs one job, keeps what came of it in job_runs, and gives it. A job that fails
-- leaves its error there and a warning in the log, and changes nothing else. A job
-- that is running already is not started twice.
CREATE OR REPLACE FUNCTION careforall.job_run(job text)
RETURNS TABLE (is_ok boolean, result text, took interval)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  started timestamptz := clock_timestamp();
BEGIN
  IF NOT EXISTS (SELECT FROM careforall.jobs() j WHERE j.job = job_run.job) THEN
    PERFORM careforall.job_do(job_run.job);
  ELSIF NOT pg_try_advisory_xact_lock(hashtext('careforall.job'), hashtext(job_run.job)) THEN
    RETURN QUERY SELECT true, 'is running already', interval '0';
    RETURN;
  END IF;

  BEGIN
    result := careforall.job_do(job_run.job);
    is_ok := true;
  EXCEPTION WHEN OTHERS THEN
    result := format('%s (%s)', SQLERRM, SQLSTATE);
    is_ok := false;
    RAISE WARNING 'job "%" failed: %', job_run.job, result;
  END;

  took := clock_timestamp() - started;
  INSERT INTO careforall.job_runs AS r (
    job, last_started_at, last_took, last_result, last_ok_at, last_error, last_error_at,
    runs, failures)
  VALUES (
    job_run.job, started, took, result, CASE WHEN is_ok THEN started END,
    CASE WHEN NOT is_ok THEN result END, CASE WHEN NOT is_ok THEN started END,
    1, (NOT is_ok)::integer)
  ON CONFLICT (job) DO UPDATE SET
    last_started_at = excluded.last_started_at,
    last_took = excluded.last_took,
    last_result = excluded.last_result,
    last_ok_at = COALESCE(excluded.last_ok_at, r.last_ok_at),
    last_error = COALESCE(excluded.last_error, r.last_error),
    last_error_at = COALESCE(excluded.last_error_at, r.last_error_at),
    runs = r.runs + 1,
    failures = r.failures + excluded.failures;
  RETURN NEXT;
END
$$;

COMMENT ON FUNCTION careforall.jobs() IS
  'The jobs that run by the clock, their schedules, and when to worry.';
COMMENT ON FUNCTION careforall.job_do(text) IS
  'Runs a job and says in one line what it did.';
COMMENT ON FUNCTION careforall.job_run(text) IS
  'Runs a job now, once at a time, and keeps its result in jobs_status.';
