-- SPDX-License-Identifier: Apache-2.0
-- Everything the database knows of itself, as Prometheus text.

-- Figures of PostgreSQL for this database: name, label, value.
CREATE OR REPLACE FUNCTION careforall.database_figures()
RETURNS TABLE (name text, label text, value double precision)
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT f.name, f.label, f.value
  FROM pg_catalog.pg_stat_database d
  CROSS JOIN LATERAL (VALUES
    ('database_transactions', 'committed', d.xact_commit::double precision),
    ('database_transactions', 'rolled_back', d.xact_rollback),
    ('database_blocks', 'cache', d.blks_hit),
    ('database_blocks', 'disk', d.blks_read),
    ('database_deadlocks', '', d.deadlocks),
    ('database_temporary_bytes', '', d.temp_bytes)) f (name, label, value)
  WHERE d.datname = current_database()
  UNION ALL
  SELECT 'database_connections', s.state, count(a.pid)
  FROM (VALUES ('active'), ('idle'), ('idle in transaction'), ('waiting for a lock')) s (state)
  LEFT JOIN pg_catalog.pg_stat_activity a
    ON a.datname = current_database() AND a.backend_type = 'client backend'
    AND s.state = CASE WHEN a.wait_event_type = 'Lock' THEN 'waiting for a lock'
      WHEN a.state LIKE 'idle in transaction%' THEN 'idle in transaction'
      WHEN a.state = 'idle' THEN 'idle' ELSE 'active' END
  GROUP BY s.state
  UNION ALL
  SELECT 'database_connections_max', '', current_setting('max_connections')::double precision
  UNION ALL
  SELECT 'database_size_bytes', '', pg_database_size(current_database())
  UNION ALL
  SELECT 'database_wal_bytes', '', (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()
    ELSE pg_current_wal_lsn() END - '0/0')::double precision
  UNION ALL
  SELECT 'database_is_standby', '', pg_is_in_recovery()::integer
  UNION ALL
  SELECT 'database_transaction_id_age', '', age(d.datfrozenxid)
  FROM pg_catalog.pg_database d WHERE d.datname = current_database()
  UNION ALL
  SELECT 'database_standbys', s.state, count(r.pid)
  FROM (VALUES ('sync'), ('async')) s (state)
  LEFT JOIN pg_catalog.pg_stat_replication r
    ON r.state = 'streaming' AND s.state = CASE WHEN r.sync_state = 'async' THEN 'async' ELSE 'sync' END
  GROUP BY s.state
  UNION ALL
  SELECT 'database_standby_lag_seconds', '', COALESCE(extract(epoch FROM max(r.replay_lag)), 0)
  FROM pg_catalog.pg_stat_replication r
  UNION ALL
  SELECT 'database_start_timestamp_seconds', '', extract(epoch FROM pg_postmaster_start_time())
$$;

