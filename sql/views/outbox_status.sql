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

COMMENT ON COLUMN careforall.outbox_status.consumer IS
  'The consumer, such as relay.';
COMMENT ON COLUMN careforall.outbox_status.events_behind IS
  'Committed events that it has not taken.';
COMMENT ON COLUMN careforall.outbox_status.oldest_behind IS
  'How long the oldest of them has waited.';
COMMENT ON COLUMN careforall.outbox_status.stream_seq IS
  'Sequence of the stream at its last checkpoint.';
COMMENT ON COLUMN careforall.outbox_status.checkpoint_at IS
  'When the last checkpoint was written.';
COMMENT ON COLUMN careforall.outbox_status.checkpoint_age IS
  'How long ago that was.';

COMMENT ON COLUMN careforall.outbox_days.partition IS
  'Name of the partition.';
COMMENT ON COLUMN careforall.outbox_days.from_time IS
  'Begin of its day; NULL for the default partition.';
COMMENT ON COLUMN careforall.outbox_days.to_time IS
  'End of its day.';
COMMENT ON COLUMN careforall.outbox_days.rows_estimate IS
  'Events, as of the last ANALYZE.';
COMMENT ON COLUMN careforall.outbox_days.size IS
  'Size with its indexes.';

COMMENT ON COLUMN careforall.outbox_parked_overview.outbox_id IS
  'Id of the event, for outbox_drop().';
COMMENT ON COLUMN careforall.outbox_parked_overview.state IS
  'parked, released, sent or dropped.';
COMMENT ON COLUMN careforall.outbox_parked_overview.type IS
  'What happened.';
COMMENT ON COLUMN careforall.outbox_parked_overview.reason IS
  'Why it cannot be published.';
COMMENT ON COLUMN careforall.outbox_parked_overview.attempts IS
  'How often that was tried.';
COMMENT ON COLUMN careforall.outbox_parked_overview.parked_at IS
  'The first time.';
COMMENT ON COLUMN careforall.outbox_parked_overview.failed_at IS
  'The last time.';
COMMENT ON COLUMN careforall.outbox_parked_overview.decided_at IS
  'When somebody decided.';
COMMENT ON COLUMN careforall.outbox_parked_overview.aggregate_type IS
  'pledge or campaign.';
COMMENT ON COLUMN careforall.outbox_parked_overview.aggregate_id IS
  'Which one, for outbox_release().';
COMMENT ON COLUMN careforall.outbox_parked_overview.aggregate_version IS
  'Its version after the event.';
COMMENT ON COLUMN careforall.outbox_parked_overview.campaign_id IS
  'Its campaign.';
COMMENT ON COLUMN careforall.outbox_parked_overview.consumer IS
  'The consumer that could not publish it.';

COMMENT ON COLUMN careforall.outbox_replays_status.id IS
  'Number of the replay, for outbox_replay_cancel().';
COMMENT ON COLUMN careforall.outbox_replays_status.state IS
  'running, done or canceled.';
COMMENT ON COLUMN careforall.outbox_replays_status.events IS
  'How many events it has.';
COMMENT ON COLUMN careforall.outbox_replays_status.published IS
  'How many are on the stream again.';
COMMENT ON COLUMN careforall.outbox_replays_status.first_id IS
  'Outbox id of its first event.';
COMMENT ON COLUMN careforall.outbox_replays_status.last_id IS
  'Outbox id of its last event.';
COMMENT ON COLUMN careforall.outbox_replays_status.position IS
  'Outbox id that it has reached.';
COMMENT ON COLUMN careforall.outbox_replays_status.from_time IS
  'The time that it was asked from.';
COMMENT ON COLUMN careforall.outbox_replays_status.to_time IS
  'The time that it was asked to, exclusive.';
COMMENT ON COLUMN careforall.outbox_replays_status.requested_by IS
  'Who asked for it.';
COMMENT ON COLUMN careforall.outbox_replays_status.reason IS
  'Why.';
COMMENT ON COLUMN careforall.outbox_replays_status.requested_at IS
  'When.';
COMMENT ON COLUMN careforall.outbox_replays_status.updated_at IS
  'When the relay last noted progress.';

COMMENT ON COLUMN careforall.outbox_readers_status.name IS
  'Name of the consumer.';
COMMENT ON COLUMN careforall.outbox_readers_status.is_paused IS
  'Whether it gets nothing for the time being.';
COMMENT ON COLUMN careforall.outbox_readers_status.events_behind IS
  'Events that it has not acknowledged, counted to 100000.';
COMMENT ON COLUMN careforall.outbox_readers_status.oldest_behind IS
  'How old the oldest of them is.';
COMMENT ON COLUMN careforall.outbox_readers_status.holds_days IS
  'Days that the outbox keeps for it past its retention.';
COMMENT ON COLUMN careforall.outbox_readers_status.read_at IS
  'When it last asked for events.';
COMMENT ON COLUMN careforall.outbox_readers_status.acked_at IS
  'When it last acknowledged some.';
COMMENT ON COLUMN careforall.outbox_readers_status.events IS
  'How many it has acknowledged.';
