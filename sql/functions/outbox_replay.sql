-- SPDX-License-Identifier: Apache-2.0
-- Publishing events again.
--
-- Only the leading relay writes to the stream, so a replay is a wish: the relay
-- carries it out between the new events and notes how far it is.

-- One end of a range: digits are an outbox id, all else is a time.
CREATE OR REPLACE FUNCTION careforall.outbox_point(point text)
RETURNS TABLE (id bigint, at timestamptz)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  IF btrim(COALESCE(point, '')) = '' THEN
    RETURN QUERY SELECT NULL::bigint, NULL::timestamptz;
  ELSIF btrim(point) ~ '^[0-9]{1,18}$' THEN
    RETURN QUERY SELECT btrim(point)::bigint, NULL::timestamptz;
  ELSE
    RETURN QUERY SELECT NULL::bigint, btrim(point)::timestamptz;
  END IF;
EXCEPTION WHEN invalid_datetime_format OR datetime_field_overflow THEN
  RAISE EXCEPTION 'invalid point of the outbox: "%"', left(point, 40)
    USING ERRCODE = 'invalid_parameter_value',
          HINT = 'Give an outbox id, or a time such as 2026-01-31T12:00:00Z.';
END
$$;

-- Lets the relay publish the retained events of a range again: ids from and to
-- inclusive, or times from inclusive to exclusive; an empty end is open. Events that
-- come later are not meant. With dry_run it only tells what would be published.
CREATE OR REPLACE FUNCTION careforall.outbox_replay(
  from_point text, to_point text, reason text, dry_run boolean DEFAULT false)
RETURNS TABLE (replay_id bigint, events bigint, first_id bigint, last_id bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  why   text := careforall.reason_check(outbox_replay.reason);
  since record;
  until record;
BEGIN
  SELECT * INTO since FROM careforall.outbox_point(from_point);
  SELECT * INTO until FROM careforall.outbox_point(to_point);
  SELECT count(*), min(o.id), max(o.id) INTO events, first_id, last_id
  FROM careforall.outbox o
  WHERE (since.id IS NULL OR o.id >= since.id) AND (until.id IS NULL OR o.id <= until.id)
    AND (since.at IS NULL OR o.recorded_at >= since.at)
    AND (until.at IS NULL OR o.recorded_at < until.at);
  IF events > 0 AND NOT dry_run THEN
    INSERT INTO careforall.outbox_replays
      (first_id, last_id, from_time, to_time, events, requested_by, reason)
    VALUES (first_id, last_id, since.at, until.at, events,
      COALESCE(NULLIF(current_setting('careforall.actor', true), ''), session_user), why)
    RETURNING id INTO replay_id;
    PERFORM careforall.audit_add('outbox_replay', 'replay', replay_id::text, why,
      jsonb_build_object('from', from_point, 'to', to_point, 'events', events));
  END IF;
  RETURN NEXT;
END
$$;

-- Ends a replay where it is: canceled, not_running or unknown.
CREATE OR REPLACE FUNCTION careforall.outbox_replay_cancel(replay_id bigint, reason text)
RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  why text := careforall.reason_check(outbox_replay_cancel.reason);
BEGIN
  UPDATE careforall.outbox_replays r SET state = 'canceled', updated_at = clock_timestamp()
  WHERE r.id = outbox_replay_cancel.replay_id AND r.state = 'running';
  IF NOT FOUND THEN
    RETURN CASE WHEN EXISTS (
      SELECT FROM careforall.outbox_replays r WHERE r.id = outbox_replay_cancel.replay_id)
      THEN 'not_running' ELSE 'unknown' END;
  END IF;
  PERFORM careforall.audit_add('outbox_replay_cancel', 'replay',
    outbox_replay_cancel.replay_id::text, why);
  RETURN 'canceled';
END
$$;

-- How far a replay is; for the command that waits for it.
CREATE OR REPLACE FUNCTION careforall.outbox_replay_state(replay_id bigint)
RETURNS TABLE (state text, published bigint, events bigint, "position" bigint, last_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT r.state, r.published, r.events, r.position, r.last_id
  FROM careforall.outbox_replays r WHERE r.id = outbox_replay_state.replay_id
$$;

-- The replay that the leader has to carry out now: the oldest one that runs.
CREATE OR REPLACE FUNCTION careforall.relay_replay()
RETURNS TABLE (id bigint, "position" bigint, first_id bigint, last_id bigint,
  from_time timestamptz, to_time timestamptz, requested_ms bigint)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT r.id, r.position, r.first_id, r.last_id, r.from_time, r.to_time,
    floor(extract(epoch FROM r.requested_at) * 1000)::bigint
  FROM careforall.outbox_replays r WHERE r.state = 'running' ORDER BY r.id LIMIT 1
$$;

-- Notes what is on the stream again; false if the replay does not run any more or
-- the epoch is not the leader's.
CREATE OR REPLACE FUNCTION careforall.relay_replay_progress(
  consumer text, epoch bigint, replay_id bigint, "position" bigint, added bigint,
  stream_created text, stream_seq bigint, is_done boolean)
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  IF NOT careforall.relay_heartbeat(relay_replay_progress.consumer, relay_replay_progress.epoch) THEN
    RETURN false;
  END IF;
  UPDATE careforall.outbox_replays r
  SET position = GREATEST(r.position, relay_replay_progress.position),
      published = r.published + relay_replay_progress.added,
      stream_created = relay_replay_progress.stream_created,
      stream_seq = relay_replay_progress.stream_seq,
      state = CASE WHEN relay_replay_progress.is_done THEN 'done' ELSE r.state END,
      updated_at = clock_timestamp()
  WHERE r.id = relay_replay_progress.replay_id AND r.state = 'running';
  RETURN FOUND;
END
$$;

-- A stream that came back with less has lost replays that ended behind its end: they
-- begin again.
CREATE OR REPLACE FUNCTION careforall.relay_replay_lost(stream_created text, last_seq bigint)
RETURNS void
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  UPDATE careforall.outbox_replays r
  SET state = 'running', position = 0, published = 0, stream_seq = NULL
  WHERE r.state IN ('running', 'done') AND r.stream_created = relay_replay_lost.stream_created
    AND r.stream_seq > relay_replay_lost.last_seq
$$;

COMMENT ON FUNCTION careforall.outbox_point(text) IS
  'An outbox id or a time, from text.';
COMMENT ON FUNCTION careforall.outbox_replay(text, text, text, boolean) IS
  'Lets the relay publish a range of retained events again, by id or by time. Reason required, audited.';
COMMENT ON FUNCTION careforall.outbox_replay_cancel(bigint, text) IS
  'Ends a running replay: canceled, not_running or unknown. Reason required, audited.';
COMMENT ON FUNCTION careforall.outbox_replay_state(bigint) IS
  'How far a replay is.';
COMMENT ON FUNCTION careforall.relay_replay() IS
  'The replay that the leading relay has to carry out now.';
COMMENT ON FUNCTION careforall.relay_replay_progress(text, bigint, bigint, bigint, bigint, text, bigint, boolean) IS
  'Notes how far the leading relay is with a replay.';
COMMENT ON FUNCTION careforall.relay_replay_lost(text, bigint) IS
  'Lets replays that a stream has lost begin again.';
