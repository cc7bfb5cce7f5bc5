-- SPDX-License-Identifier: Apache-2.0
-- The relay's own tables: who leads, how far it is, and events it cannot publish.

CREATE TABLE IF NOT EXISTS careforall.relay_leaders (
  consumer      text        NOT NULL,
  epoch         bigint      NOT NULL DEFAULT 0,
  holder        text        NOT NULL DEFAULT '',
  backend_pid   integer,
  led_since     timestamptz,
  heartbeat_at  timestamptz,
  CONSTRAINT relay_leaders_pkey PRIMARY KEY (consumer),
  CONSTRAINT relay_leaders_consumer_check CHECK (consumer ~ '^[a-z][a-z0-9_-]{0,39}$'),
  CONSTRAINT relay_leaders_epoch_check CHECK (epoch >= 0)
);

-- One row says: every event that snapshot sees is on the stream up to stream_seq
-- (or parked), and every other event comes after stream_seq.
CREATE TABLE IF NOT EXISTS careforall.relay_checkpoints (
  id                 bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
  consumer           text        NOT NULL,
  epoch              bigint      NOT NULL,
  system_identifier  bigint      NOT NULL,
  snapshot           pg_snapshot NOT NULL,
  stream             text        NOT NULL,
  stream_created     text        NOT NULL,
  stream_seq         bigint      NOT NULL,
  last_outbox_id     bigint,
  created_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT relay_checkpoints_pkey PRIMARY KEY (id),
  CONSTRAINT relay_checkpoints_consumer_fkey
    FOREIGN KEY (consumer) REFERENCES careforall.relay_leaders (consumer),
  CONSTRAINT relay_checkpoints_stream_seq_check CHECK (stream_seq >= 0)
);

CREATE INDEX IF NOT EXISTS relay_checkpoints_consumer_id_idx
  ON careforall.relay_checkpoints (consumer, id);

-- A whole copy of the outbox row, so that rotation may drop its partition.
CREATE TABLE IF NOT EXISTS careforall.outbox_parked (
  outbox_id          bigint      NOT NULL,
  event_id           uuid        NOT NULL,
  xid                xid8        NOT NULL,
  aggregate_type     text        NOT NULL,
  aggregate_id       uuid        NOT NULL,
  aggregate_version  bigint      NOT NULL,
  campaign_id        uuid        NOT NULL,
  type               text        NOT NULL,
  data               json        NOT NULL,
  traceparent        text,
  occurred_at        timestamptz NOT NULL,
  recorded_at        timestamptz NOT NULL,
  consumer           text        NOT NULL,
  reason             text        NOT NULL,
  state              text        NOT NULL DEFAULT 'parked',
  attempts           integer     NOT NULL DEFAULT 1,
  parked_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
  failed_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
  decided_at         timestamptz,
  CONSTRAINT outbox_parked_pkey PRIMARY KEY (outbox_id),
  CONSTRAINT outbox_parked_state_check
    CHECK (state IN ('parked', 'released', 'sent', 'dropped'))
);

CREATE INDEX IF NOT EXISTS outbox_parked_aggregate_id_idx
  ON careforall.outbox_parked (aggregate_id, outbox_id)
  WHERE state IN ('parked', 'released');

CREATE INDEX IF NOT EXISTS outbox_parked_event_id_idx
  ON careforall.outbox_parked (event_id);

COMMENT ON TABLE careforall.relay_leaders IS
  'Which relay leads for each consumer; the epoch grows with each change and fences the one before.';
COMMENT ON COLUMN careforall.relay_leaders.consumer IS
  'Name of the consumer, such as relay.';
COMMENT ON COLUMN careforall.relay_leaders.epoch IS
  'Grows with each change of the leader.';
COMMENT ON COLUMN careforall.relay_leaders.holder IS
  'Host and process of the leader.';
COMMENT ON COLUMN careforall.relay_leaders.backend_pid IS
  'PostgreSQL session of the leader; NULL when nobody leads.';
