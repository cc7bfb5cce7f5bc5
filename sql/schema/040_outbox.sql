-- SPDX-License-Identifier: Apache-2.0
-- The outbox: one row for each committed event, written in the transaction of its
-- cause. Rows are never updated or deleted one by one; whole partitions are dropped.

CREATE SEQUENCE IF NOT EXISTS careforall.outbox_id_seq AS bigint CACHE 1;

CREATE TABLE IF NOT EXISTS careforall.outbox (
  id                 bigint      NOT NULL DEFAULT nextval('careforall.outbox_id_seq'),
  event_id           uuid        NOT NULL,
  xid                xid8        NOT NULL DEFAULT pg_current_xact_id(),
  aggregate_type     text        NOT NULL,
  aggregate_id       uuid        NOT NULL,
  aggregate_version  bigint      NOT NULL,
  campaign_id        uuid        NOT NULL,
  type               text        NOT NULL,
  data               json        NOT NULL,
  traceparent        text,
  occurred_at        timestamptz NOT NULL,
  recorded_at        timestamptz NOT NULL DEFAULT clock_timestamp()
) PARTITION BY RANGE (recorded_at);

ALTER SEQUENCE careforall.outbox_id_seq OWNED BY careforall.outbox.id;

-- Takes what no other partition does, so that a missing partition never stops a
-- pledge; rotation reports any row found here.
CREATE TABLE IF NOT EXISTS careforall.outbox_default
  PARTITION OF careforall.outbox DEFAULT;

CREATE INDEX IF NOT EXISTS outbox_xid_idx ON careforall.outbox (xid);
CREATE INDEX IF NOT EXISTS outbox_aggregate_id_idx
  ON careforall.outbox (aggregate_id, aggregate_version);

COMMENT ON TABLE careforall.outbox IS
  'Committed events on their way to the stream, in daily partitions by recorded_at.';
COMMENT ON COLUMN careforall.outbox.id IS
  'Order within an aggregate and within a batch; drawn after the row of the aggregate is locked.';
COMMENT ON COLUMN careforall.outbox.event_id IS
  'UUID version 7: the CloudEvents id and the Nats-Msg-Id.';
COMMENT ON COLUMN careforall.outbox.xid IS
  'The transaction that wrote the row; batches are read between two snapshots.';
COMMENT ON COLUMN careforall.outbox.aggregate_type IS
  'What it is about: pledge or campaign.';
COMMENT ON COLUMN careforall.outbox.aggregate_id IS
  'The pledge or campaign that it is about.';
COMMENT ON COLUMN careforall.outbox.aggregate_version IS
  'Version of that after the event: a consumer sees each once, in order.';
COMMENT ON COLUMN careforall.outbox.campaign_id IS
  'The campaign; decides the subject''s bucket.';
COMMENT ON COLUMN careforall.outbox.type IS
  'What happened, such as pledge.confirmed; docs/reference/events.md lists them.';
COMMENT ON COLUMN careforall.outbox.data IS
  'The event''s data as published, byte for byte; no e-mail address, and a name or message only if it is public.';
COMMENT ON COLUMN careforall.outbox.traceparent IS
  'W3C trace context of the cause.';
COMMENT ON COLUMN careforall.outbox.occurred_at IS 'By careforall.clock().';
COMMENT ON COLUMN careforall.outbox.recorded_at IS
  'Wall clock at the insert; decides the partition.';
