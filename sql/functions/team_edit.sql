-- SPDX-License-Identifier: Apache-2.0
-- The team of a campaign: accounts that the owner lets edit or view it.
--
-- A change locks the campaign's row, so that two changes of a team come one after the
-- other; the campaign itself stays as it is.

CREATE OR REPLACE FUNCTION careforall.team_member_json(member careforall.campaign_members)
RETURNS json
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT json_build_object(
    'account_id', a.id,
    'name', a.name,
    'email', a.email,
    'role', member.role,
    'added_at', careforall.json_time(member.added_at))
  FROM careforall.accounts a WHERE a.id = member.account_id
$$;

-- A digest of what is shown.
CREATE OR REPLACE FUNCTION careforall.team_member_etag(member careforall.campaign_members)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT '"' || left(encode(sha256(convert_to(careforall.team_member_json(member)::text, 'UTF8')), 'hex'), 16) || '"'
$$;

-- A member of a team; refuses who is none.
CREATE OR REPLACE FUNCTION careforall.team_member_of(campaign_id uuid, account_id uuid)
RETURNS careforall.campaign_members
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  member careforall.campaign_members;
BEGIN
  SELECT * INTO member FROM careforall.campaign_members m
  WHERE m.campaign_id = team_member_of.campaign_id AND m.account_id = team_member_of.account_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the account is not in the team' USING ERRCODE = 'PL005';
  END IF;
  RETURN member;
END
$$;

-- GET /campaigns/{id}/team: a team has 50 members at most.
CREATE OR REPLACE FUNCTION careforall.team_list(actor uuid, campaign text)
RETURNS TABLE (doc json)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  row_now careforall.campaigns := careforall.campaign_of(team_list.actor, team_list.campaign, 'own');
BEGIN
  RETURN QUERY
  SELECT json_build_object(
    'owner', (
      SELECT json_build_object('account_id', a.id, 'name', a.name, 'email', a.email)
      FROM careforall.accounts a WHERE a.id = row_now.owner_id),
    'items', (
      SELECT COALESCE(json_agg(careforall.team_member_json(m) ORDER BY m.added_at, m.account_id), '[]'::json)
      FROM careforall.campaign_members m WHERE m.campaign_id = row_now.id));
END
$$;

-- GET /campaigns/{id}/team/{account}: for the owner, and for the member itself.
CREATE OR REPLACE FUNCTION careforall.team_find(actor uuid, campaign text, account_id uuid)
RETURNS TABLE (doc json, etag text)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  row_now careforall.campaigns := careforall.campaign_of(team_find.actor, team_find.campaign,
    CASE WHEN team_find.actor = team_find.account_id THEN 'view' ELSE 'own' END);
  member  careforall.campaign_members := careforall.team_member_of(row_now.id, team_find.account_id);
BEGIN
  RETURN QUERY SELECT careforall.team_member_json(member), careforall.team_member_etag(member);
END
$$;

