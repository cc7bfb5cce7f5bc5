-- SPDX-License-Identifier: Apache-2.0
-- Campaigns, rewards and pools made by hand.

-- Inserts a draft: what of its row people give. NULL if its slug is taken. Internal.
CREATE OR REPLACE FUNCTION careforall.campaign_insert(campaign careforall.campaigns, reason text)
RETURNS uuid
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  new_id uuid;
BEGIN
  INSERT INTO careforall.campaigns AS c (
    slug, title, summary, story, category, image_url, image_alt, owner_name, owner_id, currency,
    goal_minor, cap_minor, min_pledge_minor, max_pledge_minor, refund_releases, starts_at, ends_at,
    news_offered)
  VALUES (
    campaign.slug, campaign.title, campaign.summary, campaign.story, campaign.category,
    campaign.image_url, campaign.image_alt, campaign.owner_name, campaign.owner_id, campaign.currency,
    campaign.goal_minor, campaign.cap_minor,
    COALESCE(campaign.min_pledge_minor, 10 ^ careforall.currency_exponent(campaign.currency), 1),
    campaign.max_pledge_minor, campaign.refund_releases,
    COALESCE(campaign.starts_at, careforall.clock()), campaign.ends_at,
    COALESCE(campaign.news_offered, false))
  ON CONFLICT (slug) DO NOTHING
  RETURNING c.id INTO new_id;
  IF new_id IS NOT NULL THEN
    PERFORM careforall.audit_add('campaign.create', 'campaign', new_id::text, campaign_insert.reason,
      jsonb_build_object('slug', campaign.slug));
  END IF;
  RETURN new_id;
END
$$;

-- Makes a draft campaign and gives its id; campaign_publish() opens it. Checks are
-- those of the table.
CREATE OR REPLACE FUNCTION careforall.campaign_create(
  slug text, title text, category text, owner_name text, currency text,
  goal_minor bigint, reason text,
  summary text DEFAULT '', story text DEFAULT '',
  image_url text DEFAULT NULL, image_alt text DEFAULT '',
  cap_minor bigint DEFAULT NULL, min_pledge_minor bigint DEFAULT NULL,
  max_pledge_minor bigint DEFAULT NULL, starts_at timestamptz DEFAULT NULL,
  ends_at timestamptz DEFAULT NULL, refund_releases boolean DEFAULT true)
RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  why      text := careforall.reason_check(reason);
  campaign careforall.campaigns;
  new_id   uuid;
BEGIN
  campaign.slug := slug;
  campaign.title := title;
  campaign.summary := summary;
  campaign.story := story;
  campaign.category := category;
  campaign.image_url := image_url;
  campaign.image_alt := image_alt;
  campaign.owner_name := owner_name;
  campaign.currency := currency;
  campaign.goal_minor := goal_minor;
  campaign.cap_minor := cap_minor;
  campaign.min_pledge_minor := min_pledge_minor;
  campaign.max_pledge_minor := max_pledge_minor;
  campaign.refund_releases := refund_releases;
  campaign.starts_at := starts_at;
  campaign.ends_at := ends_at;
  new_id := careforall.campaign_insert(campaign, why);
  IF new_id IS NULL THEN
    RAISE EXCEPTION 'a campaign with the slug "%" exists already', slug USING ERRCODE = 'unique_violation';
  END IF;
  RETURN new_id;
END
$$;

-- Inserts a pool of a campaign that the caller has locked. Internal.
CREATE OR REPLACE FUNCTION careforall.pool_insert(
  campaign careforall.campaigns, name text, capacity integer, reason text)
RETURNS uuid
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  new_id uuid;
BEGIN
  PERFORM careforall.campaign_parts_check(campaign);
  INSERT INTO careforall.pools AS l (campaign_id, name, capacity)
  VALUES (campaign.id, pool_insert.name, pool_insert.capacity)
  RETURNING l.id INTO new_id;
  PERFORM careforall.audit_add('pool.create', 'pool', new_id::text, pool_insert.reason,
    jsonb_build_object('campaign_id', campaign.id, 'capacity', pool_insert.capacity));
  RETURN new_id;
END
$$;

-- Inserts a reward of a campaign that the caller has locked. Without a position it
-- stands last. Internal.
CREATE OR REPLACE FUNCTION careforall.reward_insert(
  campaign careforall.campaigns, reward careforall.rewards, reason text)
