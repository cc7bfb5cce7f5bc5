-- SPDX-License-Identifier: Apache-2.0
-- The outbox and its consumers, for administrators through the API.

CREATE OR REPLACE FUNCTION careforall.interval_s(span interval)
RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN round(extract(epoch FROM span), 3);

CREATE OR REPLACE FUNCTION careforall.admin_outbox(actor uuid)
RETURNS TABLE (doc json)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  PERFORM careforall.account_require(actor, 'admin');
  RETURN QUERY
  SELECT json_build_object(
    'backlog', r.events_behind,
    'lag_s', careforall.interval_s(r.oldest_behind),
    'parked', (SELECT count(*) FROM careforall.outbox_parked p WHERE p.state = 'parked'),
    'released', (SELECT count(*) FROM careforall.outbox_parked p WHERE p.state = 'released'),
    'leader', (SELECT json_build_object(
        'holder', l.holder, 'epoch', l.epoch,
        'led_since', careforall.json_time(l.led_since),
        'heartbeat_at', careforall.json_time(l.heartbeat_at))
      FROM careforall.relay_leaders l WHERE l.consumer = 'relay'),
    'checkpoint', (SELECT json_build_object(
        'stream', k.stream, 'stream_seq', k.stream_seq, 'outbox_id', k.last_outbox_id,
        'at', careforall.json_time(k.created_at))
      FROM careforall.relay_checkpoints k WHERE k.consumer = 'relay' ORDER BY k.id DESC LIMIT 1),
    'partitions', (SELECT COALESCE(json_agg(json_build_object(
        'name', o.partition,
        'from', careforall.json_time(o.from_time),
        'to', careforall.json_time(o.to_time),
        'rows_estimate', GREATEST(c.reltuples, 0)::bigint,
        'bytes', pg_total_relation_size(c.oid)) ORDER BY o.from_time), '[]'::json)
      FROM careforall.outbox_partitions() o
      JOIN pg_catalog.pg_class c
        ON c.relname = o.partition AND c.relnamespace = 'careforall'::regnamespace))
  FROM (SELECT 1) one
  LEFT JOIN LATERAL (
    SELECT q.events_behind, q.oldest_behind
    FROM careforall.relay_consumers() q WHERE q.consumer = 'relay') r ON true;
END
$$;

-- Parked events in order; state NULL: all there are.
CREATE OR REPLACE FUNCTION careforall.admin_parked_list(
  actor uuid, state text, type text, campaign text, after_number bigint, after_id uuid, max integer)
RETURNS TABLE (doc json, number bigint, id uuid)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  PERFORM careforall.account_require(actor, 'admin');
  RETURN QUERY
  SELECT careforall.admin_parked_json(p), p.outbox_id, NULL::uuid
  FROM careforall.outbox_parked p
  WHERE (admin_parked_list.state IS NULL OR p.state = admin_parked_list.state)
    AND (admin_parked_list.type IS NULL OR p.type = admin_parked_list.type)
    AND (admin_parked_list.campaign IS NULL
         OR p.campaign_id = (SELECT careforall.campaign_id_of(admin_parked_list.campaign)))
    AND p.outbox_id > COALESCE(after_number, 0)
  ORDER BY p.outbox_id
  LIMIT LEAST(GREATEST(COALESCE(max, 20), 1), 1000);
END
$$;

-- Lets an event go on, and with it what is parked of its aggregate, in order.
CREATE OR REPLACE FUNCTION careforall.admin_outbox_release(
  actor uuid, event_id uuid, reason text, dry_run boolean)
RETURNS TABLE (doc json)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  event careforall.outbox_parked;
  count bigint;
BEGIN
  PERFORM careforall.admin_begin(actor);
  event := careforall.parked_lock(event_id);
  IF event.outbox_id IS NULL THEN
    RETURN;
  END IF;
  IF COALESCE(dry_run, false) THEN
    SELECT count(*) INTO count FROM careforall.outbox_parked p
    WHERE p.aggregate_id = event.aggregate_id AND p.state = 'parked';
  ELSE
    count := careforall.outbox_release(event.aggregate_id, admin_outbox_release.reason);
  END IF;
  RETURN QUERY
  SELECT json_build_object('dry_run', COALESCE(admin_outbox_release.dry_run, false),
    'events', count, 'event', careforall.admin_parked_json(p))
  FROM careforall.outbox_parked p WHERE p.outbox_id = event.outbox_id;
END
$$;

CREATE OR REPLACE FUNCTION careforall.admin_outbox_drop(
  actor uuid, event_id uuid, reason text, dry_run boolean)