COMMENT ON COLUMN careforall.relay_leaders.led_since IS
  'Since when it leads.';
COMMENT ON COLUMN careforall.relay_leaders.heartbeat_at IS
  'Written each second by the leader; one that is silent for 3 seconds is ended by a standby.';
COMMENT ON TABLE careforall.relay_checkpoints IS
  'How far the relay is: what a snapshot sees is on the stream up to a sequence. Old rows are pruned by relay_prune().';
COMMENT ON COLUMN careforall.relay_checkpoints.id IS
  'Order of writing.';
COMMENT ON COLUMN careforall.relay_checkpoints.consumer IS
  'The consumer.';
COMMENT ON COLUMN careforall.relay_checkpoints.epoch IS
  'Of the leader that wrote it.';
COMMENT ON COLUMN careforall.relay_checkpoints.system_identifier IS
  'The database cluster whose transaction ids the snapshot means.';
COMMENT ON COLUMN careforall.relay_checkpoints.snapshot IS
  'What was visible to the batch that it ends.';
COMMENT ON COLUMN careforall.relay_checkpoints.stream IS
  'Name of the stream.';
COMMENT ON COLUMN careforall.relay_checkpoints.stream_created IS
  'When the stream was made, as the server says it: a stream made anew is another stream.';
COMMENT ON COLUMN careforall.relay_checkpoints.stream_seq IS
  'Sequence of the last message of the batch.';
COMMENT ON COLUMN careforall.relay_checkpoints.last_outbox_id IS
  'Outbox id of the last event of the batch.';
COMMENT ON COLUMN careforall.relay_checkpoints.created_at IS
  'When it was written.';
COMMENT ON TABLE careforall.outbox_parked IS
  'Events that cannot be published, and the later events of the same aggregate, until someone decides.';
COMMENT ON COLUMN careforall.outbox_parked.outbox_id IS
  'Id of the event in the outbox.';
COMMENT ON COLUMN careforall.outbox_parked.event_id IS
  'As in the outbox.';
COMMENT ON COLUMN careforall.outbox_parked.xid IS
  'As in the outbox.';
COMMENT ON COLUMN careforall.outbox_parked.aggregate_type IS
  'As in the outbox.';
COMMENT ON COLUMN careforall.outbox_parked.aggregate_id IS
  'As in the outbox.';
COMMENT ON COLUMN careforall.outbox_parked.aggregate_version IS
  'As in the outbox.';
COMMENT ON COLUMN careforall.outbox_parked.campaign_id IS
  'As in the outbox.';
COMMENT ON COLUMN careforall.outbox_parked.type IS
  'As in the outbox.';
COMMENT ON COLUMN careforall.outbox_parked.data IS
  'As in the outbox.';
COMMENT ON COLUMN careforall.outbox_parked.traceparent IS
  'As in the outbox.';
COMMENT ON COLUMN careforall.outbox_parked.occurred_at IS
  'As in the outbox.';
COMMENT ON COLUMN careforall.outbox_parked.recorded_at IS
  'As in the outbox.';
COMMENT ON COLUMN careforall.outbox_parked.consumer IS
  'The consumer that could not publish it.';
COMMENT ON COLUMN careforall.outbox_parked.reason IS
  'Why; "aggregate is parked" for those that only wait for an earlier one.';
COMMENT ON COLUMN careforall.outbox_parked.state IS
  'parked: waits for a decision; released: to be published next; sent: published; dropped: never will be.';
COMMENT ON COLUMN careforall.outbox_parked.attempts IS
  'Times that it could not be published; 1 for an event that only waits for its aggregate.';
COMMENT ON COLUMN careforall.outbox_parked.parked_at IS 'The first time.';
COMMENT ON COLUMN careforall.outbox_parked.failed_at IS 'The last time.';
COMMENT ON COLUMN careforall.outbox_parked.decided_at IS
  'When somebody released or dropped it.';
