-- SPDX-License-Identifier: Apache-2.0
-- What came in from outside and must have one effect: provider events and
-- idempotency keys.

CREATE TABLE IF NOT EXISTS careforall.inbox (
  provider      text        NOT NULL,
  event_id      text        NOT NULL,
  kind          text        NOT NULL,
  payment_id    text,
  pledge_id     uuid,
  refund_id     uuid,
  amount_minor  bigint,
  currency      text,
  outcome       text        NOT NULL,
  detail        text,
  deliveries    integer     NOT NULL DEFAULT 1,
  payload       json,
  traceparent   text,
  received_at   timestamptz NOT NULL DEFAULT careforall.clock(),
  CONSTRAINT inbox_pkey PRIMARY KEY (provider, event_id),
  CONSTRAINT inbox_event_id_check CHECK (char_length(event_id) BETWEEN 1 AND 255),
  CONSTRAINT inbox_outcome_check
    CHECK (outcome IN ('applied', 'stale', 'late', 'attempt', 'ignored', 'unknown', 'mismatch'))
);

CREATE INDEX IF NOT EXISTS inbox_pledge_id_idx
  ON careforall.inbox (pledge_id) WHERE pledge_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS inbox_received_at_idx ON careforall.inbox (received_at);

CREATE TABLE IF NOT EXISTS careforall.idempotency_keys (
  key_hash     bytea       NOT NULL,
  fingerprint  bytea       NOT NULL,
  pledge_id    uuid        NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT careforall.clock(),
  CONSTRAINT idempotency_keys_pkey PRIMARY KEY (key_hash),
  CONSTRAINT idempotency_keys_key_hash_check CHECK (octet_length(key_hash) = 32),
  CONSTRAINT idempotency_keys_fingerprint_check CHECK (octet_length(fingerprint) = 32)
);

CREATE INDEX IF NOT EXISTS idempotency_keys_created_at_idx
  ON careforall.idempotency_keys (created_at);

COMMENT ON TABLE careforall.inbox IS
  'Events received from payment providers: stored once, applied once, with what became of them.';
COMMENT ON COLUMN careforall.inbox.deliveries IS
  'How often the provider delivered this event.';
COMMENT ON COLUMN careforall.inbox.outcome IS
  'applied: changed the pledge; stale: its state was past it; late: money for a failed pledge, refund asked for; attempt: a try that is not final; ignored: of no concern; unknown: no such pledge; mismatch: wrong amount, currency or payment.';
COMMENT ON TABLE careforall.idempotency_keys IS
  'Idempotency-Key to pledge, written in the transaction of the pledge. Only accepted pledges use up a key.';
COMMENT ON COLUMN careforall.idempotency_keys.key_hash IS
  'SHA-256 of principal, method, route and key.';
COMMENT ON COLUMN careforall.idempotency_keys.fingerprint IS
  'SHA-256 of the request body in canonical form.';
