-- SPDX-License-Identifier: Apache-2.0
-- pg_cron jobs, one for each row of careforall.jobs(), named careforall_<job>.
--
-- Runs as the installing superuser, in whose name the jobs run: they call
-- SECURITY DEFINER functions, so their work is done as careforall_owner (which
-- cannot log in, as pg_cron demands of a job's user). Scheduling a name again
-- replaces it; a job of ours that no longer exists is removed.

SELECT COALESCE(current_setting('cron.database_name', true) = current_database(), false)
  AND EXISTS (SELECT FROM pg_catalog.pg_available_extensions WHERE name = 'pg_cron')
  AS has_cron \gset

\if :has_cron
  CREATE EXTENSION IF NOT EXISTS pg_cron;

  SELECT count(cron.schedule('careforall_' || j.job, j.schedule,
      format('SELECT careforall.job_run(%L)', j.job))) AS scheduled
  FROM careforall.jobs() j \gset

  SELECT count(cron.schedule('careforall_cron_purge', '7 * * * *',
    $$DELETE FROM cron.job_run_details WHERE runid IN (
        SELECT d.runid FROM cron.job_run_details d
        WHERE d.start_time < now() - interval '3 days' ORDER BY d.runid LIMIT 50000)$$)) AS scheduled
  \gset

  SELECT count(cron.unschedule(j.jobid)) AS removed
  FROM cron.job j
  WHERE j.jobname LIKE 'careforall\_%'
    AND (j.username <> current_user
         OR (j.jobname <> 'careforall_cron_purge'
             AND NOT EXISTS (SELECT FROM careforall.jobs() k
                             WHERE 'careforall_' || k.job = j.jobname)))
  \gset
\else
  \echo 'NOTICE:  pg_cron does not serve this database: no jobs are scheduled.'
  \echo 'HINT:  Preload pg_cron with cron.database_name set to this database, or let another clock call careforall.job_run() for each row of careforall.jobs().'
\endif
