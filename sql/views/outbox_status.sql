-- SPDX-License-Identifier: Apache-2.0
-- How far the consumers of the outbox are, and what the outbox holds.

CREATE OR REPLACE VIEW careforall.outbox_status AS
SELECT
  r.consumer,
  r.events_behind,
  date_trunc('milliseconds', r.oldest_behind) AS oldest_behind,
  r.stream_seq,
  r.checkpoint_at,
  date_trunc('milliseconds', clock_timestamp() - r.checkpoint_at) AS checkpoint_age
FROM careforall.relay_consumers() r;

CREATE OR REPLACE VIEW careforall.outbox_days AS
SELECT
  o.partition,
  o.from_time,
  o.to_time,
  GREATEST(c.reltuples, 0)::bigint AS rows_estimate,
  pg_size_pretty(pg_total_relation_size(c.oid)) AS size
FROM careforall.outbox_partitions() o
JOIN pg_catalog.pg_class c ON c.relname = o.partition AND c.relnamespace = 'careforall'::regnamespace
ORDER BY o.from_time NULLS LAST;

CREATE OR REPLACE VIEW careforall.outbox_parked_overview AS
SELECT
  p.outbox_id,
  p.state,
  p.type,
  p.reason,
  p.attempts,
  p.parked_at,
  p.failed_at,
  p.decided_at,
  p.aggregate_type,
  p.aggregate_id,
  p.aggregate_version,
  p.campaign_id,
  p.consumer
FROM careforall.outbox_parked p;

CREATE OR REPLACE VIEW careforall.outbox_replays_status AS
SELECT
  r.id,
  r.state,
  r.events,
  r.published,
  r.first_id,
  r.last_id,
  r.position,
  r.from_time,
  r.to_time,
  r.requested_by,
  r.reason,
  r.requested_at,
  r.updated_at
FROM careforall.outbox_replays r;

COMMENT ON VIEW careforall.outbox_replays_status IS
  'Replays of the outbox and how far they are; careforall.outbox_replay() begins one, outbox_replay_cancel() ends one.';
CREATE OR REPLACE VIEW careforall.outbox_readers_status AS
SELECT
  r.name,
  r.is_paused,
  r.events_behind,
  date_trunc('milliseconds', r.oldest_behind) AS oldest_behind,
  r.holds_days,
  r.read_at,
  r.acked_at,
  r.events
FROM careforall.outbox_readers_behind() r;

COMMENT ON VIEW careforall.outbox_readers_status IS
  'Independent consumers of the outbox: how far behind, and how many days the outbox keeps for them past its retention.';
COMMENT ON VIEW careforall.outbox_status IS
  'How many committed events each consumer of the outbox has not taken yet, and how old the oldest is.';
COMMENT ON VIEW careforall.outbox_days IS
  'Daily partitions of the outbox.';
COMMENT ON VIEW careforall.outbox_parked_overview IS
  'Events that could not be published; careforall.outbox_release() lets them go on, outbox_drop() gives one up.';
