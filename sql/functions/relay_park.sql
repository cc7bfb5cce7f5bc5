-- SPDX-License-Identifier: Apache-2.0
-- Events that cannot be published, and what people decide about them.
--
-- Once an event is parked, every later event of its aggregate is parked too, so that
-- a consumer never sees them out of order. Releasing an aggregate publishes what is
-- left of it, in order, before anything newer of it.

-- Parks an outbox row for the leader of an epoch. Gives its state, NULL when the epoch
-- is not the leader's any more or there is no such row. An event that only had to
-- wait for its aggregate is released at once if nothing of the aggregate is parked.
CREATE OR REPLACE FUNCTION careforall.relay_park(
  consumer text, epoch bigint, outbox_id bigint, xid xid8, reason text)
RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  new_state text;
BEGIN
  IF NOT careforall.relay_heartbeat(relay_park.consumer, relay_park.epoch) THEN
    RETURN NULL;
  END IF;
  -- A released event that still cannot be published waits for another decision, and
  -- so do those behind it.
  UPDATE careforall.outbox_parked p
  SET state = 'parked', decided_at = NULL,
      reason = CASE WHEN p.outbox_id = relay_park.outbox_id
        THEN left(relay_park.reason, 500) ELSE p.reason END,
      attempts = CASE WHEN p.outbox_id = relay_park.outbox_id
        THEN p.attempts + 1 ELSE p.attempts END,
      failed_at = CASE WHEN p.outbox_id = relay_park.outbox_id
        THEN clock_timestamp() ELSE p.failed_at END
  FROM careforall.outbox_parked r
  WHERE r.outbox_id = relay_park.outbox_id AND r.state = 'released'
    AND relay_park.reason <> 'aggregate is parked'
    AND p.aggregate_id = r.aggregate_id AND p.outbox_id >= r.outbox_id
    AND p.state = 'released';
  IF FOUND THEN
    RETURN 'parked';
  END IF;
  INSERT INTO careforall.outbox_parked AS p
    (outbox_id, event_id, xid, aggregate_type, aggregate_id, aggregate_version, campaign_id,
     type, data, traceparent, occurred_at, recorded_at, consumer, reason, state)
  SELECT o.id, o.event_id, o.xid, o.aggregate_type, o.aggregate_id, o.aggregate_version,
    o.campaign_id, o.type, o.data, o.traceparent, o.occurred_at, o.recorded_at,
    relay_park.consumer, left(relay_park.reason, 500),
    CASE WHEN relay_park.reason <> 'aggregate is parked' OR EXISTS (
        SELECT FROM careforall.outbox_parked e
        WHERE e.aggregate_id = o.aggregate_id AND e.state = 'parked')
      THEN 'parked' ELSE 'released' END
  FROM careforall.outbox o
  WHERE o.xid = relay_park.xid AND o.id = relay_park.outbox_id
  -- Read again after a crash: what was decided stands.
  ON CONFLICT ON CONSTRAINT outbox_parked_pkey DO UPDATE SET reason = p.reason
  RETURNING p.state INTO new_state;
  RETURN new_state;
END
$$;