-- Which figure of metrics(), stats() and database_figures() is which metric. A metric
-- that ends with _total is a counter, any other a gauge. Rows of one metric stand
-- together and the first has its help; label_value is NULL where the figure has it.
CREATE OR REPLACE FUNCTION careforall.metric_definitions()
RETURNS TABLE (place bigint, figure text, metric text, label text, label_value text, help text)
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT row_number() OVER (), d.figure, 'careforall_' || d.metric, d.label, d.label_value, d.help
  FROM (VALUES
    ('pledges_created', 'engine_pledges_total', 'outcome', 'created', 'Pledges asked of the engine, by outcome.'),
    ('pledges_replayed', 'engine_pledges_total', 'outcome', 'replayed', NULL),
    ('pledges_key_reused', 'engine_pledges_total', 'outcome', 'key_reused', NULL),
    ('pledges_refused_limit', 'engine_pledges_total', 'outcome', 'refused_limit', NULL),
    ('pledges_refused_campaign', 'engine_pledges_total', 'outcome', 'refused_campaign', NULL),
    ('pledges_refused_input', 'engine_pledges_total', 'outcome', 'refused_input', NULL),
    ('pledge_batches', 'engine_pledge_batches_total', NULL, NULL, 'Calls that created pledges.'),
    ('pledge_event_payment_attach', 'engine_pledge_events_total', 'event', 'payment_attach',
      'Events that changed pledges; illegal are those that were refused.'),
    ('pledge_event_payment_succeeded', 'engine_pledge_events_total', 'event', 'payment_succeeded', NULL),
    ('pledge_event_payment_failed', 'engine_pledge_events_total', 'event', 'payment_failed', NULL),
    ('pledge_event_cancel_request', 'engine_pledge_events_total', 'event', 'cancel_request', NULL),
    ('pledge_event_cancel', 'engine_pledge_events_total', 'event', 'cancel', NULL),
    ('pledge_event_expire', 'engine_pledge_events_total', 'event', 'expire', NULL),
    ('pledge_event_refund_request', 'engine_pledge_events_total', 'event', 'refund_request', NULL),
    ('pledge_event_refund', 'engine_pledge_events_total', 'event', 'refund', NULL),
    ('pledge_events_illegal', 'engine_pledge_events_total', 'event', 'illegal', NULL),
    ('inbox_applied', 'engine_provider_events_total', 'outcome', 'applied', 'Provider events taken in, by outcome.'),
    ('inbox_duplicate', 'engine_provider_events_total', 'outcome', 'duplicate', NULL),
    ('inbox_stale', 'engine_provider_events_total', 'outcome', 'stale', NULL),
    ('inbox_late', 'engine_provider_events_total', 'outcome', 'late', NULL),
    ('inbox_attempt', 'engine_provider_events_total', 'outcome', 'attempt', NULL),
    ('inbox_ignored', 'engine_provider_events_total', 'outcome', 'ignored', NULL),
    ('inbox_unknown', 'engine_provider_events_total', 'outcome', 'unknown', NULL),
    ('inbox_mismatch', 'engine_provider_events_total', 'outcome', 'mismatch', NULL),
    ('limit_reservations', 'engine_limit_reservations_total', NULL, NULL, 'Reservations of escrow that were granted.'),
    ('limit_refusals', 'engine_limit_refusals_total', NULL, NULL, 'Reservations refused because a limit was reached.'),
    ('limit_conflicts', 'engine_limit_conflicts_total', NULL, NULL, 'Swaps tried again because another session was first.'),
    ('limit_loads', 'engine_limit_loads_total', NULL, NULL, 'Limits counted from the tables.'),
    ('limit_evictions', 'engine_limit_evictions_total', NULL, NULL, 'Limits that made room for others.'),
    ('outbox_commits', 'engine_outbox_commits_total', NULL, NULL, 'Commits that left events in the outbox.'),
    ('notifies_sent', 'engine_notifies_total', NULL, NULL, 'Notifications that woke the relay.'),
    ('wakeups_coalesced', 'engine_wakeups_coalesced_total', NULL, NULL,
      'Commits that found a wake-up under way and made none of their own.'),
    ('totals_folded', 'engine_totals_folded_total', NULL, NULL, 'Changes folded into the totals of campaigns.'),
    ('limits_loaded', 'engine_limits_loaded', NULL, NULL, 'Limits held in shared memory.'),
    ('limits_max', 'engine_limits_max', NULL, NULL, 'Limits that shared memory has room for.'),
    ('pledges_confirmed', 'pledges_confirmed', 'currency', NULL, 'Pledges that are confirmed now.'),
    ('pledges_pending', 'pledges_pending', NULL, NULL, 'Pledges that are pending now, counted to 100000.'),
    ('pledges_pending_age_seconds', 'pledges_pending_age_seconds', NULL, NULL, 'Age of the oldest pending pledge.'),
    ('pledges_unpaid', 'pledges_unpaid', NULL, NULL, 'Pledges without a payment after a minute.'),
    ('holds_overdue', 'holds_overdue', NULL, NULL, 'Pledges still pending 3 minutes after their hold was over.'),
    ('money_confirmed', 'money_confirmed', 'currency', NULL,
      'Money of all pledges ever confirmed, in the unit of the currency.'),
    ('money_refunded', 'money_refunded', 'currency', NULL, 'Money paid back, in the unit of the currency.'),
    ('refunds_waiting', 'refunds_waiting', NULL, NULL, 'Refunds requested and not settled.'),
    ('refunds_waiting_age_seconds', 'refunds_waiting_age_seconds', NULL, NULL, 'Age of the oldest such refund.'),
    ('refunds_failed', 'refunds_failed', NULL, NULL, 'Refunds that the provider refused.'),
    ('refund_proposals_waiting', 'refund_proposals_waiting', NULL, NULL, 'Refunds that wait for a second person.'),
    ('tasks_waiting_age_seconds', 'tasks_waiting_age_seconds', NULL, NULL, 'Longest time since somebody worked on a task that is not over.'),
    ('provider_events_odd', 'provider_events_odd', 'outcome', NULL,
      'Provider events of a day that fit no pledge or not its amount.'),
    ('dead_letters_parked', 'dead_letters_parked', NULL, NULL, 'Payment work that waits for a decision.'),
    ('invariant_violations', 'invariant_violations', 'check', NULL, 'What the last check of each invariant found; must be 0.'),
    ('invariants_checked_age_seconds', 'invariants_checked_age_seconds', NULL, NULL,
      'Time since the invariants were checked.'),
    ('outbox_parked', 'outbox_parked', NULL, NULL, 'Events that wait for a decision.'),
    ('outbox_behind', 'outbox_behind', 'consumer', NULL, 'Events that a consumer has not taken, counted to 100000.'),
    ('outbox_lag_seconds', 'outbox_lag_seconds', 'consumer', NULL, 'Age of the oldest event that a consumer has not taken.'),
    ('outbox_leader_silent_seconds', 'outbox_leader_silent_seconds', 'consumer', NULL,
      'Time since the leading relay of a consumer was heard.'),
    ('outbox_reader_behind', 'outbox_reader_behind', 'reader', NULL, 'Events that an independent reader has not taken.'),
    ('outbox_reader_lag_seconds', 'outbox_reader_lag_seconds', 'reader', NULL, 'Age of the oldest such event.'),
    ('outbox_default_rows', 'outbox_default_rows', NULL, NULL, 'Events of a day that had no partition.'),
    ('outbox_days_overdue', 'outbox_partitions_overdue', NULL, NULL, 'Partitions kept past the retention.'),
    ('outbox_days_ahead', 'outbox_partitions_ahead_seconds', NULL, NULL, 'Time until there is no partition for new events.'),
    ('total_deltas_unfolded', 'total_deltas_unfolded', NULL, NULL, 'Changes of totals not folded yet, counted to 100000.'),
    ('job_ok_age_seconds', 'job_ok_age_seconds', 'job_name', NULL, 'Time since a job ran well.'),
    ('consumer_paused', 'consumer_paused', 'consumer', NULL, '1 while an administrator has paused the consumer.'),
    ('oldest_transaction_age_seconds', 'oldest_transaction_age_seconds', NULL, NULL, 'Age of the oldest open transaction.'),
    ('database_transactions', 'database_transactions_total', 'outcome', NULL, 'Transactions ended.'),
    ('database_blocks', 'database_blocks_total', 'source', NULL, 'Blocks read, from the cache or not.'),
    ('database_deadlocks', 'database_deadlocks_total', NULL, NULL, 'Deadlocks found.'),
    ('database_temporary_bytes', 'database_temporary_bytes_total', NULL, NULL, 'Bytes that queries wrote to temporary files.'),
    ('database_connections', 'database_connections', 'state', NULL, 'Sessions of clients, by what they do.'),
    ('database_connections_max', 'database_connections_max', NULL, NULL, 'Sessions that the server allows.'),
    ('database_size_bytes', 'database_size_bytes', NULL, NULL, 'Size of the database.'),
    ('database_wal_bytes', 'database_wal_bytes_total', NULL, NULL, 'Write-ahead log written since the cluster was made.'),
    ('database_is_standby', 'database_standby', NULL, NULL, '1 if the server only replays.'),
    ('database_transaction_id_age', 'database_transaction_id_age', NULL, NULL,
      'Transactions since the oldest frozen one; autovacuum must keep it below 200 million or so.'),
    ('database_standbys', 'database_standbys', 'state', NULL, 'Standbys that stream.'),
    ('database_standby_lag_seconds', 'database_standby_lag_seconds', NULL, NULL, 'Time by which the last standby is behind.'),
    ('database_start_timestamp_seconds', 'database_start_timestamp_seconds', NULL, NULL, 'When the server started.')
  ) d (figure, metric, label, label_value, help)
