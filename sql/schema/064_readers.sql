-- SPDX-License-Identifier: Apache-2.0
-- Independent consumers of the outbox, each with a cursor of its own: a data
-- warehouse, a search index. They read by SQL and know nothing of NATS.

CREATE TABLE IF NOT EXISTS careforall.outbox_readers (
  name               text        NOT NULL,
  system_identifier  bigint      NOT NULL,
  snapshot           pg_snapshot NOT NULL,
  batch              pg_snapshot,
  position           bigint      NOT NULL DEFAULT 0,
  from_time          timestamptz,
  is_paused          boolean     NOT NULL DEFAULT false,
  events             bigint      NOT NULL DEFAULT 0,
  restarts           integer     NOT NULL DEFAULT 0,
  created_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
  read_at            timestamptz,
  acked_at           timestamptz,
  CONSTRAINT outbox_readers_pkey PRIMARY KEY (name),
  CONSTRAINT outbox_readers_name_check
    CHECK (name ~ '^[a-z][a-z0-9_-]{0,39}$' AND name NOT IN ('relay', 'projector', 'payments'))
);

COMMENT ON TABLE careforall.outbox_readers IS
  'Independent consumers of the outbox; see outbox_reader_create().';
COMMENT ON COLUMN careforall.outbox_readers.name IS
  'Name of the consumer.';
COMMENT ON COLUMN careforall.outbox_readers.system_identifier IS
  'The database cluster whose transaction ids the snapshots mean.';
COMMENT ON COLUMN careforall.outbox_readers.snapshot IS
  'What the reader has taken: everything that this snapshot sees.';
COMMENT ON COLUMN careforall.outbox_readers.batch IS
  'Upper edge of the batch under way; NULL between batches.';
COMMENT ON COLUMN careforall.outbox_readers.position IS
  'Outbox id up to which the batch under way has been taken.';
COMMENT ON COLUMN careforall.outbox_readers.from_time IS
  'Events recorded before are not its concern; NULL is all.';
COMMENT ON COLUMN careforall.outbox_readers.is_paused IS
  'Whether it gets nothing for the time being.';
COMMENT ON COLUMN careforall.outbox_readers.events IS
  'How many events it has acknowledged.';
COMMENT ON COLUMN careforall.outbox_readers.restarts IS
  'Times that it had to begin again, because the database was restored into another cluster.';
COMMENT ON COLUMN careforall.outbox_readers.created_at IS
  'When it was made.';
COMMENT ON COLUMN careforall.outbox_readers.read_at IS
  'When it last asked for events.';
COMMENT ON COLUMN careforall.outbox_readers.acked_at IS
  'When it last acknowledged some.';
