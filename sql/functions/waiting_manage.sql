-- SPDX-License-Identifier: Apache-2.0
-- Waiting lists as those who run a campaign see them, and what is free of what.

-- Whether an entry is the first of its address in its queue: the others are not listed.
CREATE OR REPLACE FUNCTION careforall.waiting_is_first(entry careforall.waiting_entries)
RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT NOT EXISTS (
    SELECT FROM careforall.waiting_entries e
    WHERE e.campaign_id = entry.campaign_id AND e.reward_id IS NOT DISTINCT FROM entry.reward_id
      AND lower(e.email) = lower(entry.email) AND e.id < entry.id)
$$;

-- Whether the person has given since joining: for that reward, or to the campaign.
CREATE OR REPLACE FUNCTION careforall.waiting_has_given(entry careforall.waiting_entries)
RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT EXISTS (
    SELECT FROM careforall.pledges p
    WHERE lower(p.donor_email) = lower(entry.email) AND p.campaign_id = entry.campaign_id
      AND (entry.reward_id IS NULL OR p.reward_id = entry.reward_id)
      AND p.state IN ('pending', 'confirmed') AND p.created_at >= entry.joined_at)
$$;

-- An entry for the team; the address only for those who may edit the campaign.
CREATE OR REPLACE FUNCTION careforall.waiting_team_json(entry careforall.waiting_entries, shows_email boolean)
RETURNS json
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT json_build_object(
    'id', entry.id,
    'reward', (SELECT json_build_object('id', r.id, 'title', r.title)
               FROM careforall.rewards r WHERE r.id = entry.reward_id),
    'name', entry.name,
    'email', CASE WHEN shows_email THEN entry.email END,
    'has_account', entry.account_id IS NOT NULL,
    'state', entry.state,
    'has_given', careforall.waiting_has_given(entry),
    'joined_at', careforall.json_time(entry.joined_at),
    'invited_at', careforall.json_time(entry.invited_at))
$$;

-- Whether an entry fits the filters: a queue (the id of a reward, or campaign for that of
-- the campaign itself) and a state.
CREATE OR REPLACE FUNCTION careforall.waiting_fits(entry careforall.waiting_entries, queue text, state text)
RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT (queue IS NULL OR COALESCE(entry.reward_id::text, 'campaign') = lower(queue))
    AND (waiting_fits.state IS NULL OR entry.state = waiting_fits.state)
    AND careforall.waiting_is_first(entry)
$$;

-- The waiting list of a campaign for its team: who joined first comes first, behind the
-- entry given (NULL: from the first). max is held to 1..1000.
CREATE OR REPLACE FUNCTION careforall.waiting_list(
  actor uuid, campaign_id uuid, queue text, state text, after_id uuid, max integer)
