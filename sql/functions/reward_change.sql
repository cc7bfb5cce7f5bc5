-- SPDX-License-Identifier: Apache-2.0
-- Capacities of rewards and pools changed by hand.
--
-- The triggers refuse a capacity below what is in use (PL007), and make a new version
-- of the campaign, because its public document changes. The campaign is locked before
-- its reward or pool, by all functions in the same order.

CREATE OR REPLACE FUNCTION careforall.reward_quantity_set(
  reward_id uuid, quantity integer, reason text, dry_run boolean DEFAULT false)
RETURNS TABLE (campaign_slug text, reward text, quantity_before text, quantity_after text, version bigint, result text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  why      text := careforall.reason_check(reward_quantity_set.reason);
  campaign careforall.campaigns;
  before   careforall.rewards;
BEGIN
  SELECT * INTO before FROM careforall.rewards r WHERE r.id = reward_quantity_set.reward_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'reward "%" does not exist', reward_quantity_set.reward_id
      USING ERRCODE = 'PL005', HINT = 'Look for it in careforall.reward_overview.';
  END IF;
  campaign := careforall.campaign_lock(before.campaign_id::text);
  SELECT r.quantity INTO before.quantity FROM careforall.rewards r WHERE r.id = before.id FOR UPDATE;
  campaign_slug := campaign.slug;
  reward := before.title;
  quantity_before := COALESCE(before.quantity::text, 'unlimited');
  quantity_after := COALESCE(reward_quantity_set.quantity::text, 'unlimited');
  result := 'done';
  BEGIN
    UPDATE careforall.rewards r SET quantity = reward_quantity_set.quantity WHERE r.id = before.id;
    PERFORM careforall.audit_add('reward.quantity_set', 'reward', before.id::text, why,
      jsonb_build_object('campaign_id', campaign.id, 'from', before.quantity,
        'to', reward_quantity_set.quantity));
    SELECT c.version INTO version FROM careforall.campaigns c WHERE c.id = campaign.id;
    PERFORM careforall.dry_run_end(reward_quantity_set.dry_run);
  EXCEPTION WHEN SQLSTATE 'DRYRN' THEN
    result := 'dry run: nothing changed';
  END;
  RETURN NEXT;
END
$$;

CREATE OR REPLACE FUNCTION careforall.pool_capacity_set(
  pool_id uuid, capacity integer, reason text, dry_run boolean DEFAULT false)
RETURNS TABLE (campaign_slug text, pool text, capacity_before text, capacity_after text, version bigint, result text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  why      text := careforall.reason_check(pool_capacity_set.reason);
  campaign careforall.campaigns;
  before   careforall.pools;
BEGIN
  SELECT * INTO before FROM careforall.pools l WHERE l.id = pool_capacity_set.pool_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'pool "%" does not exist', pool_capacity_set.pool_id
      USING ERRCODE = 'PL005', HINT = 'Look for it in careforall.limits_status.';
  END IF;
  campaign := careforall.campaign_lock(before.campaign_id::text);
  SELECT l.capacity INTO before.capacity FROM careforall.pools l WHERE l.id = before.id FOR UPDATE;
  campaign_slug := campaign.slug;
  pool := before.name;
  capacity_before := COALESCE(before.capacity::text, 'unlimited');
  capacity_after := COALESCE(pool_capacity_set.capacity::text, 'unlimited');
  result := 'done';
  BEGIN
    UPDATE careforall.pools l SET capacity = pool_capacity_set.capacity WHERE l.id = before.id;
    PERFORM careforall.audit_add('pool.capacity_set', 'pool', before.id::text, why,
      jsonb_build_object('campaign_id', campaign.id, 'from', before.capacity,
        'to', pool_capacity_set.capacity));
    SELECT c.version INTO version FROM careforall.campaigns c WHERE c.id = campaign.id;
    PERFORM careforall.dry_run_end(pool_capacity_set.dry_run);
  EXCEPTION WHEN SQLSTATE 'DRYRN' THEN
    result := 'dry run: nothing changed';
  END;
  RETURN NEXT;
END
$$;

COMMENT ON FUNCTION careforall.reward_quantity_set(uuid, integer, text, boolean) IS
  'Sets the places of a reward: NULL is unlimited, 0 is none. Reason required, audited; dry_run checks and changes nothing.';
COMMENT ON FUNCTION careforall.pool_capacity_set(uuid, integer, text, boolean) IS
  'Sets the places that the rewards of a pool share: NULL is unlimited, 0 is none. Reason required, audited; dry_run checks and changes nothing.';