RETURNS TABLE (doc json)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  event careforall.outbox_parked;
BEGIN
  PERFORM careforall.admin_begin(actor);
  event := careforall.parked_lock(event_id);
  IF event.outbox_id IS NULL THEN
    RETURN;
  END IF;
  IF NOT COALESCE(dry_run, false) THEN
    PERFORM careforall.outbox_drop(event.outbox_id, admin_outbox_drop.reason);
  END IF;
  RETURN QUERY
  SELECT json_build_object('dry_run', COALESCE(admin_outbox_drop.dry_run, false),
    'events', 1, 'event', careforall.admin_parked_json(p))
  FROM careforall.outbox_parked p WHERE p.outbox_id = event.outbox_id;
END
$$;

CREATE OR REPLACE FUNCTION careforall.admin_outbox_redrive(
  actor uuid, type text, campaign text, reason text, dry_run boolean)
RETURNS TABLE (doc json)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  PERFORM careforall.admin_begin(actor);
  RETURN QUERY
  SELECT json_build_object(
    'dry_run', COALESCE(admin_outbox_redrive.dry_run, true),
    'count', COALESCE(sum(r.events), 0),
    'items', COALESCE(json_agg(json_build_object('aggregate_id', r.aggregate_id,
      'aggregate_type', r.aggregate_type, 'events', r.events, 'outcome', r.outcome)
      ORDER BY r.first_outbox_id), '[]'::json))
  FROM careforall.outbox_release_matching(admin_outbox_redrive.type,
    admin_outbox_redrive.campaign, admin_outbox_redrive.reason,
    COALESCE(admin_outbox_redrive.dry_run, true)) r;
END
$$;

CREATE OR REPLACE FUNCTION careforall.admin_consumer_json(consumer text)
RETURNS json
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT json_build_object(
    'name', c.consumer,
    'is_paused', c.is_paused,
    'status', s.status,
    'state', c.state,
    'running', c.running,
    'stream_seq', c.stream_seq,
    'behind', c.behind,
    'lag_s', careforall.interval_s(c.lag),
    'failures', c.failures,
    'reported_at', careforall.json_time(c.reported_at),
    'changed', CASE WHEN c.changed_at IS NOT NULL THEN json_build_object(
      'by', careforall.actor_json(c.changed_by),
      'reason', c.reason,
      'at', careforall.json_time(c.changed_at)) END)
  FROM careforall.consumers() c
  JOIN careforall.consumers_status s ON s.consumer = c.consumer
  WHERE c.consumer = admin_consumer_json.consumer
$$;

CREATE OR REPLACE FUNCTION careforall.admin_consumers(actor uuid)
RETURNS TABLE (doc json)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  PERFORM careforall.account_require(actor, 'admin');
  RETURN QUERY
  SELECT json_build_object('items', json_agg(careforall.admin_consumer_json(n.name) ORDER BY n.place))
  FROM (VALUES (1, 'relay'), (2, 'projector'), (3, 'payments')) n (place, name);
END
$$;

CREATE OR REPLACE FUNCTION careforall.admin_consumer_set(
  actor uuid, consumer text, is_paused boolean, reason text)
RETURNS TABLE (doc json)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  result text;
BEGIN
  PERFORM careforall.admin_begin(actor);
  result := careforall.consumer_set(admin_consumer_set.consumer,
    admin_consumer_set.is_paused, admin_consumer_set.reason);
  RETURN QUERY SELECT json_build_object('result', result,
    'consumer', careforall.admin_consumer_json(admin_consumer_set.consumer));
END
$$;

COMMENT ON FUNCTION careforall.interval_s(interval) IS
  'A span of time in seconds.';
COMMENT ON FUNCTION careforall.admin_outbox(uuid) IS
  'How the outbox is, for the API.';
COMMENT ON FUNCTION careforall.admin_parked_list(uuid, text, text, text, bigint, uuid, integer) IS
  'A page of parked events, for the API.';
COMMENT ON FUNCTION careforall.admin_outbox_release(uuid, uuid, text, boolean) IS
  'Lets the parked events of an aggregate go on, for the API.';
COMMENT ON FUNCTION careforall.admin_outbox_drop(uuid, uuid, text, boolean) IS
  'Gives a parked event up, for the API.';
COMMENT ON FUNCTION careforall.admin_outbox_redrive(uuid, text, text, text, boolean) IS
  'Lets all parked events that fit go on, for the API.';
COMMENT ON FUNCTION careforall.admin_consumer_json(text) IS
  'A consumer as administrators see it.';
COMMENT ON FUNCTION careforall.admin_consumers(uuid) IS
  'The consumers and how they are, for the API.';
COMMENT ON FUNCTION careforall.admin_consumer_set(uuid, text, boolean, text) IS
  'Pauses or resumes a consumer, for the API.';
