-- SPDX-License-Identifier: Apache-2.0
-- What the sessions of this database are doing, and which statements cost most.

-- Runs as careforall_owner, which may read the statistics of all sessions.
CREATE OR REPLACE FUNCTION careforall.sessions()
RETURNS TABLE (
  pid integer, log_in text, application text, state text, in_state interval,
  in_transaction interval, waits_for text, blocked_by integer[], query text)
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT a.pid, COALESCE(a.usename::text, a.backend_type), a.application_name, a.state,
         date_trunc('milliseconds', clock_timestamp() - a.state_change),
         date_trunc('milliseconds', clock_timestamp() - a.xact_start),
         CASE WHEN a.wait_event_type NOT IN ('Client', 'Activity')
           THEN a.wait_event_type || ': ' || a.wait_event END,
         NULLIF(pg_blocking_pids(a.pid), '{}'),
         left(regexp_replace(a.query, '\s+', ' ', 'g'), 80)
  FROM pg_catalog.pg_stat_activity a
  WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
$$;

CREATE OR REPLACE VIEW careforall.activity AS
SELECT s.pid, s.log_in, s.application, s.state, s.in_state, s.waits_for, s.query
FROM careforall.sessions() s
ORDER BY (s.state = 'active') DESC NULLS LAST, s.in_state DESC;

CREATE OR REPLACE VIEW careforall.slow AS
SELECT
  s.pid,
  s.log_in,
  CASE
    WHEN s.blocked_by IS NOT NULL THEN 'waits for a lock'
    WHEN s.state LIKE 'idle in transaction%' THEN 'holds a transaction open'
    ELSE 'long statement' END AS problem,
  GREATEST(s.in_state, s.in_transaction) AS since,
  s.blocked_by,
  s.waits_for,
  s.application,
  s.query
FROM careforall.sessions() s
WHERE (s.state = 'active' AND s.in_state > interval '1 second')
   OR (s.state LIKE 'idle in transaction%' AND s.in_transaction > interval '5 seconds')
   OR s.blocked_by IS NOT NULL
ORDER BY since DESC;

-- What pg_stat_statements counted for this database; no rows where it is not
-- installed. Statements hold no values but those of utility commands, which are left
-- out, as a password may stand in one. Runs as careforall_owner, who may read them.
CREATE OR REPLACE FUNCTION careforall.statement_figures()
RETURNS TABLE (
  calls bigint, mean_ms double precision, max_ms double precision, total_ms double precision,
  rows_given bigint, cache_percent numeric, statement text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  place text;
BEGIN
  SELECT n.nspname INTO place
  FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
  WHERE e.extname = 'pg_stat_statements';
  IF NOT FOUND THEN
    RETURN;
  END IF;
  RETURN QUERY EXECUTE format($query$
    SELECT s.calls, s.mean_exec_time, s.max_exec_time, s.total_exec_time, s.rows,
      round(100.0 * s.shared_blks_hit / NULLIF(s.shared_blks_hit + s.shared_blks_read, 0), 1),
      left(regexp_replace(btrim(s.query), '\s+', ' ', 'g'), 120)
    FROM %I.pg_stat_statements s
    WHERE s.dbid = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())
      AND btrim(s.query) ~* '^(select|insert|update|delete|with|merge|table|values)\M'$query$, place);
END
$$;

CREATE OR REPLACE VIEW careforall.slow_statements AS
SELECT
  s.calls,
  round(s.mean_ms::numeric, 3) AS mean_ms,
  round(s.max_ms::numeric, 1) AS max_ms,
  round(s.total_ms::numeric / 1000, 1) AS total_s,
  round((100 * s.total_ms / NULLIF(sum(s.total_ms) OVER (), 0))::numeric, 1) AS share_percent,
  s.rows_given,
  s.cache_percent,
  s.statement
FROM careforall.statement_figures() s
ORDER BY s.total_ms DESC
LIMIT 50;

COMMENT ON FUNCTION careforall.statement_figures() IS
  'What pg_stat_statements counted for this database; no rows without it.';
COMMENT ON VIEW careforall.slow_statements IS
  'The 50 statements that took most time since the counters were reset, if pg_stat_statements is installed.';
COMMENT ON FUNCTION careforall.sessions() IS
  'Sessions of this database with what they wait for and who blocks them.';
COMMENT ON VIEW careforall.activity IS
  'Sessions of this database, the busy ones first.';
COMMENT ON VIEW careforall.slow IS
  'Sessions that are blocked, run one statement for more than a second, or hold a transaction open for more than five.';

COMMENT ON COLUMN careforall.activity.pid IS
  'Process id of the session, for pg_terminate_backend().';
COMMENT ON COLUMN careforall.activity.log_in IS
  'The log-in user, or the kind of process.';
COMMENT ON COLUMN careforall.activity.application IS
  'What the client calls itself.';
COMMENT ON COLUMN careforall.activity.state IS
  'active, idle, idle in transaction.';
COMMENT ON COLUMN careforall.activity.in_state IS
  'For how long it has been in this state.';
COMMENT ON COLUMN careforall.activity.waits_for IS
  'What it waits for, if not for its client.';
COMMENT ON COLUMN careforall.activity.query IS
  'Its present or last statement, cut to 80 characters.';

COMMENT ON COLUMN careforall.slow.pid IS
  'Process id of the session, for pg_terminate_backend().';
COMMENT ON COLUMN careforall.slow.log_in IS
  'The log-in user, or the kind of process.';
COMMENT ON COLUMN careforall.slow.problem IS
  'waits for a lock, holds a transaction open, or long statement.';
COMMENT ON COLUMN careforall.slow.since IS
  'For how long.';
COMMENT ON COLUMN careforall.slow.blocked_by IS
  'Process ids of those that it waits for.';
COMMENT ON COLUMN careforall.slow.waits_for IS
  'What it waits for.';
COMMENT ON COLUMN careforall.slow.application IS
  'What the client calls itself.';
COMMENT ON COLUMN careforall.slow.query IS
  'Its statement, cut to 80 characters.';

COMMENT ON COLUMN careforall.slow_statements.calls IS
  'How often it ran.';
COMMENT ON COLUMN careforall.slow_statements.mean_ms IS
  'Milliseconds on average.';
COMMENT ON COLUMN careforall.slow_statements.max_ms IS
  'Milliseconds of the slowest run.';
COMMENT ON COLUMN careforall.slow_statements.total_s IS
  'Seconds of all runs.';
COMMENT ON COLUMN careforall.slow_statements.share_percent IS
  'Part of the time of all statements.';
COMMENT ON COLUMN careforall.slow_statements.rows_given IS
  'Rows that all runs gave or changed.';
COMMENT ON COLUMN careforall.slow_statements.cache_percent IS
  'Part of the blocks that were in memory.';
COMMENT ON COLUMN careforall.slow_statements.statement IS
  'The statement without its values, cut to 120 characters.';
