-- SPDX-License-Identifier: Apache-2.0
-- Campaigns, rewards and pools made by hand.

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
  why    text := careforall.reason_check(reason);
  new_id uuid;
BEGIN
  INSERT INTO careforall.campaigns AS c (
    slug, title, summary, story, category, image_url, image_alt, owner_name, currency,
    goal_minor, cap_minor, min_pledge_minor, max_pledge_minor, refund_releases,
    starts_at, ends_at)
  VALUES (
    slug, title, summary, story, category, image_url, image_alt, owner_name, currency,
    goal_minor, cap_minor,
    COALESCE(min_pledge_minor, 10 ^ careforall.currency_exponent(currency), 1),
    max_pledge_minor, refund_releases, COALESCE(starts_at, careforall.clock()), ends_at)
  RETURNING c.id INTO new_id;
  PERFORM careforall.audit_add('campaign.create', 'campaign', new_id::text, why,
    jsonb_build_object('slug', slug));
  RETURN new_id;
END
$$;

-- Makes a pool of places and gives its id.
CREATE OR REPLACE FUNCTION careforall.pool_create(
  campaign text, name text, capacity integer, reason text)
RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  why    text := careforall.reason_check(reason);
  owner  careforall.campaigns := careforall.campaign_lock(campaign);
  new_id uuid;
BEGIN
  INSERT INTO careforall.pools AS l (campaign_id, name, capacity)
  VALUES (owner.id, name, capacity)
  RETURNING l.id INTO new_id;
  PERFORM careforall.audit_add('pool.create', 'pool', new_id::text, why,
    jsonb_build_object('campaign_id', owner.id, 'capacity', capacity));
  RETURN new_id;
END
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
  new_id uuid;
BEGIN
  IF pool_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM careforall.pools l WHERE l.id = pool_id AND l.campaign_id = owner.id)
  THEN
    RAISE EXCEPTION 'pool "%" does not exist in campaign "%"', pool_id, owner.slug
      USING ERRCODE = 'PL005', HINT = 'Make it with careforall.pool_create().';
  END IF;
  INSERT INTO careforall.rewards AS r (
    campaign_id, pool_id, title, description, min_amount_minor, quantity, position)
  SELECT owner.id, pool_id, title, description, min_amount_minor, quantity,
    COALESCE(max(o.position) + 1, 1)
  FROM careforall.rewards o WHERE o.campaign_id = owner.id
  RETURNING r.id INTO new_id;
  PERFORM careforall.audit_add('reward.create', 'reward', new_id::text, why,
    jsonb_build_object('campaign_id', owner.id, 'quantity', quantity, 'pool_id', pool_id));
  RETURN new_id;
END
$$;

COMMENT ON FUNCTION careforall.campaign_create(text, text, text, text, text, bigint, text,
  text, text, text, text, bigint, bigint, bigint, timestamptz, timestamptz, boolean) IS
  'Makes a draft campaign and gives its id. Amounts in minor units; the smallest pledge is 1 major unit unless given. Reason required, audited.';
COMMENT ON FUNCTION careforall.pool_create(text, text, integer, text) IS
  'Makes a pool of places that rewards of the campaign (id or slug) can share. Reason required, audited.';
COMMENT ON FUNCTION careforall.reward_create(text, text, bigint, text, text, integer, uuid) IS
  'Makes a reward of the campaign (id or slug): quantity NULL is unlimited, pool_id one of its pools. Reason required, audited.';
