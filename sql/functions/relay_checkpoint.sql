-- SPDX-License-Identifier: Apache-2.0
-- Where the relay goes on, and how it remembers.

-- The identity of this database cluster; a restored dump runs in another one.
CREATE OR REPLACE FUNCTION careforall.relay_system()
RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$ SELECT c.system_identifier FROM pg_catalog.pg_control_system() c $$;

-- Gives checkpoints and readers the identity that pg_upgrade has given the cluster, and
-- says whether it did. It keeps transaction ids, so snapshots mean what they meant; a
-- restored dump does not. The newest events that the last checkpoint covers tell which
-- it was: each transaction that they name has written its own rows, in subtransactions
-- perhaps, or all were written by the few that loaded them.
CREATE OR REPLACE FUNCTION careforall.relay_adopt()
RETURNS boolean
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  system bigint := careforall.relay_system();
  newest careforall.relay_checkpoints;
BEGIN
  SELECT * INTO newest FROM careforall.relay_checkpoints c ORDER BY c.id DESC LIMIT 1;
  IF newest.system_identifier IS NOT DISTINCT FROM system
    -- Transactions that this cluster has not reached are another's.
    OR EXISTS (SELECT FROM careforall.outbox o WHERE o.xid >= pg_snapshot_xmax(pg_current_snapshot())
      AND o.xid IS DISTINCT FROM pg_current_xact_id_if_assigned())
    OR NOT COALESCE((
    SELECT count(DISTINCT e.xid) > 1 AND count(DISTINCT e.written_by::text) >= count(DISTINCT e.xid)
      AND bool_or(e.written_by = e.xid::xid)
    FROM (
      SELECT o.xid, o.xmin AS written_by FROM careforall.outbox o
      WHERE o.id <= newest.last_outbox_id ORDER BY o.id DESC LIMIT 1000) e), false) THEN
    RETURN false;
  END IF;
  UPDATE careforall.relay_checkpoints c SET system_identifier = system
  WHERE c.system_identifier = newest.system_identifier;
  UPDATE careforall.outbox_readers r SET system_identifier = system
  WHERE r.system_identifier = newest.system_identifier;
  RETURN true;
END
$$;

-- Where the leader of an epoch goes on, given what the stream holds: the newest
-- checkpoint of this cluster and this very stream whose tail is all there. NULL
-- snapshot: there is none, so everything the outbox retains has to be gone through,
-- skipping what the stream has. has_lost tells that the stream has less than a
-- checkpoint says it once had.
--
-- After a dump and restore, rows may carry transaction ids that this cluster has not
-- reached yet and that would be new for ever: they get the oldest one.
CREATE OR REPLACE FUNCTION careforall.relay_start(
  consumer text, epoch bigint, stream text, stream_created text,
  first_seq bigint, last_seq bigint)
