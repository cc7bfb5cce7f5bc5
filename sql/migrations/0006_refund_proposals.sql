-- SPDX-License-Identifier: Apache-2.0
-- How much of a pledge one person may give back alone, and what waits for a second one.

CREATE TABLE careforall.refund_limits (
  currency     char(3)     NOT NULL,
  alone_minor  bigint      NOT NULL,
  valid_for    interval    NOT NULL,
  updated_at   timestamptz NOT NULL DEFAULT careforall.clock(),
  CONSTRAINT refund_limits_pkey PRIMARY KEY (currency),
  CONSTRAINT refund_limits_currency_check
    CHECK (careforall.currency_exponent(currency) IS NOT NULL),
  CONSTRAINT refund_limits_alone_minor_check CHECK (alone_minor BETWEEN 0 AND 1000000000000),
  CONSTRAINT refund_limits_valid_for_check
    CHECK (valid_for BETWEEN interval '1 hour' AND interval '90 days')
);

COMMENT ON TABLE careforall.refund_limits IS
  'What may be given back of one pledge without a second person, by currency; changed by careforall.refund_limit_set(). A currency without a row has no limit.';
COMMENT ON COLUMN careforall.refund_limits.currency IS
  'ISO 4217 code.';
COMMENT ON COLUMN careforall.refund_limits.alone_minor IS
  'Minor units that may be given back of a pledge, in all, without a second person; 0 means never.';
COMMENT ON COLUMN careforall.refund_limits.valid_for IS
  'How long a proposal waits before it expires.';
COMMENT ON COLUMN careforall.refund_limits.updated_at IS
  'When it was last set.';

-- The checks are the rule itself: whoever proposed a refund is never the one who
-- approves or rejects it, and no approval leaves the desk that the proposal came from,
-- since one person may have both an account and a log-in of the database.
CREATE TABLE careforall.refund_proposals (
  id                 uuid        NOT NULL DEFAULT careforall.uuid7(),
  pledge_id          uuid        NOT NULL,
  campaign_id        uuid        NOT NULL,
  amount_minor       bigint      NOT NULL,
  currency           char(3)     NOT NULL,
  code               text        NOT NULL,
  reason             text        NOT NULL,
  note               text        NOT NULL DEFAULT '',
  proposed_by        text        NOT NULL,
  refund_request_id  uuid,
  key_hash           bytea,
  fingerprint        bytea,
  state              text        NOT NULL DEFAULT 'waiting',
  decided_by         text,
  decided_at         timestamptz,
  decision_reason    text        NOT NULL DEFAULT '',
  refund_id          uuid,
  created_at         timestamptz NOT NULL DEFAULT careforall.clock(),
  expires_at         timestamptz NOT NULL,
  CONSTRAINT refund_proposals_pkey PRIMARY KEY (id),
  CONSTRAINT refund_proposals_pledge_id_fkey
    FOREIGN KEY (pledge_id) REFERENCES careforall.pledges (id),
  CONSTRAINT refund_proposals_refund_request_id_fkey
    FOREIGN KEY (refund_request_id) REFERENCES careforall.refund_requests (id),
  CONSTRAINT refund_proposals_refund_id_fkey
    FOREIGN KEY (refund_id) REFERENCES careforall.refunds (id),
  CONSTRAINT refund_proposals_amount_minor_check CHECK (amount_minor >= 1),
  CONSTRAINT refund_proposals_reason_check CHECK (char_length(reason) BETWEEN 3 AND 500),
  CONSTRAINT refund_proposals_note_check CHECK (char_length(note) <= 500),
  CONSTRAINT refund_proposals_decision_reason_check CHECK (char_length(decision_reason) <= 500),
  CONSTRAINT refund_proposals_state_check
    CHECK (state IN ('waiting', 'approved', 'rejected', 'withdrawn', 'expired')),
  CONSTRAINT refund_proposals_decided_by_check
    CHECK (CASE state
      WHEN 'approved' THEN decided_by <> proposed_by
        AND starts_with(decided_by, 'account:') = starts_with(proposed_by, 'account:')
      WHEN 'rejected' THEN decided_by <> proposed_by
      WHEN 'withdrawn' THEN decided_by = proposed_by
      ELSE decided_by IS NULL END),
  CONSTRAINT refund_proposals_decided_at_check
    CHECK ((decided_by IS NULL) = (decided_at IS NULL)
           AND (state IN ('waiting', 'expired') OR decided_by IS NOT NULL)),
  CONSTRAINT refund_proposals_refund_id_check
    CHECK ((state = 'approved') = (refund_id IS NOT NULL)),
  CONSTRAINT refund_proposals_key_hash_check
    CHECK ((key_hash IS NULL) = (fingerprint IS NULL)
           AND octet_length(key_hash) = 32 AND octet_length(fingerprint) = 32)
);