-- POST /campaigns/{id}/team: by e-mail address.
CREATE OR REPLACE FUNCTION careforall.team_add(actor uuid, campaign text, email text, role text)
RETURNS TABLE (doc json, etag text, location text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  row_now careforall.campaigns := careforall.campaign_of_locked(team_add.actor, team_add.campaign, 'own');
  member  careforall.campaign_members;
  asked   uuid := (
    SELECT a.id FROM careforall.accounts a
    WHERE lower(a.email) = lower(team_add.email) AND a.disabled_at IS NULL);
BEGIN
  IF asked IS NULL THEN
    PERFORM careforall.json_errors_raise(careforall.json_error('/email', 'unknown_account',
      'Nobody has registered with this address.'));
  ELSIF asked = row_now.owner_id THEN
    RAISE EXCEPTION 'the owner needs no place in the team' USING ERRCODE = 'PL006';
  ELSIF (SELECT count(*) FROM careforall.campaign_members m WHERE m.campaign_id = row_now.id) >= 50 THEN
    RAISE EXCEPTION 'the team has 50 members: that is the most' USING ERRCODE = 'PL006';
  END IF;
  INSERT INTO careforall.campaign_members AS m (campaign_id, account_id, role)
  VALUES (row_now.id, asked, team_add.role)
  ON CONFLICT DO NOTHING
  RETURNING * INTO member;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the account is in the team already' USING ERRCODE = 'PL006';
  END IF;
  PERFORM careforall.audit_add('team.add', 'campaign', row_now.id::text, 'added through the API',
    jsonb_build_object('account_id', asked, 'role', team_add.role));
  RETURN QUERY SELECT careforall.team_member_json(member), careforall.team_member_etag(member),
    format('/api/v1/campaigns/%s/team/%s', row_now.id, asked);
END
$$;

-- PUT /campaigns/{id}/team/{account}
CREATE OR REPLACE FUNCTION careforall.team_put(
  actor uuid, campaign text, account_id uuid, if_match text, role text)
RETURNS TABLE (doc json, etag text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  row_now careforall.campaigns := careforall.campaign_of_locked(team_put.actor, team_put.campaign, 'own');
  member  careforall.campaign_members := careforall.team_member_of(row_now.id, team_put.account_id);
BEGIN
  PERFORM careforall.etag_require(team_put.if_match, careforall.team_member_etag(member));
  IF member.role <> team_put.role THEN
    UPDATE careforall.campaign_members m SET role = team_put.role
    WHERE m.campaign_id = member.campaign_id AND m.account_id = member.account_id
    RETURNING * INTO member;
    PERFORM careforall.audit_add('team.edit', 'campaign', row_now.id::text, 'changed through the API',
      jsonb_build_object('account_id', member.account_id, 'role', member.role));
  END IF;
  RETURN QUERY SELECT careforall.team_member_json(member), careforall.team_member_etag(member);
END
$$;

-- DELETE /campaigns/{id}/team/{account}: by the owner, or by the member itself.
CREATE OR REPLACE FUNCTION careforall.team_remove(
  actor uuid, campaign text, account_id uuid, if_match text)
RETURNS TABLE (doc json)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  row_now careforall.campaigns := careforall.campaign_of_locked(team_remove.actor, team_remove.campaign,
    CASE WHEN team_remove.actor = team_remove.account_id THEN 'view' ELSE 'own' END);
  member  careforall.campaign_members := careforall.team_member_of(row_now.id, team_remove.account_id);
BEGIN
  PERFORM careforall.etag_require(team_remove.if_match, careforall.team_member_etag(member));
  DELETE FROM careforall.campaign_members m
  WHERE m.campaign_id = member.campaign_id AND m.account_id = member.account_id;
  PERFORM careforall.audit_add('team.remove', 'campaign', row_now.id::text, 'removed through the API',
    jsonb_build_object('account_id', member.account_id, 'role', member.role));
  RETURN QUERY SELECT NULL::json;
END
$$;

COMMENT ON FUNCTION careforall.team_member_json(careforall.campaign_members) IS
  'A member of a team as the owner sees it.';
COMMENT ON FUNCTION careforall.team_member_etag(careforall.campaign_members) IS
  'The strong entity tag of a member of a team.';
COMMENT ON FUNCTION careforall.team_member_of(uuid, uuid) IS
  'A member of the team of a campaign; refuses who is none.';
COMMENT ON FUNCTION careforall.team_list(uuid, text) IS
  'The owner and the team of a campaign, for the owner.';
COMMENT ON FUNCTION careforall.team_find(uuid, text, uuid) IS
  'A member of a team, for the owner and for itself.';
COMMENT ON FUNCTION careforall.team_add(uuid, text, text, text) IS
  'Takes the account with an address into a team. Audited.';
COMMENT ON FUNCTION careforall.team_put(uuid, text, uuid, text, text) IS
  'Changes the role of a member of a team. Audited.';
COMMENT ON FUNCTION careforall.team_remove(uuid, text, uuid, text) IS
  'Takes an account out of a team; a member may leave by itself. Audited.';
