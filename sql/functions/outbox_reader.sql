-- SPDX-License-Identifier: Apache-2.0
-- Independent consumers of the outbox.
--
-- A reader takes what lies between two snapshots, as the relay does, but in pieces: a
-- batch has a fixed upper edge and is handed out by id, so that a late commit is never
-- skipped and an aggregate's events come in order. What was read and not
-- acknowledged is handed out again.

-- Makes a reader that starts from now, from zero (everything that the outbox retains)
-- or from a time: created, or same if there is one of this name; with dry_run
-- would_create, and nothing changes.
CREATE OR REPLACE FUNCTION careforall.outbox_reader_create(
  name text, start_from text, reason text, dry_run boolean DEFAULT false)
RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  why   text := careforall.reason_check(outbox_reader_create.reason);
  since timestamptz;
BEGIN
  IF start_from NOT IN ('now', 'zero') THEN
    SELECT p.at INTO since FROM careforall.outbox_point(start_from) p;
    IF since IS NULL THEN
      RAISE EXCEPTION 'invalid start of a reader: "%"', left(COALESCE(start_from, ''), 40)
        USING ERRCODE = 'invalid_parameter_value',
              HINT = 'Give now, zero, or a time such as 2026-01-31T12:00:00Z.';
    END IF;
  END IF;
  INSERT INTO careforall.outbox_readers (name, system_identifier, snapshot, from_time)
  VALUES (outbox_reader_create.name, careforall.relay_system(),
    CASE WHEN start_from = 'now' THEN pg_current_snapshot() ELSE '1:1:' END, since)
  ON CONFLICT ON CONSTRAINT outbox_readers_pkey DO NOTHING;
  IF NOT FOUND THEN
    RETURN 'same';
  END IF;
  PERFORM careforall.audit_add('outbox_reader_create', 'reader', outbox_reader_create.name,
    why, jsonb_build_object('from', start_from));
  PERFORM careforall.dry_run_end(dry_run);
  RETURN 'created';
EXCEPTION WHEN SQLSTATE 'DRYRN' THEN
  RETURN 'would_create';
END
$$;

-- Locks a reader's row and gives it; refuses an unknown name. Internal.
CREATE OR REPLACE FUNCTION careforall.outbox_reader_lock(name text)
RETURNS careforall.outbox_readers
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  reader careforall.outbox_readers;
BEGIN
  SELECT * INTO reader FROM careforall.outbox_readers r
  WHERE r.name = outbox_reader_lock.name FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'reader "%" does not exist', outbox_reader_lock.name
      USING ERRCODE = 'PL005', HINT = 'outbox_reader_create() makes one.';
  END IF;
  RETURN reader;
END
$$;

-- The next events of a reader, at most max, in order; none while it is paused or at
-- the end. The same again until outbox_reader_ack(). To go through a large backlog,
-- ask for many at a time: each call looks at the whole batch.
CREATE OR REPLACE FUNCTION careforall.outbox_reader_next(name text, max integer DEFAULT 1000)
RETURNS TABLE (id bigint, event_id uuid, aggregate_type text, aggregate_id uuid,
  aggregate_version bigint, campaign_id uuid, type text, data json, traceparent text,
  occurred_at timestamptz, recorded_at timestamptz)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
  reader careforall.outbox_readers := careforall.outbox_reader_lock(outbox_reader_next.name);
BEGIN
  IF reader.is_paused THEN
    RETURN;
  END IF;
  IF reader.system_identifier <> careforall.relay_system() AND careforall.relay_adopt() THEN
    reader := careforall.outbox_reader_lock(outbox_reader_next.name);
  END IF;
  IF reader.system_identifier <> careforall.relay_system() THEN
    -- The snapshots are of another cluster and mean nothing here: begin again, with
    -- ids that this cluster has not reached made old, as relay_start() does.
    UPDATE careforall.outbox SET xid = '3'
    WHERE xid >= pg_snapshot_xmax(pg_current_snapshot());
    reader.snapshot := '1:1:';
    reader.batch := NULL;
    reader.position := 0;
    reader.restarts := reader.restarts + 1;
  END IF;
  -- The rest of the batch under way, or else the next one.
  FOR look IN 1 .. CASE WHEN reader.batch IS NULL THEN 1 ELSE 2 END LOOP
    reader.batch := COALESCE(reader.batch, pg_current_snapshot());
    RETURN QUERY
    SELECT o.id, o.event_id, o.aggregate_type, o.aggregate_id, o.aggregate_version,
      o.campaign_id, o.type, o.data, o.traceparent, o.occurred_at, o.recorded_at
    FROM careforall.outbox o
    WHERE (o.xid >= pg_snapshot_xmax(reader.snapshot)
        OR o.xid = ANY (ARRAY(SELECT pg_snapshot_xip(reader.snapshot))))
      AND pg_visible_in_snapshot(o.xid, reader.batch)
      AND o.id > reader.position
      AND (reader.from_time IS NULL OR o.recorded_at >= reader.from_time)
    ORDER BY o.id
    LIMIT LEAST(GREATEST(COALESCE(max, 1000), 1), 100000);
    EXIT WHEN FOUND;
    reader.snapshot := reader.batch;
    reader.batch := NULL;
    reader.position := 0;
  END LOOP;
  UPDATE careforall.outbox_readers r
  SET snapshot = reader.snapshot, batch = reader.batch, position = reader.position,
      restarts = reader.restarts, system_identifier = careforall.relay_system(),
      read_at = clock_timestamp()
  WHERE r.name = reader.name;
END
$$;

