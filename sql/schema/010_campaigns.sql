-- SPDX-License-Identifier: Apache-2.0
-- Campaigns, their teams, the pools that several rewards share, and rewards.
--
-- cap_minor, capacity and quantity are limits: NULL is unlimited, 0 is none.
-- What is used of a limit is the sum over pledges (held_minor, held_places);
-- no row here is ever touched by a pledge.

CREATE TABLE IF NOT EXISTS careforall.campaigns (
  id                uuid        NOT NULL DEFAULT careforall.uuid7(),
  slug              text        NOT NULL,
  title             text        NOT NULL,
  summary           text        NOT NULL DEFAULT '',
  story             text        NOT NULL DEFAULT '',
  category          text        NOT NULL,
  image_url         text,
  image_alt         text        NOT NULL DEFAULT '',
  owner_name        text        NOT NULL,
  owner_id          uuid,
  currency          char(3)     NOT NULL,
  goal_minor        bigint      NOT NULL,
  cap_minor         bigint,
  min_pledge_minor  bigint      NOT NULL DEFAULT 100,
  max_pledge_minor  bigint,
  state             text        NOT NULL DEFAULT 'draft',
  refund_releases   boolean     NOT NULL DEFAULT true,
  starts_at         timestamptz NOT NULL DEFAULT careforall.clock(),
  ends_at           timestamptz,
  version           bigint      NOT NULL DEFAULT 1,
  created_at        timestamptz NOT NULL DEFAULT careforall.clock(),
  updated_at        timestamptz NOT NULL DEFAULT careforall.clock(),
  CONSTRAINT campaigns_pkey PRIMARY KEY (id),
  CONSTRAINT campaigns_slug_key UNIQUE (slug),
  CONSTRAINT campaigns_owner_id_fkey
    FOREIGN KEY (owner_id) REFERENCES careforall.accounts (id),
  CONSTRAINT campaigns_slug_check
    CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND char_length(slug) <= 80
      AND slug !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'),
  CONSTRAINT campaigns_title_check CHECK (char_length(title) BETWEEN 1 AND 140),
  CONSTRAINT campaigns_summary_check CHECK (char_length(summary) <= 300),
  CONSTRAINT campaigns_story_check CHECK (char_length(story) <= 20000),
  CONSTRAINT campaigns_category_check
    CHECK (category ~ '^[a-z]+(_[a-z]+)*$' AND char_length(category) <= 40),
  CONSTRAINT campaigns_image_alt_check CHECK (char_length(image_alt) <= 200),
  CONSTRAINT campaigns_owner_name_check
    CHECK (char_length(owner_name) BETWEEN 1 AND 120),
  CONSTRAINT campaigns_currency_check
    CHECK (careforall.currency_exponent(currency::text) IS NOT NULL),
  CONSTRAINT campaigns_goal_minor_check
    CHECK (goal_minor BETWEEN 1 AND 9007199254740991),
  CONSTRAINT campaigns_cap_minor_check
    CHECK (cap_minor BETWEEN 0 AND 9007199254740991),
  CONSTRAINT campaigns_min_pledge_minor_check CHECK (min_pledge_minor >= 1),
  CONSTRAINT campaigns_max_pledge_minor_check
    CHECK (max_pledge_minor >= min_pledge_minor),
  CONSTRAINT campaigns_state_check
    CHECK (state IN ('draft', 'active', 'paused', 'closed')),
  CONSTRAINT campaigns_ends_at_check CHECK (ends_at > starts_at),
  CONSTRAINT campaigns_version_check CHECK (version >= 1)
);

-- Newest first by the millisecond, as the read model orders them.
CREATE INDEX IF NOT EXISTS campaigns_created_at_idx
  ON careforall.campaigns (date_trunc('milliseconds', created_at AT TIME ZONE 'UTC') DESC, id DESC);
CREATE INDEX IF NOT EXISTS campaigns_ends_at_idx
  ON careforall.campaigns (ends_at) WHERE state IN ('active', 'paused');
CREATE INDEX IF NOT EXISTS campaigns_owner_id_idx
  ON careforall.campaigns (owner_id) WHERE owner_id IS NOT NULL;