RETURNS uuid
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  new_id uuid;
BEGIN
  PERFORM careforall.campaign_parts_check(campaign);
  PERFORM careforall.pool_check(campaign, reward.pool_id);
  INSERT INTO careforall.rewards AS r (
    campaign_id, pool_id, title, description, min_amount_minor, quantity, position)
  SELECT campaign.id, reward.pool_id, reward.title, reward.description,
    reward.min_amount_minor, reward.quantity,
    COALESCE(reward.position, LEAST(max(o.position) + 1, 1000), 1)
  FROM careforall.rewards o WHERE o.campaign_id = campaign.id AND o.archived_at IS NULL
  RETURNING r.id INTO new_id;
  PERFORM careforall.audit_add('reward.create', 'reward', new_id::text, reward_insert.reason,
    jsonb_build_object('campaign_id', campaign.id, 'quantity', reward.quantity,
      'pool_id', reward.pool_id));
  RETURN new_id;
END
$$;

-- Refuses one more reward or pool of a campaign that has too many. Internal.
CREATE OR REPLACE FUNCTION careforall.campaign_parts_check(campaign careforall.campaigns)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  IF (SELECT count(*) FROM careforall.rewards r WHERE r.campaign_id = campaign.id)
     + (SELECT count(*) FROM careforall.pools l WHERE l.campaign_id = campaign.id) >= 200 THEN
    RAISE EXCEPTION 'the campaign has 200 rewards and pools, removed ones counted: that is the most'
      USING ERRCODE = 'PL006';
  END IF;
END
$$;

-- Refuses a pool that is not one of the campaign. Internal.
CREATE OR REPLACE FUNCTION careforall.pool_check(campaign careforall.campaigns, pool_id uuid)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  IF pool_check.pool_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM careforall.pools l WHERE l.id = pool_check.pool_id AND l.campaign_id = campaign.id)
  THEN
    RAISE EXCEPTION 'pool "%" does not exist in campaign "%"', pool_check.pool_id, campaign.slug
      USING ERRCODE = 'PL005', HINT = 'Make it with careforall.pool_create().';
  END IF;
END
$$;

-- Makes a pool of places and gives its id.
CREATE OR REPLACE FUNCTION careforall.pool_create(
  campaign text, name text, capacity integer, reason text)
RETURNS uuid
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT careforall.pool_insert(careforall.campaign_lock(campaign), name, capacity,
    careforall.reason_check(reason))
$$;

-- Makes a reward and gives its id; quantity NULL is unlimited, pool_id must be a
-- pool of the same campaign. It stands last of the campaign's rewards.
CREATE OR REPLACE FUNCTION careforall.reward_create(
  campaign text, title text, min_amount_minor bigint, reason text,
  description text DEFAULT '', quantity integer DEFAULT NULL, pool_id uuid DEFAULT NULL)
RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  why    text := careforall.reason_check(reason);
  owner  careforall.campaigns := careforall.campaign_lock(campaign);
  reward careforall.rewards;
BEGIN
  reward.title := title;
  reward.description := description;
  reward.min_amount_minor := min_amount_minor;
  reward.quantity := quantity;
  reward.pool_id := pool_id;
  RETURN careforall.reward_insert(owner, reward, why);
END
$$;

COMMENT ON FUNCTION careforall.pool_insert(careforall.campaigns, text, integer, text) IS
  'Inserts a pool of a locked campaign.';
COMMENT ON FUNCTION careforall.reward_insert(careforall.campaigns, careforall.rewards, text) IS
  'Inserts a reward of a locked campaign.';
COMMENT ON FUNCTION careforall.campaign_parts_check(careforall.campaigns) IS
  'Refuses one more reward or pool of a campaign that has too many.';
COMMENT ON FUNCTION careforall.pool_check(careforall.campaigns, uuid) IS
  'Refuses a pool that is not one of the campaign.';
COMMENT ON FUNCTION careforall.campaign_insert(careforall.campaigns, text) IS
  'Inserts a draft campaign; NULL if its slug is taken.';
COMMENT ON FUNCTION careforall.campaign_create(text, text, text, text, text, bigint, text,
  text, text, text, text, bigint, bigint, bigint, timestamptz, timestamptz, boolean) IS
  'Makes a draft campaign and gives its id. Amounts in minor units; the smallest pledge is 1 major unit unless given. Reason required, audited.';
COMMENT ON FUNCTION careforall.pool_create(text, text, integer, text) IS
  'Makes a pool of places that rewards of the campaign (id or slug) can share. Reason required, audited.';
COMMENT ON FUNCTION careforall.reward_create(text, text, bigint, text, text, integer, uuid) IS
  'Makes a reward of the campaign (id or slug): quantity NULL is unlimited, pool_id one of its pools. Reason required, audited.';