-- Everything up to this event of the last outbox_reader_next() is taken: acked, or
-- stale if it was before or no batch is under way. Call it in the transaction in which
-- the events had their effect, and they have it once.
CREATE OR REPLACE FUNCTION careforall.outbox_reader_ack(name text, up_to bigint, taken integer DEFAULT 0)
RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  reader careforall.outbox_readers := careforall.outbox_reader_lock(outbox_reader_ack.name);
BEGIN
  IF reader.batch IS NULL OR up_to IS NULL OR up_to <= reader.position THEN
    RETURN 'stale';
  END IF;
  UPDATE careforall.outbox_readers r
  SET position = up_to, events = r.events + GREATEST(taken, 0), acked_at = clock_timestamp()
  WHERE r.name = reader.name;
  RETURN 'acked';
END
$$;

-- change is pause, resume or remove; gives paused, resumed, removed, or same, with
-- dry_run would_<change>, and nothing changes. A paused reader keeps its place, and so
-- keeps the outbox from forgetting what it has not taken: health tells. Internal.
CREATE OR REPLACE FUNCTION careforall.outbox_reader_set(
  name text, change text, reason text, dry_run boolean)
RETURNS text
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  why    text := careforall.reason_check(outbox_reader_set.reason);
  done   text := rtrim(change, 'e') || 'ed';
  reader careforall.outbox_readers := careforall.outbox_reader_lock(outbox_reader_set.name);
BEGIN
  IF change <> 'remove' AND reader.is_paused = (change = 'pause') THEN
    RETURN 'same';
  ELSIF dry_run THEN
    RETURN 'would_' || change;
  ELSIF change = 'remove' THEN
    DELETE FROM careforall.outbox_readers r WHERE r.name = reader.name;
  ELSE
    UPDATE careforall.outbox_readers r SET is_paused = (change = 'pause')
    WHERE r.name = reader.name;
  END IF;
  PERFORM careforall.audit_add('outbox_reader_' || done, 'reader', reader.name, why);
  RETURN done;
END
$$;

CREATE OR REPLACE FUNCTION careforall.outbox_reader_pause(
  name text, reason text, dry_run boolean DEFAULT false)
RETURNS text
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$ SELECT careforall.outbox_reader_set(name, 'pause', reason, dry_run) $$;

CREATE OR REPLACE FUNCTION careforall.outbox_reader_resume(
  name text, reason text, dry_run boolean DEFAULT false)
RETURNS text
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$ SELECT careforall.outbox_reader_set(name, 'resume', reason, dry_run) $$;

CREATE OR REPLACE FUNCTION careforall.outbox_reader_remove(
  name text, reason text, dry_run boolean DEFAULT false)
RETURNS text
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$ SELECT careforall.outbox_reader_set(name, 'remove', reason, dry_run) $$;

-- How far each reader is; events_behind counts to 100000. NULL: a reader of another
-- cluster, which begins again when it reads.
CREATE OR REPLACE FUNCTION careforall.outbox_readers_behind()
RETURNS TABLE (name text, is_paused boolean, events_behind bigint, oldest_behind interval,
  holds_days bigint, read_at timestamptz, acked_at timestamptz, events bigint)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
SET enable_seqscan = off
AS $$
  SELECT r.name, r.is_paused, b.events, b.oldest,
    (SELECT count(*) FROM careforall.outbox_partitions() o
     WHERE o.to_time <= clock_timestamp() - careforall.outbox_retention()
       AND o.to_time > clock_timestamp() - b.oldest),
    r.read_at, r.acked_at, r.events
  FROM careforall.outbox_readers r
  LEFT JOIN LATERAL (
    SELECT count(*) AS events,
      COALESCE(clock_timestamp() - min(u.recorded_at), interval '0') AS oldest
    FROM (
      SELECT o.recorded_at FROM careforall.outbox o
      WHERE (o.xid >= pg_snapshot_xmax(r.snapshot)
          OR o.xid = ANY (ARRAY(SELECT pg_snapshot_xip(r.snapshot))))
        AND (r.batch IS NULL OR o.id > r.position OR NOT pg_visible_in_snapshot(o.xid, r.batch))
        AND (r.from_time IS NULL OR o.recorded_at >= r.from_time)
      LIMIT 100000) u) b ON r.system_identifier = careforall.relay_system()
$$;

COMMENT ON FUNCTION careforall.outbox_reader_create(text, text, text, boolean) IS
  'Makes an independent consumer of the outbox, from now, zero or a time: created or same. Reason required, audited; dry_run changes nothing.';
COMMENT ON FUNCTION careforall.outbox_reader_lock(text) IS
  'Locks the row of a reader and gives it.';
COMMENT ON FUNCTION careforall.outbox_reader_next(text, integer) IS
  'The next events of a reader in order; the same again until they are acknowledged.';
COMMENT ON FUNCTION careforall.outbox_reader_ack(text, bigint, integer) IS
  'Marks the events of a reader up to one as taken: acked or stale.';
COMMENT ON FUNCTION careforall.outbox_reader_set(text, text, text, boolean) IS
  'Pauses, resumes or removes a reader.';
COMMENT ON FUNCTION careforall.outbox_reader_pause(text, text, boolean) IS
  'Lets a reader get no events: paused or same. Reason required, audited; dry_run changes nothing.';
COMMENT ON FUNCTION careforall.outbox_reader_resume(text, text, boolean) IS
  'Lets a paused reader go on where it was: resumed or same. Reason required, audited; dry_run changes nothing.';
COMMENT ON FUNCTION careforall.outbox_reader_remove(text, text, boolean) IS
  'Removes a reader with its cursor. Reason required, audited; dry_run changes nothing.';
COMMENT ON FUNCTION careforall.outbox_readers_behind() IS
  'Independent consumers and how far behind they are.';