RETURNS TABLE (doc json, id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  sees_email boolean :=
    careforall.campaign_require(actor, waiting_list.campaign_id, 'view') <> 'view';
BEGIN
  RETURN QUERY
  SELECT careforall.waiting_team_json(e, sees_email), e.id
  FROM careforall.waiting_entries e
  WHERE e.campaign_id = waiting_list.campaign_id AND (after_id IS NULL OR e.id > after_id)
    AND careforall.waiting_fits(e, queue, waiting_list.state)
  ORDER BY e.id
  LIMIT LEAST(GREATEST(COALESCE(max, 20), 1), 1000);
END
$$;

-- How many there are.
CREATE OR REPLACE FUNCTION careforall.waiting_count(actor uuid, campaign_id uuid, queue text, state text)
RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  PERFORM careforall.campaign_require(actor, waiting_count.campaign_id, 'view');
  RETURN (SELECT count(*) FROM careforall.waiting_entries e
    WHERE e.campaign_id = waiting_count.campaign_id
      AND careforall.waiting_fits(e, queue, waiting_count.state));
END
$$;

-- Begins an export: checks the right and notes who exports what.
CREATE OR REPLACE FUNCTION careforall.waiting_export_begin(
  actor uuid, campaign_id uuid, format text, filters jsonb)
RETURNS TABLE (slug text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  has_right text := careforall.campaign_require(actor, waiting_export_begin.campaign_id, 'view');
BEGIN
  PERFORM careforall.actor_set(actor);
  PERFORM careforall.audit_add('waiting.export', 'campaign', waiting_export_begin.campaign_id::text,
    'export over the API',
    jsonb_build_object('format', format, 'filters', filters, 'with_emails', has_right <> 'view'));
  RETURN QUERY SELECT c.slug FROM careforall.campaigns c WHERE c.id = waiting_export_begin.campaign_id;
END
$$;

-- A page of an export; the columns behind doc are those of the CSV file.
CREATE OR REPLACE FUNCTION careforall.waiting_export_page(
  actor uuid, campaign_id uuid, format text, queue text, state text, after_id uuid, max_rows integer)
RETURNS TABLE (doc json, entry text, joined_at text, state_now text, invited_at text, has_given text,
  reward text, person_name text, email text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT l.doc, l.doc ->> 'id', l.doc ->> 'joined_at', l.doc ->> 'state', l.doc ->> 'invited_at',
    l.doc ->> 'has_given', l.doc #>> '{reward,title}', l.doc ->> 'name', l.doc ->> 'email'
  FROM careforall.waiting_list(actor, campaign_id, queue, state, after_id, max_rows) l
$$;

-- Marks an entry as invited; again changes nothing. Internal: the caller may do it.
CREATE OR REPLACE FUNCTION careforall.waiting_invite_do(entry_id uuid, reason text)
RETURNS careforall.waiting_entries
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  entry careforall.waiting_entries;
BEGIN
  UPDATE careforall.waiting_entries e
  SET state = 'invited', invited_at = careforall.clock(), version = e.version + 1
  WHERE e.id = waiting_invite_do.entry_id AND e.state = 'waiting'
  RETURNING e.* INTO entry;
  IF FOUND THEN
    PERFORM careforall.audit_add('waiting.invite', 'waiting_entry', entry.id::text, reason,
      jsonb_build_object('campaign_id', entry.campaign_id, 'reward_id', entry.reward_id));
    RETURN entry;
  END IF;
  SELECT * INTO entry FROM careforall.waiting_entries e WHERE e.id = waiting_invite_do.entry_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no such entry' USING ERRCODE = 'PL005';
  END IF;
  RETURN entry;
END
$$;

-- Removes an entry, and what the same address has in the queue besides. Internal.
CREATE OR REPLACE FUNCTION careforall.waiting_remove_do(entry_id uuid, reason text)
RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  entry   careforall.waiting_entries;
  removed bigint;
BEGIN
  SELECT * INTO entry FROM careforall.waiting_entries e WHERE e.id = waiting_remove_do.entry_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no such entry' USING ERRCODE = 'PL005';
  END IF;
  DELETE FROM careforall.waiting_entries e
  WHERE e.campaign_id = entry.campaign_id AND e.reward_id IS NOT DISTINCT FROM entry.reward_id
    AND lower(e.email) = lower(entry.email);
  GET DIAGNOSTICS removed = ROW_COUNT;
  PERFORM careforall.audit_add('waiting.remove', 'waiting_entry', entry.id::text, reason,
    jsonb_build_object('campaign_id', entry.campaign_id, 'reward_id', entry.reward_id, 'entries', removed));
  RETURN removed;
END
$$;

-- An entry of a campaign that an account may edit.
CREATE OR REPLACE FUNCTION careforall.waiting_require(actor uuid, campaign_id uuid, entry_id uuid)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  PERFORM careforall.campaign_require(waiting_require.actor, waiting_require.campaign_id, 'edit');
  IF NOT EXISTS (SELECT FROM careforall.waiting_entries e
                 WHERE e.id = waiting_require.entry_id AND e.campaign_id = waiting_require.campaign_id)
  THEN
    RAISE EXCEPTION 'there is no such entry' USING ERRCODE = 'PL005';
  END IF;
  PERFORM careforall.actor_set(waiting_require.actor);
END
$$;

-- POST /campaigns/{id}/waiting/{entry}/invite
CREATE OR REPLACE FUNCTION careforall.waiting_invite_for(actor uuid, campaign_id uuid, entry_id uuid)
RETURNS TABLE (doc json)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  PERFORM careforall.waiting_require(waiting_invite_for.actor, waiting_invite_for.campaign_id, waiting_invite_for.entry_id);
  doc := careforall.waiting_team_json(
    careforall.waiting_invite_do(waiting_invite_for.entry_id, 'invited through the API'), true);
  RETURN NEXT;
END
$$;

-- DELETE /campaigns/{id}/waiting/{entry}
CREATE OR REPLACE FUNCTION careforall.waiting_remove_for(actor uuid, campaign_id uuid, entry_id uuid)
RETURNS TABLE (doc json)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  PERFORM careforall.waiting_require(waiting_remove_for.actor, waiting_remove_for.campaign_id, waiting_remove_for.entry_id);
  PERFORM careforall.waiting_remove_do(waiting_remove_for.entry_id, 'removed through the API');
  RETURN NEXT;
END
$$;

-- The same by hand.
CREATE OR REPLACE FUNCTION careforall.waiting_invite(entry_id uuid, reason text)
RETURNS TABLE (state text, invited_at timestamptz)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  entry careforall.waiting_entries := careforall.waiting_invite_do(
    waiting_invite.entry_id, careforall.reason_check(waiting_invite.reason));
BEGIN
  RETURN QUERY SELECT entry.state, entry.invited_at;
END
$$;

CREATE OR REPLACE FUNCTION careforall.waiting_remove(entry_id uuid, reason text, dry_run boolean DEFAULT false)
RETURNS TABLE (removed bigint, result text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  why text := careforall.reason_check(waiting_remove.reason);
BEGIN
  result := 'done';
  BEGIN
    removed := careforall.waiting_remove_do(waiting_remove.entry_id, why);
    PERFORM careforall.dry_run_end(waiting_remove.dry_run);
  EXCEPTION WHEN SQLSTATE 'DRYRN' THEN
    result := 'dry run: nothing changed';
  END;
  RETURN NEXT;
END
$$;

-- Whom to write to; for administrators, and for whatever sends e-mail.
CREATE OR REPLACE FUNCTION careforall.waiting_reveal(entry_id uuid, reason text)
RETURNS TABLE (person_name text, email text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  why   text := careforall.reason_check(waiting_reveal.reason);
  entry careforall.waiting_entries;
BEGIN
  SELECT * INTO entry FROM careforall.waiting_entries e WHERE e.id = waiting_reveal.entry_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no such entry' USING ERRCODE = 'PL005',
      HINT = 'Look for it in careforall.waiting_overview.';
  END IF;
  PERFORM careforall.audit_add('waiting.reveal', 'waiting_entry', entry.id::text, why);
  RETURN QUERY SELECT entry.name, entry.email;
END
$$;

-- What a reward (kind reward), a pool or, without reward, the queue of the campaign has.
CREATE OR REPLACE FUNCTION careforall.places_json(kind text, id uuid, name text, capacity integer)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT jsonb_build_object('id', places_json.id, 'name', name, 'capacity', capacity,
    'held', COALESCE(sum(p.held_places) FILTER (WHERE p.state = 'pending'), 0),
    'taken', COALESCE(sum(p.held_places) FILTER (WHERE p.state <> 'pending'), 0),
    'free', capacity - COALESCE(sum(p.held_places), 0))
  FROM careforall.pledges p
  WHERE CASE kind WHEN 'reward' THEN p.reward_id = places_json.id ELSE p.pool_id = places_json.id END
$$;

-- How many wait in a queue, how many of them are invited, and whether a place is free.
CREATE OR REPLACE FUNCTION careforall.queue_json(campaign careforall.campaigns, reward_id uuid)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT jsonb_build_object(
    'waiting', count(*) FILTER (WHERE e.state = 'waiting'),
    'invited', count(*) FILTER (WHERE e.state = 'invited'),
    'is_free', careforall.waiting_is_free(campaign, queue_json.reward_id))
  FROM careforall.waiting_entries e
  WHERE e.campaign_id = campaign.id AND e.reward_id IS NOT DISTINCT FROM queue_json.reward_id
    AND careforall.waiting_is_first(e)
$$;

-- GET /campaigns/{id}/places
CREATE OR REPLACE FUNCTION careforall.campaign_places(actor uuid, campaign_id uuid)
RETURNS TABLE (doc json)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  PERFORM careforall.campaign_require(campaign_places.actor, campaign_places.campaign_id, 'view');
  RETURN QUERY SELECT json_build_object(
    'campaign', careforall.queue_json(c, NULL),
    'rewards', COALESCE((
      SELECT json_agg(careforall.places_json('reward', r.id, r.title, r.quantity)
          || jsonb_build_object('remaining', careforall.reward_remaining(r))
          || careforall.queue_json(c, r.id) ORDER BY r.position, r.id)
      FROM careforall.rewards r WHERE r.campaign_id = c.id AND r.archived_at IS NULL), '[]'),
    'pools', COALESCE((
      SELECT json_agg(careforall.places_json('pool', l.id, l.name, l.capacity) ORDER BY l.id)
      FROM careforall.pools l WHERE l.campaign_id = c.id), '[]'))
  FROM careforall.campaigns c WHERE c.id = campaign_places.campaign_id;
END
$$;

COMMENT ON FUNCTION careforall.waiting_is_first(careforall.waiting_entries) IS
  'Whether an entry is the first of its address in its waiting list.';
COMMENT ON FUNCTION careforall.waiting_has_given(careforall.waiting_entries) IS
  'Whether a person has given what they waited for since they joined.';
COMMENT ON FUNCTION careforall.waiting_team_json(careforall.waiting_entries, boolean) IS
  'An entry of a waiting list as the team of the campaign sees it.';
COMMENT ON FUNCTION careforall.waiting_fits(careforall.waiting_entries, text, text) IS
  'Whether an entry of a waiting list is in a queue, has a state, and is the first of its address.';
COMMENT ON FUNCTION careforall.waiting_list(uuid, uuid, text, text, uuid, integer) IS
  'Who waits for a campaign and its rewards, for its team; addresses only for those who may edit.';
COMMENT ON FUNCTION careforall.waiting_count(uuid, uuid, text, text) IS
  'The length of that list.';
COMMENT ON FUNCTION careforall.waiting_export_begin(uuid, uuid, text, jsonb) IS
  'Begins an export of a waiting list, which is audited.';
COMMENT ON FUNCTION careforall.waiting_export_page(uuid, uuid, text, text, text, uuid, integer) IS
  'A page of an export of a waiting list.';
COMMENT ON FUNCTION careforall.waiting_invite_do(uuid, text) IS
  'Marks an entry of a waiting list as invited; audited.';
COMMENT ON FUNCTION careforall.waiting_remove_do(uuid, text) IS
  'Removes an address from a waiting list; audited.';
COMMENT ON FUNCTION careforall.waiting_require(uuid, uuid, uuid) IS
  'Refuses an account that may not edit the campaign, and an entry of another campaign.';
COMMENT ON FUNCTION careforall.waiting_invite_for(uuid, uuid, uuid) IS
  'Marks an entry of a waiting list as invited, for those who may edit the campaign; again changes nothing.';
COMMENT ON FUNCTION careforall.waiting_remove_for(uuid, uuid, uuid) IS
  'Removes an address from a waiting list, for those who may edit the campaign.';
COMMENT ON FUNCTION careforall.waiting_invite(uuid, text) IS
  'Marks an entry of a waiting list as invited; again changes nothing. Reason required, audited.';
COMMENT ON FUNCTION careforall.waiting_remove(uuid, text, boolean) IS
  'Removes an address from a waiting list. Reason required, audited; dry_run checks and changes nothing.';
COMMENT ON FUNCTION careforall.waiting_reveal(uuid, text) IS
  'Name and e-mail address of somebody who waits. Reason required, audited.';
COMMENT ON FUNCTION careforall.places_json(text, uuid, text, integer) IS
  'What of a reward or pool is held, taken and free.';
COMMENT ON FUNCTION careforall.queue_json(careforall.campaigns, uuid) IS
  'How many wait for a reward or a campaign, and whether a place is free.';
COMMENT ON FUNCTION careforall.campaign_places(uuid, uuid) IS
  'What of the rewards and pools of a campaign is held, taken and free, and who waits, for its team.';
