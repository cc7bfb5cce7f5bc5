-- SPDX-License-Identifier: Apache-2.0
-- Payment work that the provider refused for good, kept until someone decides.

-- One row for each piece of work: making the payment of a pledge, cancelling it,
-- or a refund. A parked row keeps the reconciler away from its target; redriving
-- it is enough for the work to be tried again.
CREATE TABLE IF NOT EXISTS careforall.payment_dead_letters (
  id               bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
  kind             text        NOT NULL,
  target_id        uuid        NOT NULL,
  pledge_id        uuid        NOT NULL,
  attempts         integer     NOT NULL,
  http_status      integer,
  code             text        NOT NULL,
  message          text        NOT NULL DEFAULT '',
  state            text        NOT NULL DEFAULT 'parked',
  failures         integer     NOT NULL DEFAULT 1,
  traceparent      text,
  first_failed_at  timestamptz NOT NULL DEFAULT careforall.clock(),
  last_failed_at   timestamptz NOT NULL DEFAULT careforall.clock(),
  decided_at       timestamptz,
  CONSTRAINT payment_dead_letters_pkey PRIMARY KEY (id),
  CONSTRAINT payment_dead_letters_kind_target_id_key UNIQUE (kind, target_id),
  CONSTRAINT payment_dead_letters_pledge_id_fkey
    FOREIGN KEY (pledge_id) REFERENCES careforall.pledges (id),
  CONSTRAINT payment_dead_letters_kind_check
    CHECK (kind IN ('payment', 'cancel', 'refund')),
  CONSTRAINT payment_dead_letters_state_check
    CHECK (state IN ('parked', 'redriven', 'resolved')),
  CONSTRAINT payment_dead_letters_code_check
    CHECK (char_length(code) BETWEEN 1 AND 100),
  CONSTRAINT payment_dead_letters_message_check CHECK (char_length(message) <= 500)
);

CREATE INDEX IF NOT EXISTS payment_dead_letters_last_failed_at_idx
  ON careforall.payment_dead_letters (last_failed_at) WHERE state = 'parked';
CREATE INDEX IF NOT EXISTS payment_dead_letters_pledge_id_idx
  ON careforall.payment_dead_letters (pledge_id);

-- Failed pledges whose payment may still take money: see payments_unsettled().
CREATE INDEX IF NOT EXISTS pledges_failed_payment_idx
  ON careforall.pledges (id) WHERE state = 'failed' AND payment_id IS NOT NULL;

COMMENT ON TABLE careforall.payment_dead_letters IS
  'Payments, cancellations and refunds that the provider refused for good; redrive them with payment_redrive().';
COMMENT ON COLUMN careforall.payment_dead_letters.id IS
  'Number by which it is redriven.';
COMMENT ON COLUMN careforall.payment_dead_letters.kind IS
  'payment, cancel or refund.';
COMMENT ON COLUMN careforall.payment_dead_letters.target_id IS
  'The pledge for kinds payment and cancel, the refund for kind refund.';
COMMENT ON COLUMN careforall.payment_dead_letters.pledge_id IS
  'The pledge whose money it is about.';
COMMENT ON COLUMN careforall.payment_dead_letters.attempts IS
  'How often the provider was asked before it was parked.';
COMMENT ON COLUMN careforall.payment_dead_letters.http_status IS
  'The provider''s last status; NULL if it did not answer.';
COMMENT ON COLUMN careforall.payment_dead_letters.code IS
  'The provider''s error code, or ours.';
COMMENT ON COLUMN careforall.payment_dead_letters.message IS
  'The provider''s words, cut to 500 characters.';
COMMENT ON COLUMN careforall.payment_dead_letters.state IS
  'parked: waits for a decision; redriven: tried again; resolved: a later try worked.';
COMMENT ON COLUMN careforall.payment_dead_letters.failures IS
  'How often this work was parked.';
COMMENT ON COLUMN careforall.payment_dead_letters.traceparent IS
  'W3C trace context of the work.';
COMMENT ON COLUMN careforall.payment_dead_letters.first_failed_at IS
  'When it was first parked.';
COMMENT ON COLUMN careforall.payment_dead_letters.last_failed_at IS
  'When it was last parked.';
COMMENT ON COLUMN careforall.payment_dead_letters.decided_at IS
  'When it was redriven or resolved; NULL while it is parked.';
