-- SPDX-License-Identifier: Apache-2.0
-- Events that are to be published again, and how far the relay is with them.

CREATE TABLE IF NOT EXISTS careforall.outbox_replays (
  id              bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
  first_id        bigint      NOT NULL,
  last_id         bigint      NOT NULL,
  from_time       timestamptz,
  to_time         timestamptz,
  events          bigint      NOT NULL,
  state           text        NOT NULL DEFAULT 'running',
  position        bigint      NOT NULL DEFAULT 0,
  published       bigint      NOT NULL DEFAULT 0,
  stream_created  text,
  stream_seq      bigint,
  requested_by    text        NOT NULL,
  reason          text        NOT NULL,
  requested_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT outbox_replays_pkey PRIMARY KEY (id),
  CONSTRAINT outbox_replays_state_check CHECK (state IN ('running', 'done', 'canceled')),
  CONSTRAINT outbox_replays_last_id_check CHECK (last_id >= first_id)
);

CREATE INDEX IF NOT EXISTS outbox_replays_running_idx
  ON careforall.outbox_replays (id) WHERE state = 'running';

COMMENT ON TABLE careforall.outbox_replays IS
  'Ranges of the outbox that the leading relay publishes again, with the same event ids; see outbox_replay().';
COMMENT ON COLUMN careforall.outbox_replays.id IS
  'Number of the replay.';
COMMENT ON COLUMN careforall.outbox_replays.first_id IS
  'Outbox id of its first event.';
COMMENT ON COLUMN careforall.outbox_replays.last_id IS
  'Outbox id of its last event.';
COMMENT ON COLUMN careforall.outbox_replays.from_time IS
  'The time that it was asked from; NULL if by id or open.';
COMMENT ON COLUMN careforall.outbox_replays.to_time IS
  'The time that it was asked to, exclusive; NULL if by id or open.';
COMMENT ON COLUMN careforall.outbox_replays.events IS
  'How many events it has.';
COMMENT ON COLUMN careforall.outbox_replays.state IS
  'running, done or canceled.';
COMMENT ON COLUMN careforall.outbox_replays.position IS
  'Outbox id up to which the range is on the stream again.';
COMMENT ON COLUMN careforall.outbox_replays.published IS
  'How many are on the stream again.';
COMMENT ON COLUMN careforall.outbox_replays.stream_created IS
  'The stream, by the time that it was made.';
COMMENT ON COLUMN careforall.outbox_replays.stream_seq IS
  'Sequence of the stream that position was reached at; a stream that ends before it has lost the replay.';
COMMENT ON COLUMN careforall.outbox_replays.requested_by IS
  'Who asked for it.';
COMMENT ON COLUMN careforall.outbox_replays.reason IS
  'Why, in their words.';
COMMENT ON COLUMN careforall.outbox_replays.requested_at IS
  'When it was asked for.';
COMMENT ON COLUMN careforall.outbox_replays.updated_at IS
  'When the relay last noted progress.';
