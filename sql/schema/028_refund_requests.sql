-- SPDX-License-Identifier: Apache-2.0
-- What donors ask back. The people who run the campaign decide.

CREATE TABLE IF NOT EXISTS careforall.refund_requests (
  id           uuid        NOT NULL DEFAULT careforall.uuid7(),
  pledge_id    uuid        NOT NULL,
  campaign_id  uuid        NOT NULL,
  message      text        NOT NULL,
  state        text        NOT NULL DEFAULT 'open',
  note         text        NOT NULL DEFAULT '',
  refund_id    uuid,
  decided_by   text,
  decided_at   timestamptz,
  created_at   timestamptz NOT NULL DEFAULT careforall.clock(),
  CONSTRAINT refund_requests_pkey PRIMARY KEY (id),
  CONSTRAINT refund_requests_pledge_id_fkey
    FOREIGN KEY (pledge_id) REFERENCES careforall.pledges (id),
  CONSTRAINT refund_requests_refund_id_fkey
    FOREIGN KEY (refund_id) REFERENCES careforall.refunds (id),
  CONSTRAINT refund_requests_message_check CHECK (char_length(message) BETWEEN 1 AND 1000),
  CONSTRAINT refund_requests_note_check CHECK (char_length(note) <= 500),
  CONSTRAINT refund_requests_state_check CHECK (state IN ('open', 'accepted', 'declined')),
  CONSTRAINT refund_requests_decided_at_check
    CHECK ((state = 'open') = (decided_at IS NULL) AND (state = 'open') = (decided_by IS NULL)),
  CONSTRAINT refund_requests_refund_id_check
    CHECK ((state = 'accepted') = (refund_id IS NOT NULL))
);

-- A pledge has one open request at most.
CREATE UNIQUE INDEX IF NOT EXISTS refund_requests_pledge_id_key
  ON careforall.refund_requests (pledge_id) WHERE state = 'open';
CREATE INDEX IF NOT EXISTS refund_requests_pledge_id_id_idx
  ON careforall.refund_requests (pledge_id, id);
CREATE INDEX IF NOT EXISTS refund_requests_campaign_id_id_idx
  ON careforall.refund_requests (campaign_id, id);
CREATE INDEX IF NOT EXISTS refund_requests_refund_id_idx
  ON careforall.refund_requests (refund_id) WHERE refund_id IS NOT NULL;

COMMENT ON TABLE careforall.refund_requests IS
  'What a donor asks back, and what the people who run the campaign decided.';
COMMENT ON COLUMN careforall.refund_requests.id IS
  'UUID version 7.';
COMMENT ON COLUMN careforall.refund_requests.pledge_id IS
  'The pledge that money is asked back of.';
COMMENT ON COLUMN careforall.refund_requests.campaign_id IS
  'Its campaign.';
COMMENT ON COLUMN careforall.refund_requests.message IS
  'Why, in the words of the donor. Personal data.';
COMMENT ON COLUMN careforall.refund_requests.state IS
  'open, accepted or declined.';
COMMENT ON COLUMN careforall.refund_requests.note IS
  'What was said to the donor with the decision.';
COMMENT ON COLUMN careforall.refund_requests.refund_id IS
  'The refund that an accepted request led to.';
COMMENT ON COLUMN careforall.refund_requests.decided_by IS
  'The account that decided.';
COMMENT ON COLUMN careforall.refund_requests.decided_at IS
  'When; NULL while it is open.';
COMMENT ON COLUMN careforall.refund_requests.created_at IS
  'When it was asked.';
