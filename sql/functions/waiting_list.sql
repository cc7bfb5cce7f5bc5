-- SPDX-License-Identifier: Apache-2.0
-- Waiting lists as those who wait see them.
--
-- A queue is a reward, or (reward_id NULL) the campaign itself. Whoever joins is told the same
-- whether the address is in the queue already or not: each time makes an entry of its own,
-- with a place at the end. Those who run the campaign see the first entry of an address only.
-- So what is told is the most that a place can be: who joins twice is counted twice.

-- What the cap of a campaign has room for, in minor units; NULL without a cap. From the
-- totals: to sum up what each pledge holds would read all that the campaign ever had.
CREATE OR REPLACE FUNCTION careforall.campaign_room(campaign careforall.campaigns)
RETURNS bigint
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT CASE WHEN campaign.cap_minor IS NOT NULL THEN campaign.cap_minor
    - (SELECT COALESCE(sum(f.confirmed_minor - CASE WHEN campaign.refund_releases THEN f.refunded_minor ELSE 0 END), 0)
       FROM (SELECT t.confirmed_minor, t.refunded_minor FROM careforall.campaign_totals t
             WHERE t.campaign_id = campaign.id
             UNION ALL
             SELECT d.confirmed_minor, d.refunded_minor FROM careforall.campaign_total_deltas d
             WHERE d.campaign_id = campaign.id) f)::bigint
    - (SELECT COALESCE(sum(p.amount_minor), 0)::bigint FROM careforall.pledges p
       WHERE p.campaign_id = campaign.id AND p.state = 'pending') END
$$;

-- Whether somebody can give now: to the campaign (reward_id NULL), or for the reward.
CREATE OR REPLACE FUNCTION careforall.waiting_is_free(campaign careforall.campaigns, reward_id uuid)
RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT campaign.state = 'active' AND campaign.starts_at <= careforall.clock()
    AND COALESCE(campaign.ends_at > careforall.clock(), true)
    AND (waiting_is_free.reward_id IS NULL
         OR COALESCE(careforall.reward_remaining(r) > 0, r.id IS NOT NULL AND r.archived_at IS NULL))
    AND COALESCE(careforall.campaign_room(campaign)
      >= GREATEST(campaign.min_pledge_minor, r.min_amount_minor), true)
  FROM (SELECT) AS one
  LEFT JOIN careforall.rewards r ON r.id = waiting_is_free.reward_id
$$;

-- How many wait in front of an entry.
CREATE OR REPLACE FUNCTION careforall.waiting_ahead(entry careforall.waiting_entries)
RETURNS bigint
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT count(*) FROM careforall.waiting_entries e
  WHERE e.campaign_id = entry.campaign_id AND e.reward_id IS NOT DISTINCT FROM entry.reward_id
    AND e.state = 'waiting' AND e.id < entry.id
$$;

-- An entry as the one who waits sees it; token only when it was made just now.
CREATE OR REPLACE FUNCTION careforall.waiting_json(entry careforall.waiting_entries, token text)
RETURNS json
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT json_build_object(
    'id', entry.id,
    'campaign', json_build_object('id', c.id, 'slug', c.slug, 'title', c.title),
    'reward', CASE WHEN r.id IS NOT NULL THEN json_build_object('id', r.id, 'title', r.title) END,
    'state', entry.state,
    'position', CASE entry.state WHEN 'waiting' THEN careforall.waiting_ahead(entry) + 1 END,
    'is_free', careforall.waiting_is_free(c, entry.reward_id),
    'joined_at', careforall.json_time(entry.joined_at),
    'invited_at', careforall.json_time(entry.invited_at),
    'token', waiting_json.token)
  FROM careforall.campaigns c
  LEFT JOIN careforall.rewards r ON r.id = entry.reward_id
  WHERE c.id = entry.campaign_id
$$;

-- Refuses a queue that nobody can wait in.
CREATE OR REPLACE FUNCTION careforall.waiting_check(campaign careforall.campaigns, reward_id uuid)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  queue_max constant integer := 10000;
  refusal text := CASE
    WHEN campaign.state = 'closed' THEN 'closed'
    WHEN campaign.ends_at <= careforall.clock() THEN 'ended'
    WHEN campaign.starts_at > careforall.clock() THEN 'not_started' END;
BEGIN
  IF refusal IS NOT NULL THEN
    RAISE EXCEPTION 'nobody can wait for this campaign' USING ERRCODE = 'PL003',
      DETAIL = json_build_object('reason', refusal);
  ELSIF waiting_check.reward_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM careforall.rewards r
    WHERE r.id = waiting_check.reward_id AND r.campaign_id = campaign.id AND r.archived_at IS NULL)
  THEN
    RAISE EXCEPTION 'the campaign has no such reward' USING ERRCODE = 'PL005';
  ELSIF careforall.waiting_is_free(campaign, waiting_check.reward_id) THEN
    RAISE EXCEPTION 'a place is free now: nobody has to wait' USING ERRCODE = 'PL006';
  ELSIF (SELECT count(*) FROM careforall.waiting_entries e
         WHERE e.campaign_id = campaign.id AND e.reward_id IS NOT DISTINCT FROM waiting_check.reward_id) >= queue_max
  THEN
    RAISE EXCEPTION 'the waiting list is full' USING ERRCODE = 'PL006';
  END IF;
