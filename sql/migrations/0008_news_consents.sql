-- SPDX-License-Identifier: Apache-2.0
-- Whether donors want news of a campaign by e-mail, and what they have agreed to.

ALTER TABLE careforall.campaigns
  ADD COLUMN news_offered boolean NOT NULL DEFAULT false;

COMMENT ON COLUMN careforall.campaigns.news_offered IS
  'Whether donors are asked, by a box that is not ticked, if they want news by e-mail.';

CREATE TABLE careforall.news_consents (
  pledge_id     uuid        NOT NULL,
  event         text        NOT NULL,
  campaign_id   uuid        NOT NULL,
  text_version  text,
  language      text,
  via           text        NOT NULL,
  occurred_at   timestamptz NOT NULL DEFAULT careforall.clock(),
  CONSTRAINT news_consents_pkey PRIMARY KEY (pledge_id, event),
  CONSTRAINT news_consents_pledge_id_fkey
    FOREIGN KEY (pledge_id) REFERENCES careforall.pledges (id),
  CONSTRAINT news_consents_event_check CHECK (event IN ('given', 'withdrawn')),
  CONSTRAINT news_consents_text_version_check
    CHECK (char_length(text_version) BETWEEN 1 AND 40 AND (text_version IS NOT NULL) = (event = 'given')),
  CONSTRAINT news_consents_language_check
    CHECK (char_length(language) BETWEEN 2 AND 35 AND (language IS NOT NULL) = (event = 'given')),
  CONSTRAINT news_consents_via_check CHECK (via IN ('gift', 'link', 'account', 'administrator'))
);

-- Rows are never changed, and go only when their donor is erased.
CREATE TRIGGER news_consents_keep
  BEFORE UPDATE ON careforall.news_consents
  FOR EACH ROW EXECUTE FUNCTION careforall.refuse_change();
CREATE TRIGGER news_consents_keep_all
  BEFORE TRUNCATE ON careforall.news_consents
  FOR EACH STATEMENT EXECUTE FUNCTION careforall.refuse_change();

COMMENT ON TABLE careforall.news_consents IS
  'That the donor of a pledge wants news of its campaign by e-mail, and no longer does. Append-only; goes with the donor''s data.';
COMMENT ON COLUMN careforall.news_consents.pledge_id IS
  'The pledge.';
COMMENT ON COLUMN careforall.news_consents.event IS
  'given or withdrawn, each once.';
COMMENT ON COLUMN careforall.news_consents.campaign_id IS
  'The campaign of the pledge.';
COMMENT ON COLUMN careforall.news_consents.text_version IS
  'Which text the donor agreed to; NULL for a withdrawal.';
COMMENT ON COLUMN careforall.news_consents.language IS
  'The language of that text, by BCP 47; NULL for a withdrawal.';
COMMENT ON COLUMN careforall.news_consents.via IS
  'Where: gift (with the pledge), link (its private page), account, or administrator.';
COMMENT ON COLUMN careforall.news_consents.occurred_at IS
  'When.';