-- The aggregates whose events have to wait, and from which outbox id on.
CREATE OR REPLACE FUNCTION careforall.relay_parked()
RETURNS TABLE (aggregate_id uuid, first_outbox_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT p.aggregate_id, min(p.outbox_id)
  FROM careforall.outbox_parked p
  WHERE p.state IN ('parked', 'released')
  GROUP BY p.aggregate_id
$$;

-- Events that were given up.
CREATE OR REPLACE FUNCTION careforall.relay_dropped()
RETURNS TABLE (event_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT p.event_id FROM careforall.outbox_parked p WHERE p.state = 'dropped'
$$;

-- Released events in order, in the columns of the relay's batch.
CREATE OR REPLACE FUNCTION careforall.relay_released(max integer)
RETURNS TABLE (id bigint, event_id uuid, xid xid8, aggregate_type text, aggregate_id uuid,
  aggregate_version bigint, campaign_id uuid, type text, data json, traceparent text,
  occurred_at timestamptz, recorded_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT p.outbox_id, p.event_id, p.xid, p.aggregate_type, p.aggregate_id,
    p.aggregate_version, p.campaign_id, p.type, p.data, p.traceparent,
    p.occurred_at, p.recorded_at
  FROM careforall.outbox_parked p
  WHERE p.state = 'released'
  ORDER BY p.outbox_id
  LIMIT relay_released.max
$$;

-- Lets the events of an aggregate be published, and says how many.
CREATE OR REPLACE FUNCTION careforall.outbox_release(
  aggregate_id uuid, reason text, dry_run boolean DEFAULT false)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  count bigint;
BEGIN
  IF outbox_release.dry_run THEN
    PERFORM careforall.reason_check(outbox_release.reason);
    RETURN (SELECT count(*) FROM careforall.outbox_parked p
            WHERE p.aggregate_id = outbox_release.aggregate_id AND p.state = 'parked');
  END IF;
  UPDATE careforall.outbox_parked p
  SET state = 'released', decided_at = clock_timestamp()
  WHERE p.aggregate_id = outbox_release.aggregate_id AND p.state = 'parked';
  GET DIAGNOSTICS count = ROW_COUNT;
  PERFORM careforall.audit_add('outbox_release', 'aggregate',
    outbox_release.aggregate_id::text, outbox_release.reason,
    jsonb_build_object('events', count));
  RETURN count;
END
$$;

-- Gives one parked event up for good: consumers will see a hole in the versions of
-- its aggregate. dropped, not_parked or unknown; with dry_run would_drop.
CREATE OR REPLACE FUNCTION careforall.outbox_drop(
  outbox_id bigint, reason text, dry_run boolean DEFAULT false)
RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  aggregate uuid;
BEGIN
  PERFORM careforall.reason_check(outbox_drop.reason);
  IF outbox_drop.dry_run AND EXISTS (SELECT FROM careforall.outbox_parked p
      WHERE p.outbox_id = outbox_drop.outbox_id AND p.state = 'parked') THEN
    RETURN 'would_drop';
  END IF;
  UPDATE careforall.outbox_parked p
  SET state = 'dropped', decided_at = clock_timestamp()
  WHERE p.outbox_id = outbox_drop.outbox_id AND p.state = 'parked'
  RETURNING p.aggregate_id INTO aggregate;
  IF NOT FOUND THEN
    RETURN CASE WHEN EXISTS (
      SELECT FROM careforall.outbox_parked p WHERE p.outbox_id = outbox_drop.outbox_id)
      THEN 'not_parked' ELSE 'unknown' END;
  END IF;
  PERFORM careforall.audit_add('outbox_drop', 'aggregate', aggregate::text,
    outbox_drop.reason, jsonb_build_object('outbox_id', outbox_drop.outbox_id));
  RETURN 'dropped';
END
$$;

-- Lets all parked events of a type or a campaign (NULL: any) be published, and with
-- each what else is parked of its aggregate. With dry_run, which is the default, only
-- shows which they would be.
CREATE OR REPLACE FUNCTION careforall.outbox_release_matching(
  type text, campaign text, reason text, dry_run boolean DEFAULT true)
RETURNS TABLE (aggregate_id uuid, aggregate_type text, first_outbox_id bigint, events bigint,
  outcome text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  why text := careforall.reason_check(outbox_release_matching.reason);
BEGIN
  FOR aggregate_id, aggregate_type, first_outbox_id, events IN
    SELECT p.aggregate_id, p.aggregate_type, min(p.outbox_id), count(*)
    FROM careforall.outbox_parked p
    WHERE p.state = 'parked' AND p.aggregate_id IN (
      SELECT m.aggregate_id FROM careforall.outbox_parked m
      WHERE m.state = 'parked'
        AND (outbox_release_matching.type IS NULL OR m.type = outbox_release_matching.type)
        AND (outbox_release_matching.campaign IS NULL
             OR m.campaign_id = careforall.campaign_id_of(outbox_release_matching.campaign)))
    GROUP BY p.aggregate_id, p.aggregate_type
    ORDER BY min(p.outbox_id)
  LOOP
    IF COALESCE(dry_run, true) THEN
      outcome := 'would_release';
    ELSE
      events := careforall.outbox_release(aggregate_id, why);
      outcome := 'released';
    END IF;
    RETURN NEXT;
  END LOOP;
END
$$;

-- A parked event by its id, locked; nothing if there is none. Refuses one that was
-- decided about already. Internal.
CREATE OR REPLACE FUNCTION careforall.parked_lock(event_id uuid)
RETURNS careforall.outbox_parked
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  event careforall.outbox_parked;
BEGIN
  SELECT * INTO event FROM careforall.outbox_parked p
  WHERE p.event_id = parked_lock.event_id FOR NO KEY UPDATE;
  IF event.state <> 'parked' THEN
    RAISE EXCEPTION 'the event is not parked any more'
      USING ERRCODE = 'PL002',
            DETAIL = json_build_object('state', event.state, 'allowed', '{}'::text[]);
  END IF;
  RETURN event;
END
$$;

COMMENT ON FUNCTION careforall.relay_park(text, bigint, bigint, xid8, text) IS
  'Parks an event that cannot be published.';
COMMENT ON FUNCTION careforall.relay_parked() IS
  'Aggregates with parked events.';
COMMENT ON FUNCTION careforall.relay_dropped() IS
  'Parked events that will never be published.';
COMMENT ON FUNCTION careforall.relay_released(integer) IS
  'Parked events that may be published now, in order.';
COMMENT ON FUNCTION careforall.outbox_release(uuid, text, boolean) IS
  'Lets the parked events of an aggregate be published, in order, and says how many. Reason required, audited; dry_run only counts.';
COMMENT ON FUNCTION careforall.outbox_drop(bigint, text, boolean) IS
  'Gives a parked event up for good: dropped, not_parked or unknown. Reason required, audited; dry_run changes nothing.';
COMMENT ON FUNCTION careforall.outbox_release_matching(text, text, text, boolean) IS
  'Lets all parked events of a type or campaign be published; dry run unless told otherwise.';
COMMENT ON FUNCTION careforall.parked_lock(uuid) IS
  'Locks a parked event and gives its row.';
