-- SPDX-License-Identifier: Apache-2.0
-- What the sessions of this database are doing.

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

COMMENT ON FUNCTION careforall.sessions() IS
  'Sessions of this database with what they wait for and who blocks them.';
COMMENT ON VIEW careforall.activity IS
  'Sessions of this database, the busy ones first.';
COMMENT ON VIEW careforall.slow IS
  'Sessions that are blocked, run one statement for more than a second, or hold a transaction open for more than five.';
