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
COMMENT ON COLUMN careforall.inbox.provider IS
  'The payment provider.';
COMMENT ON COLUMN careforall.inbox.event_id IS
  'The provider''s id of the event: applied once, however often it comes.';
COMMENT ON COLUMN careforall.inbox.kind IS
  'What it says, in our words, such as payment_succeeded.';
COMMENT ON COLUMN careforall.inbox.payment_id IS
  'The payment that it is about.';
COMMENT ON COLUMN careforall.inbox.pledge_id IS
  'The pledge that it was applied to; NULL if there is none.';
COMMENT ON COLUMN careforall.inbox.refund_id IS
  'The refund that it is about; NULL if none.';
COMMENT ON COLUMN careforall.inbox.amount_minor IS
  'The amount that it names, in minor units.';
COMMENT ON COLUMN careforall.inbox.currency IS
  'The currency that it names.';
COMMENT ON COLUMN careforall.inbox.outcome IS
  'applied: changed the pledge; stale: its state was past it; late: money for a failed pledge, refund asked for; attempt: a try that is not final; ignored: of no concern; unknown: no such pledge; mismatch: wrong amount, currency or payment.';
COMMENT ON COLUMN careforall.inbox.detail IS
  'Why the outcome is what it is.';
COMMENT ON COLUMN careforall.inbox.deliveries IS
  'How often the provider delivered this event.';
COMMENT ON COLUMN careforall.inbox.payload IS
  'The event as it came. May hold personal data; erased with the donor.';
COMMENT ON COLUMN careforall.inbox.traceparent IS
  'W3C trace context of its first delivery.';
COMMENT ON COLUMN careforall.inbox.received_at IS
  'When it first came.';
COMMENT ON TABLE careforall.idempotency_keys IS
  'Idempotency-Key to pledge, written in the transaction of the pledge. Only accepted pledges use up a key.';
COMMENT ON COLUMN careforall.idempotency_keys.key_hash IS
  'SHA-256 of principal, method, route and key.';
COMMENT ON COLUMN careforall.idempotency_keys.fingerprint IS
  'SHA-256 of the request body in canonical form.';
COMMENT ON COLUMN careforall.idempotency_keys.pledge_id IS
  'The pledge that was made with it: the answer to a repeated request.';
COMMENT ON COLUMN careforall.idempotency_keys.created_at IS
  'When it was used up.';