END
$$;

-- Joins. An account that is in the queue already gets its entry, without a token.
CREATE OR REPLACE FUNCTION careforall.waiting_join(
  actor uuid, campaign_id uuid, reward_id uuid, name text, email text, traceparent text)
RETURNS TABLE (doc json, etag text, location text, status integer)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  campaign careforall.campaigns;
  entry    careforall.waiting_entries;
  -- 244 random bits.
  token    text := rtrim(translate(encode(sha256(
    uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 'base64'), '+/', '-_'), '=');
BEGIN
  IF actor IS NOT NULL THEN
    PERFORM careforall.account_require(actor, 'donor');
  END IF;
  SELECT * INTO campaign FROM careforall.campaigns c WHERE c.id = campaign_id AND c.state <> 'draft';
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no such campaign' USING ERRCODE = 'PL005';
  END IF;
  SELECT * INTO entry FROM careforall.waiting_entries e
  WHERE e.account_id = actor AND e.campaign_id = campaign_id AND e.reward_id IS NOT DISTINCT FROM reward_id
  ORDER BY e.id LIMIT 1;
  IF FOUND THEN
    token := NULL;
    status := 200;
  ELSE
    PERFORM careforall.waiting_check(campaign, reward_id);
    INSERT INTO careforall.waiting_entries AS e (campaign_id, reward_id, name, email, account_id, token_hash, traceparent)
    VALUES (campaign_id, reward_id, name, email, actor, sha256(convert_to(token, 'UTF8')), traceparent)
    RETURNING e.* INTO entry;
  END IF;
  doc := careforall.waiting_json(entry, token);
  location := '/api/v1/waiting/' || entry.id;
  RETURN NEXT;
END
$$;

-- The entry that a token or an account opens; for everybody else there is none.
CREATE OR REPLACE FUNCTION careforall.waiting_of(entry_id uuid, token text, actor uuid)
RETURNS careforall.waiting_entries
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  entry careforall.waiting_entries;
BEGIN
  IF waiting_of.token IS NULL THEN
    PERFORM careforall.account_require(actor, 'donor');
  END IF;
  SELECT * INTO entry FROM careforall.waiting_entries e
  WHERE e.id = waiting_of.entry_id
    AND CASE WHEN waiting_of.token IS NULL THEN e.account_id = actor
      ELSE e.token_hash = sha256(convert_to(waiting_of.token, 'UTF8')) END;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no such entry' USING ERRCODE = 'PL005';
  END IF;
  RETURN entry;
END
$$;

-- GET /waiting/{id}
CREATE OR REPLACE FUNCTION careforall.waiting_read(entry_id uuid, token text, actor uuid)
RETURNS TABLE (doc json)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT careforall.waiting_json(careforall.waiting_of(entry_id, token, actor), NULL)
$$;

-- DELETE /waiting/{id}
CREATE OR REPLACE FUNCTION careforall.waiting_leave(entry_id uuid, token text, actor uuid)
RETURNS TABLE (doc json)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  entry careforall.waiting_entries := careforall.waiting_of(waiting_leave.entry_id, waiting_leave.token, waiting_leave.actor);
BEGIN
  DELETE FROM careforall.waiting_entries e WHERE e.id = entry.id;
  RETURN NEXT;
END
$$;

COMMENT ON FUNCTION careforall.campaign_room(careforall.campaigns) IS
  'What the cap of a campaign still has room for, in minor units; NULL is unlimited.';
COMMENT ON FUNCTION careforall.waiting_is_free(careforall.campaigns, uuid) IS
  'Whether somebody can give now, to the campaign or for one of its rewards.';
COMMENT ON FUNCTION careforall.waiting_ahead(careforall.waiting_entries) IS
  'How many wait in front of an entry of a waiting list.';
COMMENT ON FUNCTION careforall.waiting_json(careforall.waiting_entries, text) IS
  'An entry of a waiting list as the one who waits sees it.';
COMMENT ON FUNCTION careforall.waiting_check(careforall.campaigns, uuid) IS
  'Refuses a queue in which nobody can or has to wait.';
COMMENT ON FUNCTION careforall.waiting_join(uuid, uuid, uuid, text, text, text) IS
  'Joins the waiting list of a reward, or of a campaign that is full or paused; the answer is the same whoever is in it.';
COMMENT ON FUNCTION careforall.waiting_of(uuid, text, uuid) IS
  'The entry of a waiting list that a token or an account opens; refuses others (PL005).';
COMMENT ON FUNCTION careforall.waiting_read(uuid, text, uuid) IS
  'An entry of a waiting list, by its private token or the account that joined.';
COMMENT ON FUNCTION careforall.waiting_leave(uuid, text, uuid) IS
  'Takes an entry off its waiting list, with all that it holds of a person.';
