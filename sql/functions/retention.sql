-- SPDX-License-Identifier: Apache-2.0
-- How long each kind of data is kept: the one list that purge, view and documents
-- follow.

-- The kinds that end. setting is a setting of the server that gives the length; else it
-- is usual. Nobody can go below least or above most. time and condition say of which
-- age a row of relation is, and which of them may go at all; removal is what is done
-- to them, NULL where another job does it.
CREATE OR REPLACE FUNCTION careforall.retention_kinds()
RETURNS TABLE (place integer, kind text, setting text, keep_usual interval, keep_min interval, keep_max interval,
  relation text, since text, condition text, removal text, done_by text, what text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  VALUES
    (1, 'events', 'careforall.outbox_retention', interval '7 days', interval '1 hour', interval '13 days',
     'careforall.outbox', 'recorded_at', 'true', NULL, 'outbox_rotate',
     'events that every consumer has, by whole days'),
    (2, 'parked events', NULL, '30 days', '1 day', '10 years',
     'careforall.outbox_parked', 'COALESCE(o.decided_at, o.parked_at)',
     $c$o.state IN ('sent', 'dropped') AND NOT EXISTS (
        SELECT FROM careforall.outbox e WHERE e.xid = o.xid AND e.id = o.outbox_id)$c$,
     'DELETE FROM', 'purge', 'parked events that were sent or dropped, once the outbox has them no more'),
    (3, 'replays', NULL, '90 days', '30 days', '10 years',
     'careforall.outbox_replays', 'updated_at', $c$o.state <> 'running'$c$,
     'DELETE FROM', 'purge', 'replays that are done or canceled'),
    (4, 'consumer reports', NULL, '1 day', '1 hour', '1 year',
     'careforall.consumer_reports', 'reported_at', 'true',
     'DELETE FROM', 'purge', 'what processes that are gone last said'),
    (5, 'idempotency keys', 'careforall.idempotency_retention', '2 days', '1 day', '1 year',
     'careforall.idempotency_keys', 'created_at', 'true',
     'DELETE FROM', 'purge', 'keys of pledges: a repeated request gets its first answer'),
    (6, 'refund keys', NULL, '2 days', '1 day', '1 year',
     'careforall.refunds', 'created_at', $c$o.key_hash IS NOT NULL$c$,
     'UPDATE SET key_hash = NULL, fingerprint = NULL', 'purge', 'keys of refunds; the refunds stay'),
    (7, 'inbox events', 'careforall.inbox_retention', '90 days', '30 days', '10 years',
     'careforall.inbox', 'received_at',
     $c$NOT EXISTS (SELECT FROM careforall.pledges p WHERE p.id = o.pledge_id AND p.state = 'pending')
        AND NOT EXISTS (SELECT FROM careforall.refunds r
                        WHERE r.pledge_id = o.pledge_id AND r.state = 'requested')$c$,
     'DELETE FROM', 'purge', 'provider events with their payload, once their pledge is settled'),
    (8, 'dead letters', NULL, '90 days', '1 day', '10 years',
     'careforall.payment_dead_letters', 'decided_at', $c$o.state = 'resolved'$c$,
     'DELETE FROM', 'purge', 'payment work that a later try has done'),
    (9, 'sessions', NULL, '30 days', '1 day', '10 years',
     'careforall.sessions', 'LEAST(o.expires_at, o.ended_at)', 'true',
     'DELETE FROM', 'purge', 'sessions that are over, with their tokens'),
    (10, 'used refresh tokens', NULL, '14 days', '1 day', '1 year',
     'careforall.refresh_tokens', 'used_at', 'o.used_at IS NOT NULL',
     'DELETE FROM', 'purge', 'used tokens of open sessions; until then a second use ends the session'),
    (11, 'failed log-ins', NULL, '1 day', '1 hour', '1 year',
     'careforall.login_failures', 'failed_at', 'true',
     'DELETE FROM', 'purge', 'failed log-ins by hash of the address'),
    (12, 'unused administrator tokens', NULL, '30 days', '1 day', '10 years',
     'careforall.admin_tokens', 'expires_at', 'o.used_at IS NULL',
     'DELETE FROM', 'purge', 'one-time tokens that ran out'),
    (13, 'unused images', NULL, '1 day', '1 hour', '1 year',
     'careforall.campaign_images', 'uploaded_at',
     'NOT EXISTS (SELECT FROM careforall.campaigns c WHERE c.image_url = o.url)',
     'DELETE FROM', 'purge', 'cover images that no campaign shows'),
    (14, 'contact data', NULL, '10 years', '1 year', '100 years',
     'careforall.pledges', 'created_at',
     $c$o.donor_email <> 'erased@erased.invalid' AND o.state <> 'pending'
        AND NOT EXISTS (SELECT FROM careforall.refunds r
                        WHERE r.pledge_id = o.id AND r.state = 'requested')$c$,
     NULL, 'contact_erase', 'name, address and words of donors; the pledge stays'),
    (15, 'waiting lists', NULL, '365 days', '1 day', '10 years',
     'careforall.waiting_entries', 'joined_at', 'true',
     'DELETE FROM', 'purge', 'who waits for a place, with name and address'),
    (16, 'export files', NULL, '1 day', '1 hour', '30 days',
     'careforall.task_parts', '(SELECT t.finished_at FROM careforall.tasks t WHERE t.id = o.task_id)', 'true',
     'DELETE FROM', 'purge', 'files of exports, from the end of the export; the task stays'),
    (17, 'tasks', NULL, '90 days', '30 days', '10 years',
     'careforall.tasks', 'finished_at', 'o.finished_at IS NOT NULL',
     'DELETE FROM', 'purge', 'tasks that are over, with what came of their rows')
$$;

-- How long a kind is kept now, and by what. NULL: there is no such kind. A setting
-- below its floor counts as the floor: what a typing error purges cannot be taken back.
CREATE OR REPLACE FUNCTION careforall.retention_of(kind text)
RETURNS TABLE (keep interval, set_by text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT GREATEST(COALESCE(o.keep, careforall.setting_interval(k.setting, k.keep_usual), k.keep_usual), k.keep_min),
    CASE WHEN o.keep IS NOT NULL THEN o.changed_by ELSE COALESCE(k.setting, 'default') END
  FROM careforall.retention_kinds() k
  LEFT JOIN careforall.retention_overrides o ON o.kind = k.kind
  WHERE k.kind = retention_of.kind
$$;

-- The time before which rows of a kind go. The outbox and its processes live by the
-- wall clock.
CREATE OR REPLACE FUNCTION careforall.retention_edge(kind text, keep interval)
RETURNS timestamptz
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT CASE WHEN kind IN ('events', 'parked events', 'replays', 'consumer reports')
    THEN clock_timestamp() ELSE careforall.clock() END - keep
$$;

-- The age of the oldest row of each kind that may go, and how many are past a length;
-- counted to 100000. Internal.
CREATE OR REPLACE FUNCTION careforall.retention_figures(kind text, keep interval)
RETURNS TABLE (oldest timestamptz, waiting bigint)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  k record;
BEGIN
  SELECT * INTO k FROM careforall.retention_kinds() r WHERE r.kind = retention_figures.kind;
  IF k.kind = 'events' THEN
    -- Whole days: no look into the partitions.
    RETURN QUERY
    SELECT min(o.from_time), COALESCE(sum(GREATEST(c.reltuples, 0)) FILTER (
        WHERE o.to_time <= careforall.retention_edge(k.kind, keep)), 0)::bigint
    FROM careforall.outbox_partitions() o
    JOIN pg_catalog.pg_class c ON c.oid = format('careforall.%I', o.partition)::regclass;
  ELSE
    RETURN QUERY EXECUTE format(
      'SELECT (SELECT %1$s FROM %2$s o WHERE %3$s ORDER BY %4$s LIMIT 1),
         (SELECT count(*) FROM (SELECT FROM %2$s o WHERE %1$s < $1 AND %3$s LIMIT 100000) w)',
      CASE WHEN k.since LIKE '%(%' THEN k.since ELSE 'o.' || k.since END, k.relation, k.condition,
      -- Pledges have no index of this order but that of their ids.
      CASE WHEN k.kind = 'contact data' THEN 'o.id' ELSE '1' END)
    USING careforall.retention_edge(k.kind, keep);
  END IF;
END
$$;

-- One row for each kind that ends.
CREATE OR REPLACE FUNCTION careforall.retention_status()
RETURNS TABLE (kind text, keep interval, oldest interval, waiting bigint, set_by text,
  keep_min interval, keep_max interval, done_by text, what text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT k.kind, e.keep,
    date_trunc('second', careforall.retention_edge(k.kind, interval '0') - f.oldest),
    f.waiting, e.set_by, k.keep_min, k.keep_max, k.done_by, k.what
  FROM careforall.retention_kinds() k
  CROSS JOIN LATERAL careforall.retention_of(k.kind) e
  CROSS JOIN LATERAL careforall.retention_figures(k.kind, e.keep) f
  ORDER BY k.place
$$;

-- Sets how long a kind is kept, NULL for its default again; says how many rows would go
-- at once. With dry_run, which is the default, nothing changes.
CREATE OR REPLACE FUNCTION careforall.retention_set(
  kind text, keep interval, reason text, dry_run boolean DEFAULT true)
RETURNS TABLE (result text, keep_before interval, keep_after interval, rows_past_it bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  why text := careforall.reason_check(retention_set.reason);
  k   record;
BEGIN
  SELECT * INTO k FROM careforall.retention_kinds() r WHERE r.kind = retention_set.kind;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'unrecognized kind of data: "%"', retention_set.kind
      USING ERRCODE = 'invalid_parameter_value', HINT = 'See careforall.retention.';
  ELSIF retention_set.keep NOT BETWEEN k.keep_min AND k.keep_max THEN
    RAISE EXCEPTION 'invalid retention of %: %', k.kind, retention_set.keep
      USING ERRCODE = 'invalid_parameter_value',
            HINT = format('Give at least %s and at most %s, or NULL for the default.', k.keep_min, k.keep_max);
  END IF;
  keep_before := (SELECT e.keep FROM careforall.retention_of(k.kind) e);
  DELETE FROM careforall.retention_overrides o WHERE o.kind = k.kind AND NOT COALESCE(dry_run, true);
  IF retention_set.keep IS NOT NULL AND NOT COALESCE(dry_run, true) THEN
    INSERT INTO careforall.retention_overrides (kind, keep, reason, changed_by)
    VALUES (k.kind, retention_set.keep, why, careforall.actor_name());
  END IF;
  keep_after := COALESCE(retention_set.keep,
    GREATEST(careforall.setting_interval(k.setting, k.keep_usual), k.keep_min));
  rows_past_it := (SELECT f.waiting FROM careforall.retention_figures(k.kind, keep_after) f);
  result := 'dry run: nothing changed';
  IF NOT COALESCE(dry_run, true) THEN
    PERFORM careforall.audit_add('retention.set', 'retention', k.kind, why,
      jsonb_build_object('from', keep_before, 'to', keep_after));
    result := 'set';
  END IF;
  RETURN NEXT;
END
$$;

COMMENT ON FUNCTION careforall.retention_kinds() IS
  'The kinds of data that end: for how long, at which age, and what is done to them.';
COMMENT ON FUNCTION careforall.retention_of(text) IS
  'How long a kind of data is kept now, and by what.';
COMMENT ON FUNCTION careforall.retention_edge(text, interval) IS
  'The time before which data of a kind and a length goes.';
COMMENT ON FUNCTION careforall.retention_figures(text, interval) IS
  'The oldest row of a kind, and how many are past a length, counted to 100000.';
COMMENT ON FUNCTION careforall.retention_status() IS
  'Each kind of data that ends: how long it is kept, how old the oldest is, how many rows are past it.';
COMMENT ON FUNCTION careforall.retention_set(text, interval, text, boolean) IS
  'Sets how long a kind of data is kept, NULL for its default. Reason required, audited; dry_run (the default) only says how many rows would go.';