$$;

CREATE OR REPLACE FUNCTION careforall.metrics_text()
RETURNS text
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  WITH figures (name, label, value) AS MATERIALIZED (
    SELECT m.name, m.label, m.value * CASE m.name WHEN 'outbox_days_ahead' THEN 86400 ELSE 1 END
    FROM careforall.metrics() m
    UNION ALL
    SELECT s.name, '', s.value::double precision FROM careforall.stats() s
    UNION ALL
    SELECT 'limits_loaded', '', count(*) FROM careforall.limits()
    UNION ALL
    SELECT 'limits_max', '', current_setting('careforall.max_limits')::double precision
    UNION ALL
    SELECT d.name, d.label, d.value FROM careforall.database_figures() d),
  lines AS (
    SELECT d.place, d.metric, d.help, format('%s%s %s', d.metric,
      CASE WHEN d.label IS NOT NULL THEN format('{%s="%s"}', d.label,
        replace(replace(replace(COALESCE(d.label_value, f.label), '\', '\\'), '"', '\"'), E'\n', '\n')) END,
      f.value) AS line
    FROM careforall.metric_definitions() d
    JOIN figures f ON f.name = d.figure
    WHERE f.value IS NOT NULL),
  families AS (
    SELECT l.metric, min(l.place) AS place, max(l.help) AS help,
      string_agg(l.line, E'\n' ORDER BY l.place, l.line) AS lines
    FROM lines l GROUP BY l.metric)
  SELECT string_agg(format(E'# HELP %1$s %2$s\n# TYPE %1$s %3$s\n%4$s\n', f.metric, f.help,
    CASE WHEN f.metric LIKE '%\_total' THEN 'counter' ELSE 'gauge' END, f.lines), '' ORDER BY f.place)
  FROM families f
$$;

COMMENT ON FUNCTION careforall.database_figures() IS
  'Figures of PostgreSQL for this database: name, label, value.';
COMMENT ON FUNCTION careforall.metric_definitions() IS
  'Which figure is which metric of metrics_text().';
COMMENT ON FUNCTION careforall.metrics_text() IS
  'Engine, money, events and database as Prometheus text.';