-- The team of a campaign beside its owner.
CREATE TABLE IF NOT EXISTS careforall.campaign_members (
  campaign_id  uuid        NOT NULL,
  account_id   uuid        NOT NULL,
  role         text        NOT NULL,
  added_at     timestamptz NOT NULL DEFAULT careforall.clock(),
  CONSTRAINT campaign_members_pkey PRIMARY KEY (campaign_id, account_id),
  CONSTRAINT campaign_members_campaign_id_fkey
    FOREIGN KEY (campaign_id) REFERENCES careforall.campaigns (id),
  CONSTRAINT campaign_members_account_id_fkey
    FOREIGN KEY (account_id) REFERENCES careforall.accounts (id),
  CONSTRAINT campaign_members_role_check CHECK (role IN ('editor', 'viewer'))
);

CREATE INDEX IF NOT EXISTS campaign_members_account_id_idx
  ON careforall.campaign_members (account_id);

CREATE TABLE IF NOT EXISTS careforall.pools (
  id           uuid        NOT NULL DEFAULT careforall.uuid7(),
  campaign_id  uuid        NOT NULL,
  name         text        NOT NULL,
  capacity     integer,
  created_at   timestamptz NOT NULL DEFAULT careforall.clock(),
  CONSTRAINT pools_pkey PRIMARY KEY (id),
  CONSTRAINT pools_campaign_id_id_key UNIQUE (campaign_id, id),
  CONSTRAINT pools_campaign_id_fkey
    FOREIGN KEY (campaign_id) REFERENCES careforall.campaigns (id),
  CONSTRAINT pools_name_check CHECK (char_length(name) BETWEEN 1 AND 120),
  CONSTRAINT pools_capacity_check CHECK (capacity >= 0)
);

CREATE TABLE IF NOT EXISTS careforall.rewards (
  id                uuid        NOT NULL DEFAULT careforall.uuid7(),
  campaign_id       uuid        NOT NULL,
  pool_id           uuid,
  title             text        NOT NULL,
  description       text        NOT NULL DEFAULT '',
  min_amount_minor  bigint      NOT NULL,
  quantity          integer,
  position          integer     NOT NULL DEFAULT 0,
  archived_at       timestamptz,
  created_at        timestamptz NOT NULL DEFAULT careforall.clock(),
  CONSTRAINT rewards_pkey PRIMARY KEY (id),
  CONSTRAINT rewards_campaign_id_fkey
    FOREIGN KEY (campaign_id) REFERENCES careforall.campaigns (id),
  CONSTRAINT rewards_pool_id_fkey
    FOREIGN KEY (campaign_id, pool_id) REFERENCES careforall.pools (campaign_id, id),
  CONSTRAINT rewards_title_check CHECK (char_length(title) BETWEEN 1 AND 140),
  CONSTRAINT rewards_description_check CHECK (char_length(description) <= 2000),
  CONSTRAINT rewards_min_amount_minor_check CHECK (min_amount_minor >= 1),
  CONSTRAINT rewards_quantity_check CHECK (quantity >= 0),
  CONSTRAINT rewards_archived_at_check
    CHECK (archived_at IS NULL OR COALESCE(quantity = 0, false))
);

CREATE INDEX IF NOT EXISTS rewards_campaign_id_position_idx
  ON careforall.rewards (campaign_id, position, id);
CREATE INDEX IF NOT EXISTS rewards_pool_id_idx
  ON careforall.rewards (pool_id) WHERE pool_id IS NOT NULL;

COMMENT ON TABLE careforall.campaigns IS
  'A fundraising campaign. Its life cycle and its cap are enforced by triggers of the careforall extension.';
COMMENT ON COLUMN careforall.campaigns.id IS
  'UUID version 7: the order of ids is that of making.';
COMMENT ON COLUMN careforall.campaigns.slug IS
  'Its name in addresses: lower case, digits and single hyphens; unique.';
COMMENT ON COLUMN careforall.campaigns.title IS
  'Its title, at most 140 characters.';
COMMENT ON COLUMN careforall.campaigns.summary IS
  'A sentence or two for lists, at most 300 characters.';
COMMENT ON COLUMN careforall.campaigns.story IS
  'The whole text, as Markdown; readers must not trust it as HTML.';
COMMENT ON COLUMN careforall.campaigns.category IS
  'A word by which lists are filtered, such as community.';
COMMENT ON COLUMN careforall.campaigns.image_url IS
  'Address of the cover image; NULL if it has none.';
