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

-- Lowers the places of a reward (kind reward) or a pool to what is in use now, so that
-- nobody can take one more, and gives how many that is. What is under way while it looks is
-- counted: the trigger knows it. A place that is given back later is free again. Internal.
CREATE OR REPLACE FUNCTION careforall.capacity_close(kind text, id uuid)
RETURNS integer
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  tries_max constant integer := 20;
  used    integer := (SELECT COALESCE(sum(p.held_places), 0) FROM careforall.pledges p
    WHERE CASE capacity_close.kind WHEN 'reward' THEN p.reward_id = capacity_close.id
      ELSE p.pool_id = capacity_close.id END);
  refused text;
BEGIN
  FOR try IN 1..tries_max LOOP
    BEGIN
      IF capacity_close.kind = 'reward' THEN
        UPDATE careforall.rewards r SET quantity = used
        WHERE r.id = capacity_close.id AND r.quantity IS DISTINCT FROM used;
      ELSE
        UPDATE careforall.pools l SET capacity = used
        WHERE l.id = capacity_close.id AND l.capacity IS DISTINCT FROM used;
      END IF;
      RETURN used;
    EXCEPTION WHEN SQLSTATE 'PL007' THEN
      GET STACKED DIAGNOSTICS refused = PG_EXCEPTION_DETAIL;
      used := substring(refused FROM 'in use are ([0-9]+)');
    END;
  END LOOP;
  PERFORM careforall.limit_in_use_raise(capacity_close.kind, capacity_close.id, refused);
END
$$;

-- Closes a reward or a pool by hand. Internal.
CREATE OR REPLACE FUNCTION careforall.capacity_close_by_hand(kind text, id uuid, reason text, dry_run boolean)
RETURNS TABLE (campaign_slug text, name text, capacity_before text, capacity_after text, version bigint, result text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  why      text := careforall.reason_check(capacity_close_by_hand.reason);
  before   record;
  campaign careforall.campaigns;
  closed   integer;
BEGIN
  SELECT r.campaign_id, r.title AS name, r.quantity AS capacity INTO before
  FROM careforall.rewards r WHERE kind = 'reward' AND r.id = capacity_close_by_hand.id
  UNION ALL
  SELECT l.campaign_id, l.name, l.capacity
  FROM careforall.pools l WHERE kind = 'pool' AND l.id = capacity_close_by_hand.id;
  IF NOT FOUND THEN
    RAISE EXCEPTION '% "%" does not exist', kind, capacity_close_by_hand.id
      USING ERRCODE = 'PL005', HINT = 'Look for it in careforall.limits_status.';
  END IF;
  campaign := careforall.campaign_lock(before.campaign_id::text);
  campaign_slug := campaign.slug;
  name := before.name;
  capacity_before := COALESCE(before.capacity::text, 'unlimited');
  result := 'done';
  BEGIN
    closed := careforall.capacity_close(kind, capacity_close_by_hand.id);
    capacity_after := closed;
    PERFORM careforall.audit_add(kind || '.close', kind, capacity_close_by_hand.id::text, why,
      jsonb_build_object('campaign_id', campaign.id, 'from', before.capacity, 'to', closed));
    SELECT c.version INTO version FROM careforall.campaigns c WHERE c.id = campaign.id;
    PERFORM careforall.dry_run_end(capacity_close_by_hand.dry_run);
  EXCEPTION WHEN SQLSTATE 'DRYRN' THEN
    result := 'dry run: nothing changed';
  END;
  RETURN NEXT;
END
$$;

CREATE OR REPLACE FUNCTION careforall.reward_close(reward_id uuid, reason text, dry_run boolean DEFAULT false)
RETURNS TABLE (campaign_slug text, reward text, quantity_before text, quantity_after text, version bigint, result text)
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT c.campaign_slug, c.name, c.capacity_before, c.capacity_after, c.version, c.result
  FROM careforall.capacity_close_by_hand('reward', reward_id, reason, dry_run) c
$$;

CREATE OR REPLACE FUNCTION careforall.pool_close(pool_id uuid, reason text, dry_run boolean DEFAULT false)
RETURNS TABLE (campaign_slug text, pool text, capacity_before text, capacity_after text, version bigint, result text)
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT c.campaign_slug, c.name, c.capacity_before, c.capacity_after, c.version, c.result
  FROM careforall.capacity_close_by_hand('pool', pool_id, reason, dry_run) c
$$;

COMMENT ON FUNCTION careforall.capacity_close(text, uuid) IS
  'Lowers the places of a reward or a pool to what is in use now.';
COMMENT ON FUNCTION careforall.capacity_close_by_hand(text, uuid, text, boolean) IS
  'Closes a reward or a pool for reward_close() and pool_close().';
COMMENT ON FUNCTION careforall.reward_close(uuid, text, boolean) IS
  'Takes no more pledges for a reward: its places become what is in use now. Reason required, audited; dry_run checks and changes nothing.';
COMMENT ON FUNCTION careforall.pool_close(uuid, text, boolean) IS
  'Takes no more pledges for the rewards of a pool: its places become what is in use now. Reason required, audited; dry_run checks and changes nothing.';
COMMENT ON FUNCTION careforall.reward_quantity_set(uuid, integer, text, boolean) IS
  'Sets the places of a reward: NULL is unlimited, 0 is none. Reason required, audited; dry_run checks and changes nothing.';
COMMENT ON FUNCTION careforall.pool_capacity_set(uuid, integer, text, boolean) IS
  'Sets the places that the rewards of a pool share: NULL is unlimited, 0 is none. Reason required, audited; dry_run checks and changes nothing.';
