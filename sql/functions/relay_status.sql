-- SPDX-License-Identifier: Apache-2.0
-- How far the consumers of the outbox are.

-- Every outbox row with an xid below it is behind the oldest kept checkpoint of
-- every consumer; NULL when that cannot be said, and then no partition is dropped.
CREATE OR REPLACE FUNCTION careforall.relay_horizon()
RETURNS xid8
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT CASE WHEN bool_and(k.is_known) THEN min(k.xmin) END
  FROM (
    SELECT COALESCE(c.system_identifier = careforall.relay_system(), false) AS is_known,
      pg_snapshot_xmin(c.snapshot) AS xmin
    FROM careforall.relay_leaders l
    LEFT JOIN careforall.relay_checkpoints c ON c.consumer = l.consumer
    UNION ALL
    SELECT r.system_identifier = careforall.relay_system(), pg_snapshot_xmin(r.snapshot)
    FROM careforall.outbox_readers r) k
$$;

-- Consumers with their newest checkpoints and what they have not taken yet. The
-- count stops at 100000 events. NULL behind: a checkpoint of another cluster.
CREATE OR REPLACE FUNCTION careforall.relay_consumers()
RETURNS TABLE (consumer text, stream_seq bigint, snapshot pg_snapshot,
  checkpoint_at timestamptz, events_behind bigint, oldest_behind interval)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
SET enable_seqscan = off
AS $$
  SELECT l.consumer, c.stream_seq, c.snapshot, c.created_at, b.events, b.oldest
  FROM careforall.relay_leaders l
  LEFT JOIN LATERAL (
    SELECT n.stream_seq, n.snapshot, n.created_at, n.system_identifier
    FROM careforall.relay_checkpoints n
    WHERE n.consumer = l.consumer ORDER BY n.id DESC LIMIT 1) c ON true
  LEFT JOIN LATERAL (
    SELECT count(*) AS events,
      COALESCE(clock_timestamp() - min(u.recorded_at), interval '0') AS oldest
    FROM (
      SELECT o.recorded_at FROM careforall.outbox o
      WHERE o.xid >= pg_snapshot_xmax(c.snapshot)
      UNION ALL
      SELECT o.recorded_at FROM careforall.outbox o
      WHERE o.xid = ANY (ARRAY(SELECT pg_snapshot_xip(c.snapshot)))
      LIMIT 100000) u) b ON c.system_identifier = careforall.relay_system()
$$;

COMMENT ON FUNCTION careforall.relay_horizon() IS
  'Outbox rows with an xid below it have been taken by every consumer; NULL if unknown.';
COMMENT ON FUNCTION careforall.relay_consumers() IS
  'Consumers of the outbox, their newest checkpoints, and how far behind they are.';
