-- SPDX-License-Identifier: Apache-2.0
-- Receipts: that one was issued for a pledge, and each time that it was issued again.

CREATE TABLE careforall.receipts (
  pledge_id       uuid        NOT NULL,
  number          integer     NOT NULL,
  version         bigint      NOT NULL,
  refunded_minor  bigint      NOT NULL,
  via             text        NOT NULL,
  account_id      uuid,
  language        text        NOT NULL,
  time_zone       text        NOT NULL,
  key_hash        bytea       NOT NULL,
  issued_at       timestamptz NOT NULL DEFAULT careforall.clock(),
  CONSTRAINT receipts_pkey PRIMARY KEY (pledge_id, number),
  CONSTRAINT receipts_pledge_id_key_hash_key UNIQUE (pledge_id, key_hash),
  CONSTRAINT receipts_pledge_id_fkey
    FOREIGN KEY (pledge_id) REFERENCES careforall.pledges (id),
  CONSTRAINT receipts_number_check CHECK (number BETWEEN 1 AND 1000),
  CONSTRAINT receipts_refunded_minor_check CHECK (refunded_minor >= 0),
  CONSTRAINT receipts_via_check
    CHECK (via IN ('link', 'account', 'campaign') AND (account_id IS NOT NULL OR via = 'link')),
  CONSTRAINT receipts_language_check CHECK (language IN ('en', 'de', 'ar')),
  CONSTRAINT receipts_time_zone_check CHECK (char_length(time_zone) BETWEEN 1 AND 64),
  CONSTRAINT receipts_key_hash_check CHECK (octet_length(key_hash) = 32)
);

CREATE INDEX receipts_issued_at_idx ON careforall.receipts USING brin (issued_at);

CREATE TRIGGER receipts_keep
  BEFORE UPDATE OR DELETE ON careforall.receipts
  FOR EACH ROW EXECUTE FUNCTION careforall.refuse_change();
CREATE TRIGGER receipts_keep_all
  BEFORE TRUNCATE ON careforall.receipts
  FOR EACH STATEMENT EXECUTE FUNCTION careforall.refuse_change();

COMMENT ON TABLE careforall.receipts IS
  'One row for each time that the receipt of a pledge was issued: the first is the original. No personal data. Append-only.';
COMMENT ON COLUMN careforall.receipts.pledge_id IS
  'The pledge; its id is the number on the receipt.';
COMMENT ON COLUMN careforall.receipts.number IS
  'Which issue it is, from 1.';
COMMENT ON COLUMN careforall.receipts.version IS
  'Version of the pledge that it states.';
COMMENT ON COLUMN careforall.receipts.refunded_minor IS
  'What had been given back by then; another amount than in the issue before makes it a replacement, not a copy.';
COMMENT ON COLUMN careforall.receipts.via IS
  'Who asked: the donor by the private link or by their account, or those who run the campaign.';
COMMENT ON COLUMN careforall.receipts.account_id IS
  'The account that asked; NULL for a guest.';
COMMENT ON COLUMN careforall.receipts.language IS
  'The language that it is written in.';
COMMENT ON COLUMN careforall.receipts.time_zone IS
  'The time zone of its times.';
COMMENT ON COLUMN careforall.receipts.key_hash IS
  'SHA-256 of the Idempotency-Key: the same request again is the same issue.';
COMMENT ON COLUMN careforall.receipts.issued_at IS
  'When.';