-- A pledge has one proposal that waits at most, and a refund comes of one at most.
CREATE UNIQUE INDEX refund_proposals_pledge_id_key
  ON careforall.refund_proposals (pledge_id) WHERE state = 'waiting';
CREATE UNIQUE INDEX refund_proposals_refund_id_key
  ON careforall.refund_proposals (refund_id) WHERE refund_id IS NOT NULL;
CREATE UNIQUE INDEX refund_proposals_key_hash_key
  ON careforall.refund_proposals (key_hash) WHERE key_hash IS NOT NULL;
CREATE INDEX refund_proposals_pledge_id_id_idx
  ON careforall.refund_proposals (pledge_id, id);
CREATE INDEX refund_proposals_campaign_id_id_idx
  ON careforall.refund_proposals (campaign_id, id);
CREATE INDEX refund_proposals_refund_request_id_idx
  ON careforall.refund_proposals (refund_request_id) WHERE refund_request_id IS NOT NULL;
CREATE INDEX refund_proposals_expires_at_idx
  ON careforall.refund_proposals (expires_at) WHERE state = 'waiting';

-- What was proposed, and by whom, stays; what is said to the donor is erased with the donor.
CREATE TRIGGER refund_proposals_keep
  BEFORE DELETE OR UPDATE OF id, pledge_id, campaign_id, amount_minor, currency, code, reason,
    proposed_by, refund_request_id, key_hash, fingerprint, created_at, expires_at
  ON careforall.refund_proposals
  FOR EACH ROW EXECUTE FUNCTION careforall.refuse_change();
CREATE TRIGGER refund_proposals_keep_all
  BEFORE TRUNCATE ON careforall.refund_proposals
  FOR EACH STATEMENT EXECUTE FUNCTION careforall.refuse_change();

COMMENT ON TABLE careforall.refund_proposals IS
  'Refunds above what one person may give back alone: a second person approves or rejects each.';
COMMENT ON COLUMN careforall.refund_proposals.id IS
  'UUID version 7.';
COMMENT ON COLUMN careforall.refund_proposals.pledge_id IS
  'The pledge whose money is to go back.';
COMMENT ON COLUMN careforall.refund_proposals.campaign_id IS
  'Its campaign.';
COMMENT ON COLUMN careforall.refund_proposals.amount_minor IS
  'What is to go back, in minor units.';
COMMENT ON COLUMN careforall.refund_proposals.currency IS
  'ISO 4217 code of the pledge.';
COMMENT ON COLUMN careforall.refund_proposals.code IS
  'What the donor sees as the reason of the refund.';
COMMENT ON COLUMN careforall.refund_proposals.reason IS
  'Why, in the words of whoever proposed it.';
COMMENT ON COLUMN careforall.refund_proposals.note IS
  'What is said to the donor who asked, when it is approved.';
COMMENT ON COLUMN careforall.refund_proposals.proposed_by IS
  'The account (account:id) or the log-in of the database that proposed it; cannot be forged.';
COMMENT ON COLUMN careforall.refund_proposals.refund_request_id IS
  'The request of the donor that it is to fulfil.';
COMMENT ON COLUMN careforall.refund_proposals.key_hash IS
  'SHA-256 of the Idempotency-Key.';
COMMENT ON COLUMN careforall.refund_proposals.fingerprint IS
  'SHA-256 of what was asked with the key.';
COMMENT ON COLUMN careforall.refund_proposals.state IS
  'waiting, approved, rejected, withdrawn or expired. What waits beyond expires_at has expired, whether it says so or not.';
COMMENT ON COLUMN careforall.refund_proposals.decided_by IS
  'Who approved, rejected or withdrew it.';
COMMENT ON COLUMN careforall.refund_proposals.decided_at IS
  'When.';
COMMENT ON COLUMN careforall.refund_proposals.decision_reason IS
  'Why, in their words.';
COMMENT ON COLUMN careforall.refund_proposals.refund_id IS
  'The refund that came of it.';
COMMENT ON COLUMN careforall.refund_proposals.created_at IS
  'When it was proposed.';
COMMENT ON COLUMN careforall.refund_proposals.expires_at IS
  'Until when it can be approved.';