COMMENT ON COLUMN careforall.campaigns.image_alt IS
  'What the image shows, for those who do not see it.';
COMMENT ON COLUMN careforall.campaigns.owner_name IS
  'Who asks for the money, as shown to the public.';
COMMENT ON COLUMN careforall.campaigns.owner_id IS
  'The account that owns the campaign; NULL if it was made by hand and only administrators run it.';
COMMENT ON COLUMN careforall.campaigns.currency IS
  'ISO 4217 code of all amounts of the campaign; never changes.';
COMMENT ON COLUMN careforall.campaigns.goal_minor IS
  'What is to be raised, in minor units.';
COMMENT ON COLUMN careforall.campaigns.cap_minor IS
  'Most money that may be pledged, in minor units of currency: NULL is unlimited, 0 is none.';
COMMENT ON COLUMN careforall.campaigns.min_pledge_minor IS
  'The smallest pledge, in minor units.';
COMMENT ON COLUMN careforall.campaigns.max_pledge_minor IS
  'The largest pledge, in minor units; NULL is unlimited.';
COMMENT ON COLUMN careforall.campaigns.state IS
  'draft, active, paused or closed; see careforall.campaign_transitions().';
COMMENT ON COLUMN careforall.campaigns.refund_releases IS
  'Whether refunded money and places may be pledged again.';
COMMENT ON COLUMN careforall.campaigns.starts_at IS
  'From when it takes pledges.';
COMMENT ON COLUMN careforall.campaigns.ends_at IS
  'Until when it takes pledges; NULL is without end.';
COMMENT ON COLUMN careforall.campaigns.version IS
  'Grows by one with each event of the campaign; set by trigger.';
COMMENT ON COLUMN careforall.campaigns.created_at IS
  'When it was made.';
COMMENT ON COLUMN careforall.campaigns.updated_at IS
  'When it last changed.';
COMMENT ON TABLE careforall.campaign_members IS
  'Accounts that help to run a campaign: an editor may change it, a viewer may look.';
COMMENT ON COLUMN careforall.campaign_members.campaign_id IS
  'The campaign.';
COMMENT ON COLUMN careforall.campaign_members.account_id IS
  'The account that helps.';
COMMENT ON COLUMN careforall.campaign_members.role IS
  'editor or viewer.';
COMMENT ON COLUMN careforall.campaign_members.added_at IS
  'Since when.';
COMMENT ON TABLE careforall.pools IS
  'A capacity of places that several rewards of one campaign share.';
COMMENT ON COLUMN careforall.pools.id IS
  'UUID version 7; also the id of the limit.';
COMMENT ON COLUMN careforall.pools.campaign_id IS
  'The campaign whose rewards share it.';
COMMENT ON COLUMN careforall.pools.name IS
  'What it is called among those who run the campaign.';
COMMENT ON COLUMN careforall.pools.capacity IS
  'Places in all: NULL is unlimited, 0 is none.';
COMMENT ON COLUMN careforall.pools.created_at IS
  'When it was made.';
COMMENT ON TABLE careforall.rewards IS
  'A tier that a donor can choose, with an optional quantity and an optional shared pool.';
COMMENT ON COLUMN careforall.rewards.id IS
  'UUID version 7; also the id of the limit.';
COMMENT ON COLUMN careforall.rewards.campaign_id IS
  'The campaign that offers it.';
COMMENT ON COLUMN careforall.rewards.pool_id IS
  'The pool that its places are taken from as well; NULL if none.';
COMMENT ON COLUMN careforall.rewards.title IS
  'What it is, at most 140 characters.';
COMMENT ON COLUMN careforall.rewards.description IS
  'More about it, at most 2000 characters.';
COMMENT ON COLUMN careforall.rewards.min_amount_minor IS
  'The smallest pledge for one place of it, in minor units.';
COMMENT ON COLUMN careforall.rewards.quantity IS
  'Places of this reward: NULL is unlimited, 0 is none.';
COMMENT ON COLUMN careforall.rewards.position IS
  'Order among the rewards of the campaign, the smallest first.';
COMMENT ON COLUMN careforall.rewards.archived_at IS
  'When its team took it away; it is not shown any more, and pledges of the past still name it.';
COMMENT ON COLUMN careforall.rewards.created_at IS
  'When it was made.';
