-- SPDX-License-Identifier: Apache-2.0
-- One look at everything, for people (health) and for monitoring (metrics).

-- The figures that tell whether the money path flows. Each is a bounded index
-- look-up, cheap enough to be asked every few seconds.
CREATE OR REPLACE FUNCTION careforall.metrics()
RETURNS TABLE (name text, label text, value double precision)
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT 'invariant_violations', v.name, v.violations::double precision
  FROM careforall.verify_results v
  UNION ALL
  SELECT 'invariants_checked_age_seconds', '',
         extract(epoch FROM clock_timestamp() - max(v.checked_at))
  FROM careforall.verify_results v
  UNION ALL
  SELECT 'holds_overdue', '', count(*)
  FROM (SELECT FROM careforall.pledges p
        WHERE p.state = 'pending' AND p.cancel_requested_at IS NULL
          AND p.hold_expires_at < careforall.clock() - interval '3 minutes' LIMIT 10000) p
  UNION ALL
  SELECT 'pledges_pending', '', count(*)
  FROM (SELECT FROM careforall.pledges p WHERE p.state = 'pending' LIMIT 100000) p
  UNION ALL
  SELECT 'pledges_pending_age_seconds', '', COALESCE((
    SELECT extract(epoch FROM careforall.clock() - p.created_at) FROM careforall.pledges p
    WHERE p.state = 'pending' ORDER BY p.hold_expires_at LIMIT 1), 0)
  UNION ALL
  SELECT f.name, f.currency, f.value
  FROM (
    SELECT c.currency::text AS currency, sum(t.confirmed_count) AS confirmed_count,
      sum(t.confirmed_minor) / 10 ^ careforall.currency_exponent(c.currency) AS confirmed,
      sum(t.refunded_minor) / 10 ^ careforall.currency_exponent(c.currency) AS refunded
    FROM (
      SELECT s.campaign_id, s.confirmed_count, s.confirmed_minor, s.refunded_minor
      FROM careforall.campaign_totals s
      UNION ALL
      SELECT d.campaign_id, d.confirmed_count, d.confirmed_minor, d.refunded_minor
      FROM careforall.campaign_total_deltas d) t
    JOIN careforall.campaigns c ON c.id = t.campaign_id
    GROUP BY c.currency) m
  CROSS JOIN LATERAL (VALUES
    ('pledges_confirmed', m.currency, m.confirmed_count),
    ('money_confirmed', m.currency, m.confirmed),
    ('money_refunded', m.currency, m.refunded)) f (name, currency, value)
  UNION ALL
  SELECT 'pledges_unpaid', '', count(*)
  FROM (SELECT FROM careforall.pledges p
        WHERE p.state = 'pending' AND p.payment_id IS NULL
          AND p.created_at < careforall.clock() - interval '1 minute' LIMIT 10000) p
  UNION ALL
  SELECT 'refunds_waiting', '', count(*)
  FROM (SELECT FROM careforall.refunds r WHERE r.state = 'requested' LIMIT 10000) r
  UNION ALL
  SELECT 'refunds_waiting_age_seconds', '',
         COALESCE(extract(epoch FROM careforall.clock() - min(r.created_at)), 0)
  FROM careforall.refunds r WHERE r.state = 'requested'
  UNION ALL
  SELECT 'refunds_failed', '', count(*)
  FROM (SELECT FROM careforall.refunds r WHERE r.state = 'failed' LIMIT 10000) r
  UNION ALL
  SELECT 'refund_proposals_waiting', '', count(*)
  FROM (SELECT FROM careforall.refund_proposals q
        WHERE q.state = 'waiting' AND q.expires_at > careforall.clock() LIMIT 10000) q
  UNION ALL
  SELECT 'provider_events_odd', o.outcome, count(i.outcome)
  FROM (VALUES ('mismatch'), ('unknown')) o (outcome)
  LEFT JOIN LATERAL (
    SELECT n.outcome FROM careforall.inbox n
    WHERE n.received_at > careforall.clock() - interval '1 day' AND n.outcome = o.outcome
    LIMIT 10000) i ON true
  GROUP BY o.outcome
  UNION ALL
  SELECT 'dead_letters_parked', '', count(*)
  FROM careforall.payment_dead_letters d WHERE d.state = 'parked'
  UNION ALL
  SELECT 'outbox_parked', '', count(*)
  FROM careforall.outbox_parked p WHERE p.state = 'parked'
  UNION ALL
  SELECT 'outbox_default_rows', '', count(*)
  FROM (SELECT FROM careforall.outbox_default LIMIT 10000) d
  UNION ALL
  SELECT f.name, f.consumer, f.value
  FROM careforall.relay_consumers() c
  JOIN careforall.relay_leaders l ON l.consumer = c.consumer
  CROSS JOIN LATERAL (VALUES
    ('outbox_behind', c.consumer, c.events_behind::double precision),
    ('outbox_lag_seconds', c.consumer, extract(epoch FROM c.oldest_behind)),
    ('outbox_leader_silent_seconds', c.consumer,
      extract(epoch FROM clock_timestamp() - l.heartbeat_at))) f (name, consumer, value)
  UNION ALL
  SELECT 'outbox_reader_behind', r.name, r.events_behind
  FROM careforall.outbox_readers_behind() r
  UNION ALL
  SELECT 'outbox_reader_lag_seconds', r.name, extract(epoch FROM r.oldest_behind)
  FROM careforall.outbox_readers_behind() r
  UNION ALL
  SELECT 'outbox_days_overdue', '', count(*)
  FROM careforall.outbox_partitions() o
  WHERE o.to_time < clock_timestamp() - careforall.outbox_retention() - interval '1 hour'
  UNION ALL
  SELECT 'outbox_days_ahead', '',
         COALESCE(extract(epoch FROM max(o.to_time) - clock_timestamp()) / 86400, 0)
  FROM careforall.outbox_partitions() o
  UNION ALL
  SELECT 'total_deltas_unfolded', '', count(*)
  FROM (SELECT FROM careforall.campaign_total_deltas LIMIT 100000) d
  UNION ALL
  SELECT 'job_ok_age_seconds', j.job, extract(epoch FROM clock_timestamp() - r.last_ok_at)
  FROM careforall.jobs() j LEFT JOIN careforall.job_runs r ON r.job = j.job
  UNION ALL
  SELECT 'consumer_paused', n.name, COALESCE(c.is_paused, false)::integer
  FROM (VALUES ('relay'), ('projector'), ('payments')) n (name)
  LEFT JOIN careforall.consumer_controls c ON c.consumer = n.name
  UNION ALL
  SELECT 'tasks_waiting_age_seconds', '',
         GREATEST(extract(epoch FROM clock_timestamp() - min(COALESCE(t.worked_at, t.created_at))), 0)
  FROM careforall.tasks t WHERE t.state IN ('queued', 'running', 'stopping')
  UNION ALL
  SELECT 'oldest_transaction_age_seconds', '',
         COALESCE(extract(epoch FROM max(clock_timestamp() - a.xact_start)), 0)
  FROM pg_catalog.pg_stat_activity a
  WHERE a.datname = current_database() AND a.backend_type = 'client backend'
    AND a.pid <> pg_backend_pid()
