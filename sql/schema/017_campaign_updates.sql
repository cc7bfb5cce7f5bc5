-- SPDX-License-Identifier: Apache-2.0
-- What the team of a campaign tells: to everybody, or to its backers only.

CREATE TABLE IF NOT EXISTS careforall.campaign_updates (
  id           uuid        NOT NULL DEFAULT careforall.uuid7(),
  campaign_id  uuid        NOT NULL,
  author_id    uuid        NOT NULL,
  title        text        NOT NULL,
  body         text        NOT NULL,
  visibility   text        NOT NULL DEFAULT 'public',
  version      bigint      NOT NULL DEFAULT 1,
  created_at   timestamptz NOT NULL DEFAULT careforall.clock(),
  updated_at   timestamptz NOT NULL DEFAULT careforall.clock(),
  CONSTRAINT campaign_updates_pkey PRIMARY KEY (id),
  CONSTRAINT campaign_updates_campaign_id_fkey
    FOREIGN KEY (campaign_id) REFERENCES careforall.campaigns (id),
  CONSTRAINT campaign_updates_author_id_fkey
    FOREIGN KEY (author_id) REFERENCES careforall.accounts (id),
  CONSTRAINT campaign_updates_title_check CHECK (char_length(title) BETWEEN 1 AND 140),
  CONSTRAINT campaign_updates_body_check CHECK (char_length(body) BETWEEN 1 AND 10000),
  CONSTRAINT campaign_updates_visibility_check CHECK (visibility IN ('public', 'backers')),
  CONSTRAINT campaign_updates_version_check CHECK (version >= 1)
);

-- The newest first: ids grow with time.
CREATE INDEX IF NOT EXISTS campaign_updates_campaign_id_id_idx
  ON careforall.campaign_updates (campaign_id, id DESC);
CREATE INDEX IF NOT EXISTS campaign_updates_author_id_idx
  ON careforall.campaign_updates (author_id);

COMMENT ON TABLE careforall.campaign_updates IS
  'News of a campaign by its team. Plain text or Markdown; readers must not trust it as HTML.';
COMMENT ON COLUMN careforall.campaign_updates.id IS
  'UUID version 7: the order of ids is that of writing.';
COMMENT ON COLUMN careforall.campaign_updates.campaign_id IS
  'The campaign it is about.';
COMMENT ON COLUMN careforall.campaign_updates.author_id IS
  'The account that wrote it.';
COMMENT ON COLUMN careforall.campaign_updates.title IS
  'Its title, at most 140 characters.';
COMMENT ON COLUMN careforall.campaign_updates.body IS
  'Its text, at most 10000 characters.';
COMMENT ON COLUMN careforall.campaign_updates.visibility IS
  'public, or backers: those with a confirmed pledge, and the team.';
COMMENT ON COLUMN careforall.campaign_updates.version IS
  'Grows by one with each change.';
COMMENT ON COLUMN careforall.campaign_updates.created_at IS
  'When it was written.';
COMMENT ON COLUMN careforall.campaign_updates.updated_at IS
  'When it last changed.';
