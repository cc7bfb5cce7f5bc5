-- SPDX-License-Identifier: Apache-2.0
-- The same events for the yardsticks: a table for the pollers, a queue for PgQ.
CREATE EXTENSION IF NOT EXISTS pgq;
CREATE SCHEMA IF NOT EXISTS yard;
CREATE TABLE yard.outbox (
  id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  event_id uuid        NOT NULL,
  data     json        NOT NULL,
  sent_at  timestamptz
);
CREATE INDEX outbox_unsent_idx ON yard.outbox (id) WHERE sent_at IS NULL;
SELECT pgq.create_queue('yard');
SELECT pgq.set_queue_config('yard', 'ticker_max_count', '1000');
SELECT pgq.register_consumer('yard', 'poller');