$$;

-- Whether the extension answers from shared memory, or why not, and whether server and
-- database are of one version.
CREATE OR REPLACE FUNCTION careforall.health_engine()
RETURNS TABLE (status text, value text, hint text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  r record;
  library text;
BEGIN
  SELECT * INTO r FROM careforall.ready();
  library := careforall.library_version();
  value := format('extension %s, schema %s, %s limits loaded%s', r.extension_version, r.schema_version,
    (SELECT count(*) FROM careforall.limits()),
    CASE WHEN r.in_recovery THEN ', read only' ELSE '' END);
  status := 'ok';
  IF library <> r.extension_version THEN
    status := 'warn';
    value := value || ', library ' || library;
    hint := 'Restart PostgreSQL if new files were installed, then run careforall-migrate.';
  ELSIF r.in_recovery THEN
    status := 'warn';
    hint := 'This server is a standby; pledges go to the primary.';
  END IF;
  RETURN NEXT;
EXCEPTION
  WHEN object_not_in_prerequisite_state THEN
    RETURN QUERY SELECT 'bad', SQLERRM,
      'Put careforall into shared_preload_libraries and restart PostgreSQL.';
  WHEN undefined_function THEN
    RETURN QUERY SELECT 'bad', SQLERRM,
      'The server has loaded an older library than the database needs: restart PostgreSQL.';
END
$$;

-- One row for each check, the bad ones first: ok, warn (look at it today), bad
-- (money or events are waiting now). What runs by the clock is late only if the
-- server has been up for long enough.
CREATE OR REPLACE FUNCTION careforall.health_checks()
RETURNS TABLE ("check" text, status text, value text, hint text)
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  WITH m AS MATERIALIZED (
    SELECT n.name, n.label, CASE WHEN n.name ~ '^(job_ok|invariants_checked)_age'
        THEN LEAST(n.value, u.seconds) ELSE n.value END AS value, n.value AS reported
    FROM careforall.metrics() n
    CROSS JOIN (SELECT extract(epoch FROM clock_timestamp() - pg_postmaster_start_time())
                  ::double precision AS seconds) u),
  levels (name, title, warn_above, bad_above, hint) AS (VALUES
    ('invariant_violations', 'invariants', 0, 0,
     'A fault of the engine or a bypassed trigger: see verify_status and keep the evidence.'),
    ('invariants_checked_age_seconds', 'invariants checked, seconds ago', 3600, 86400,
     'Run SELECT * FROM careforall.job_run(''verify_run'').'),
    ('holds_overdue', 'holds overdue', 0, 1000,
     'Is the job holds_expire running? See jobs_status.'),
    ('pledges_unpaid', 'pledges without a payment after a minute', 0, 100,
     'Nobody has asked the provider for their money: is careforall-payments running?'),
    ('refunds_waiting_age_seconds', 'oldest refund waiting, seconds', 600, 86400,
     'Is careforall-payments running? See refunds_overview and dead_letters_overview.'),
    ('provider_events_odd', 'odd provider events in a day', 0, 100,
     'Money may have come that no pledge expects: see inbox events with this outcome.'),
    ('dead_letters_parked', 'parked payment work', 0, 100,
     'See dead_letters_overview; payment_redrive() tries again.'),
    ('outbox_parked', 'parked events', 0, 0,
     'Events are held back: see outbox_parked_overview; outbox_release() lets them go on.'),
    ('outbox_default_rows', 'events outside partitions', 0, 9999,
     'A day had no partition; see outbox_days and jobs_status.'),
    ('outbox_days_overdue', 'outbox days kept past retention', 0, 3,
     'Some consumer has not taken them: see outbox_status and outbox_readers_status.'),
    ('total_deltas_unfolded', 'totals not folded yet', 20000, 99999,
     'Is the careforall worker running? SELECT careforall.totals_fold() folds by hand.'),
    ('tasks_waiting_age_seconds', 'oldest task not worked on, seconds', 120, 3600,
     'Is careforall-api running? Why a step fails is in its log.'),
    ('oldest_transaction_age_seconds', 'oldest transaction, seconds', 300, 3600,
     'It holds back vacuum and outbox rotation: see slow.')
  ),
  checks AS (
    SELECT 1 AS place, 'engine' AS "check", e.status, e.value, e.hint
    FROM careforall.health_engine() e
    UNION ALL
    SELECT 2, 'consumer ' || s.consumer,
      CASE WHEN s.oldest_behind > interval '5 minutes' THEN 'bad'
           WHEN s.oldest_behind > interval '10 seconds' OR s.silent > interval '30 seconds'
             OR s.events_behind IS NULL THEN 'warn' ELSE 'ok' END,
      COALESCE(s.events_behind || ' events behind', 'checkpoint of another cluster'),
      CASE WHEN s.silent > interval '30 seconds'
        THEN format('Its leader has been silent for %s: is careforall-relay running?', s.silent)
      WHEN s.oldest_behind > interval '10 seconds'
        THEN format('The oldest has waited for %s: is NATS up? See the log of careforall-relay.',
          date_trunc('second', s.oldest_behind)) END
    FROM (SELECT c.consumer, c.events_behind, c.oldest_behind,
                 date_trunc('second', clock_timestamp() - n.heartbeat_at) AS silent
          FROM careforall.relay_consumers() c
          JOIN careforall.relay_leaders n ON n.consumer = c.consumer) s
    UNION ALL
    SELECT 2, 'reader ' || r.name,
      CASE WHEN r.holds_days > 0 THEN 'bad'
           WHEN r.is_paused OR r.events_behind IS NULL OR r.events_behind >= 100000
             OR r.oldest_behind > interval '1 day' THEN 'warn' ELSE 'ok' END,
      COALESCE(r.events_behind || ' events behind', 'begins again')
        || CASE WHEN r.is_paused THEN ', paused' ELSE '' END,
      CASE WHEN r.holds_days > 0
        THEN format('The outbox keeps %s days more than it should for it: outbox_reader_resume() or outbox_reader_remove().',
          r.holds_days)
      WHEN r.is_paused THEN 'The outbox keeps what it has not taken.'
      WHEN r.oldest_behind > interval '1 day' OR r.events_behind >= 100000
        THEN format('Does it still read? Last time: %s.', COALESCE(r.read_at::text, 'never')) END
    FROM careforall.outbox_readers_behind() r
    UNION ALL
    SELECT 2, 'consumers', 'warn', 'none', 'No relay has ever led: start careforall-relay.'
    WHERE NOT EXISTS (SELECT FROM careforall.relay_leaders)
    UNION ALL
    SELECT 2, 'paused consumers', CASE WHEN count(c.consumer) > 0 THEN 'warn' ELSE 'ok' END,
      COALESCE(string_agg(c.consumer, ', ' ORDER BY c.consumer), 'none'),
      string_agg(format('%s since %s by %s: %s', c.consumer,
        to_char(c.changed_at, 'YYYY-MM-DD HH24:MI'), c.changed_by, c.reason), '; ' ORDER BY c.consumer)
    FROM careforall.consumer_controls c WHERE c.is_paused
    UNION ALL
    SELECT 3, l.title || CASE WHEN m.label <> '' THEN ': ' || m.label ELSE '' END,
      CASE WHEN m.value > l.bad_above THEN 'bad' WHEN m.value > l.warn_above THEN 'warn'
           ELSE 'ok' END,
      COALESCE(round(m.reported)::text, 'not yet'),
      CASE WHEN m.value <= l.warn_above THEN NULL ELSE l.hint END
    FROM levels l JOIN m ON m.name = l.name
    WHERE NOT (l.name = 'invariant_violations' AND m.value = 0)
    UNION ALL
    SELECT 3, 'invariants', 'ok', format('%s of %s hold', count(*) FILTER (WHERE m.value = 0), count(*)), NULL
    FROM m WHERE m.name = 'invariant_violations' HAVING count(*) > 0
    UNION ALL
    SELECT 4, 'outbox days ahead',
      CASE WHEN m.value < 0 THEN 'bad' WHEN m.value < 1 THEN 'warn' ELSE 'ok' END,
      round(m.value::numeric, 1)::text,
      CASE WHEN m.value < 1 THEN 'Run SELECT * FROM careforall.job_run(''outbox_rotate'').' END
    FROM m WHERE m.name = 'outbox_days_ahead'
    UNION ALL
    SELECT 5, 'job ' || j.job,
      CASE WHEN m.value <= extract(epoch FROM j.alarm_after) THEN 'ok' ELSE 'warn' END,
      COALESCE(round(m.reported) || ' s ago', 'not yet'),
      CASE WHEN m.value > extract(epoch FROM j.alarm_after)
        THEN 'Is pg_cron running? See jobs_status.' END
    FROM careforall.jobs() j
    JOIN m ON m.name = 'job_ok_age_seconds' AND m.label = j.job
  )
  SELECT c."check", c.status, c.value, c.hint
  FROM checks c
  ORDER BY array_position('{bad,warn,ok}', c.status), c.place, c."check"
$$;

COMMENT ON FUNCTION careforall.metrics() IS
  'Figures of the database for monitoring: name, label, value.';
COMMENT ON FUNCTION careforall.health_engine() IS
  'Whether the extension works from shared memory.';
COMMENT ON FUNCTION careforall.health_checks() IS
  'All health checks with status, value and what to do.';