RETURNS TABLE (is_leader boolean, snapshot text, stream_seq bigint, is_foreign boolean,
  has_lost boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  system bigint := careforall.relay_system();
BEGIN
  is_leader := careforall.relay_heartbeat(relay_start.consumer, relay_start.epoch);
  IF is_leader THEN
    PERFORM careforall.relay_adopt();
  END IF;
  is_foreign := NOT EXISTS (
      SELECT FROM careforall.relay_checkpoints c
      WHERE c.consumer = relay_start.consumer AND c.system_identifier = system)
    AND EXISTS (
      SELECT FROM careforall.relay_checkpoints c WHERE c.consumer = relay_start.consumer);
  IF is_leader AND is_foreign THEN
    UPDATE careforall.outbox SET xid = '3'
    WHERE xid >= pg_snapshot_xmax(pg_current_snapshot());
  END IF;
  SELECT c.snapshot::text, c.stream_seq INTO snapshot, stream_seq
  FROM careforall.relay_checkpoints c
  WHERE c.consumer = relay_start.consumer AND c.system_identifier = system
    AND c.stream = relay_start.stream AND c.stream_created = relay_start.stream_created
    AND c.stream_seq <= relay_start.last_seq
    AND c.stream_seq + 1 >= relay_start.first_seq
  ORDER BY c.id DESC
  LIMIT 1;
  has_lost := COALESCE((
    SELECT c.stream_created <> relay_start.stream_created
        OR c.stream_seq > relay_start.last_seq
    FROM careforall.relay_checkpoints c
    WHERE c.consumer = relay_start.consumer AND c.stream = relay_start.stream
    ORDER BY c.id DESC LIMIT 1), false);
  -- What the stream has lost will be filled again in another order, so what newer
  -- checkpoints say of it will never be true again, however far it comes.
  IF is_leader THEN
    DELETE FROM careforall.relay_checkpoints c
    WHERE c.consumer = relay_start.consumer AND c.stream = relay_start.stream
      AND c.stream_created = relay_start.stream_created
      AND c.stream_seq > relay_start.last_seq;
    PERFORM careforall.relay_replay_lost(relay_start.stream_created, relay_start.last_seq);
  END IF;
  RETURN NEXT;
END
$$;

-- Remembers that all a snapshot sees is on the stream up to stream_seq, and that
-- these parked events have been sent. False when the epoch is not the leader's any
-- more: then nothing is written.
CREATE OR REPLACE FUNCTION careforall.relay_checkpoint(
  consumer text, epoch bigint, snapshot pg_snapshot, stream text, stream_created text,
  stream_seq bigint, last_outbox_id bigint, sent bigint[] DEFAULT '{}')
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  IF NOT careforall.relay_heartbeat(relay_checkpoint.consumer, relay_checkpoint.epoch) THEN
    RETURN false;
  END IF;
  INSERT INTO careforall.relay_checkpoints
    (consumer, epoch, system_identifier, snapshot, stream, stream_created, stream_seq,
     last_outbox_id)
  VALUES (relay_checkpoint.consumer, relay_checkpoint.epoch, careforall.relay_system(),
    relay_checkpoint.snapshot, relay_checkpoint.stream, relay_checkpoint.stream_created,
    relay_checkpoint.stream_seq, relay_checkpoint.last_outbox_id);
  IF cardinality(sent) > 0 THEN
    UPDATE careforall.outbox_parked p SET state = 'sent'
    WHERE p.outbox_id = ANY (sent) AND p.state = 'released';
  END IF;
  RETURN true;
END
$$;

-- Removes checkpoints that no recovery needs and says how many. Kept are: all of the
-- last 15 minutes, the newest of each hour for as long as the outbox keeps events
-- (a broker may come back with a store of yesterday), and always the newest. Those
-- of another cluster go as soon as there is one of this cluster.
CREATE OR REPLACE FUNCTION careforall.relay_prune(consumer text)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  system  bigint := careforall.relay_system();
  keep    interval := careforall.outbox_retention();
  removed bigint;
BEGIN
  WITH ranked AS (
    SELECT c.id, c.created_at, c.system_identifier,
      row_number() OVER (ORDER BY c.id DESC) AS age,
      row_number() OVER (PARTITION BY c.system_identifier,
        date_trunc('hour', c.created_at AT TIME ZONE 'UTC') ORDER BY c.id DESC) AS age_in_hour
    FROM careforall.relay_checkpoints c
    WHERE c.consumer = relay_prune.consumer
  )
  DELETE FROM careforall.relay_checkpoints c
  USING ranked r
  WHERE c.id = r.id AND r.age > 1
    AND ((r.system_identifier <> system AND EXISTS (
            SELECT FROM ranked o WHERE o.system_identifier = system))
      OR r.created_at < clock_timestamp() - keep
      OR (r.age_in_hour > 1 AND r.created_at < clock_timestamp() - interval '15 minutes'));
  GET DIAGNOSTICS removed = ROW_COUNT;
  RETURN removed;
END
$$;

COMMENT ON FUNCTION careforall.relay_system() IS
  'The system identifier of this database cluster.';
COMMENT ON FUNCTION careforall.relay_adopt() IS
  'Lets checkpoints and readers go on after pg_upgrade, which keeps transaction ids: whether it did.';
COMMENT ON FUNCTION careforall.relay_start(text, bigint, text, text, bigint, bigint) IS
  'Where the leading relay goes on, given what the stream holds.';
COMMENT ON FUNCTION careforall.relay_checkpoint(text, bigint, pg_snapshot, text, text, bigint, bigint, bigint[]) IS
  'Remembers how far the leading relay is; false when it has been fenced.';
COMMENT ON FUNCTION careforall.relay_prune(text) IS
  'Removes checkpoints that no recovery needs.';
