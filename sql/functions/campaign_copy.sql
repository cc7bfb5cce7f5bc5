-- SPDX-License-Identifier: Apache-2.0
-- Campaigns that begin as a copy of another. Rewards, pools and cover image come along;
-- what was given, the news and the team do not.

-- The campaign that an account copies, which must be its own, in the same currency.
-- Its row is locked: the image that it names cannot be purged meanwhile. Internal.
CREATE OR REPLACE FUNCTION careforall.campaign_copy_source(actor uuid, campaign text, currency text)
RETURNS careforall.campaigns
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  source careforall.campaigns;
BEGIN
  BEGIN
    source := careforall.campaign_of_locked(campaign_copy_source.actor, campaign_copy_source.campaign, 'own');
  EXCEPTION WHEN SQLSTATE 'PL005' THEN
    PERFORM careforall.json_errors_raise(careforall.json_error('/copy_of', 'unknown_campaign',
      'There is no such campaign.'));
  END;
  IF source.currency <> campaign_copy_source.currency THEN
    PERFORM careforall.json_errors_raise(careforall.json_error('/currency', 'currency_mismatch',
      format('Must be %s, the currency of the campaign.', source.currency)));
  END IF;
  RETURN source;
END
$$;

-- Makes the pools and the rewards of a campaign, as they are now, in a new one. Internal.
CREATE OR REPLACE FUNCTION careforall.campaign_parts_copy(
  source careforall.campaigns, copy_id uuid, reason text)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  target  careforall.campaigns := careforall.campaign_lock(copy_id::text);
  pool    careforall.pools;
  pool_of jsonb := '{}';
  reward  careforall.rewards;
BEGIN
  PERFORM careforall.audit_add('campaign.copy', 'campaign', target.id::text, campaign_parts_copy.reason,
    jsonb_build_object('copy_of', source.id));
  FOR pool IN SELECT l.* FROM careforall.pools l WHERE l.campaign_id = source.id ORDER BY l.id LOOP
    pool_of := pool_of || jsonb_build_object(pool.id::text,
      careforall.pool_insert(target, pool.name, pool.capacity, campaign_parts_copy.reason));
  END LOOP;
  FOR reward IN
    SELECT r.* FROM careforall.rewards r
    WHERE r.campaign_id = source.id AND r.archived_at IS NULL ORDER BY r.position, r.id
  LOOP
    reward.pool_id := pool_of ->> reward.pool_id::text;
    PERFORM careforall.reward_insert(target, reward, campaign_parts_copy.reason);
  END LOOP;
END
$$;

-- Makes a draft that is like another campaign, of the same owner, and gives its id.
-- Without a slug one is made of the title. It starts now and has no end unless given.
CREATE OR REPLACE FUNCTION careforall.campaign_copy(
  campaign text, title text, reason text, slug text DEFAULT NULL,
  starts_at timestamptz DEFAULT NULL, ends_at timestamptz DEFAULT NULL)
RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  why    text := careforall.reason_check(reason);
  source careforall.campaigns := careforall.campaign_lock(campaign);
  made   careforall.campaigns := source;
  new_id uuid;
BEGIN
  made.title := title;
  made.slug := COALESCE(slug, careforall.slug_of(title));
  made.starts_at := starts_at;
  made.ends_at := ends_at;
  new_id := careforall.campaign_insert(made, why);
  IF new_id IS NULL THEN
    RAISE EXCEPTION 'a campaign with the slug "%" exists already', made.slug USING ERRCODE = 'unique_violation';
  END IF;
  PERFORM careforall.campaign_parts_copy(source, new_id, why);
  RETURN new_id;
END
$$;

COMMENT ON FUNCTION careforall.campaign_copy_source(uuid, text, text) IS
  'The campaign that an account copies, locked; refuses one that it does not own.';
COMMENT ON FUNCTION careforall.campaign_parts_copy(careforall.campaigns, uuid, text) IS
  'Makes the pools and rewards of a campaign in a new one. Audited.';
COMMENT ON FUNCTION careforall.campaign_copy(text, text, text, text, timestamptz, timestamptz) IS
  'Makes a draft like another campaign (id or slug), with its rewards, pools and image, and gives its id. Reason required, audited.';
