-- SPDX-License-Identifier: Apache-2.0
-- Updates: news of a campaign by its team.
--
-- Public ones are for everybody. Those for backers are for accounts and private links
-- of a confirmed pledge of the campaign, and for its team. For all others they do not
-- exist.

CREATE OR REPLACE FUNCTION careforall.update_json(news careforall.campaign_updates)
RETURNS json
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT json_build_object(
    'id', news.id,
    'campaign_id', news.campaign_id,
    'title', news.title,
    'body', news.body,
    'visibility', news.visibility,
    'version', news.version,
    'created_at', careforall.json_time(news.created_at),
    'updated_at', careforall.json_time(news.updated_at))
$$;

CREATE OR REPLACE FUNCTION careforall.update_etag(news careforall.campaign_updates)
RETURNS text
LANGUAGE sql IMMUTABLE
AS $$ SELECT '"' || (news).version || '"' $$;

-- Whether an account (NULL: nobody) or the pledge of a private link, whose token has
-- been checked (NULL: none), may read what is for backers. Refuses a link whose time is
-- over, unless the account may read it anyway.
CREATE OR REPLACE FUNCTION careforall.is_backer(actor uuid, pledge_id uuid, campaign_id uuid)
RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  pledge careforall.pledges;
BEGIN
  IF careforall.campaign_right(is_backer.actor, is_backer.campaign_id) IS NOT NULL
    OR EXISTS (
      SELECT FROM careforall.pledges p
      WHERE p.account_id = is_backer.actor AND p.campaign_id = is_backer.campaign_id
        AND p.state = 'confirmed')
    OR EXISTS (
      SELECT FROM careforall.pledge_claims k
      JOIN careforall.pledges p ON p.id = k.pledge_id
      WHERE k.account_id = is_backer.actor AND p.campaign_id = is_backer.campaign_id
        AND p.state = 'confirmed')
  THEN
    RETURN true;
  END IF;
  SELECT * INTO pledge FROM careforall.pledges p
  WHERE p.id = is_backer.pledge_id AND p.campaign_id = is_backer.campaign_id;
  PERFORM careforall.pledge_link_require(pledge);
  RETURN COALESCE(pledge.state = 'confirmed', false);
END
$$;

-- The campaign whose updates somebody asks for, by id or slug; a draft only for its team.
CREATE OR REPLACE FUNCTION careforall.campaign_shown(actor uuid, campaign text)
RETURNS careforall.campaigns
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  found_row careforall.campaigns;
BEGIN
  SELECT * INTO found_row FROM careforall.campaigns c
  WHERE c.id = careforall.campaign_id_of(campaign_shown.campaign);
  IF found_row.id IS NULL OR found_row.state = 'draft'
     AND careforall.campaign_right(campaign_shown.actor, found_row.id) IS NULL THEN
    RAISE EXCEPTION 'there is no such campaign' USING ERRCODE = 'PL005';
  END IF;
  RETURN found_row;
END
$$;

-- The updates that somebody may read, the newest first, those before the one given.
CREATE OR REPLACE FUNCTION careforall.update_list(
  actor uuid, pledge_id uuid, campaign text, before uuid, max integer)
RETURNS TABLE (id uuid, doc json)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  shown   careforall.campaigns := careforall.campaign_shown(update_list.actor, update_list.campaign);
  sees_all boolean := careforall.is_backer(update_list.actor, update_list.pledge_id, shown.id);
BEGIN
  RETURN QUERY
  SELECT u.id, careforall.update_json(u)
  FROM careforall.campaign_updates u
  WHERE u.campaign_id = shown.id AND (sees_all OR u.visibility = 'public')
    AND (update_list.before IS NULL OR u.id < update_list.before)
  ORDER BY u.id DESC
  LIMIT LEAST(GREATEST(COALESCE(update_list.max, 20), 1), 101);
END
$$;

CREATE OR REPLACE FUNCTION careforall.update_find(
  actor uuid, pledge_id uuid, campaign text, update_id uuid)
RETURNS TABLE (doc json, etag text)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  shown    careforall.campaigns := careforall.campaign_shown(update_find.actor, update_find.campaign);
  sees_all boolean := careforall.is_backer(update_find.actor, update_find.pledge_id, shown.id);
BEGIN
  RETURN QUERY
  SELECT careforall.update_json(u), careforall.update_etag(u)
  FROM careforall.campaign_updates u
  WHERE u.id = update_find.update_id AND u.campaign_id = shown.id
    AND (sees_all OR u.visibility = 'public');
END
$$;

CREATE OR REPLACE FUNCTION careforall.update_content_check(content jsonb)
RETURNS jsonb
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT careforall.json_text_check(content, '/title', 1, 140)
    || careforall.json_text_check(content, '/body', 1, 10000, true)
    || careforall.json_choice_check(content, '/visibility', '{public,backers}')
$$;

-- POST /campaigns/{id}/updates
CREATE OR REPLACE FUNCTION careforall.update_add(actor uuid, campaign text, body jsonb)
RETURNS TABLE (doc json, etag text, location text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  row_now careforall.campaigns := careforall.campaign_of(update_add.actor, update_add.campaign, 'edit');
  content jsonb := '{"visibility": "public"}' || careforall.json_merge('{}', update_add.body);
  made    careforall.campaign_updates;
BEGIN
  PERFORM careforall.json_errors_raise(careforall.update_content_check(content));
  IF row_now.state = 'draft' THEN
    RAISE EXCEPTION 'the campaign is a draft: publish it first' USING ERRCODE = 'PL006';
  END IF;
  PERFORM careforall.actor_set(update_add.actor);
  INSERT INTO careforall.campaign_updates AS u (campaign_id, author_id, title, body, visibility)
  VALUES (row_now.id, update_add.actor, content ->> 'title', content ->> 'body', content ->> 'visibility')
  RETURNING * INTO made;
  PERFORM careforall.audit_add('update.create', 'campaign', row_now.id::text, 'made through the API',
    jsonb_build_object('update_id', made.id, 'title', made.title, 'visibility', made.visibility));
  RETURN QUERY SELECT careforall.update_json(made), careforall.update_etag(made),
    format('/api/v1/campaigns/%s/updates/%s', row_now.id, made.id);
END
$$;

-- An update that an account may change, locked: its own, or any as owner of the campaign.
CREATE OR REPLACE FUNCTION careforall.update_of_locked(actor uuid, campaign text, update_id uuid)
RETURNS careforall.campaign_updates
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  row_now careforall.campaigns :=
    careforall.campaign_of(update_of_locked.actor, update_of_locked.campaign, 'edit');
  news    careforall.campaign_updates;
BEGIN
  SELECT * INTO news FROM careforall.campaign_updates u
  WHERE u.id = update_of_locked.update_id AND u.campaign_id = row_now.id FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the campaign has no such update' USING ERRCODE = 'PL005';
  ELSIF news.author_id <> update_of_locked.actor
        AND careforall.campaign_right(update_of_locked.actor, row_now.id) <> 'own' THEN
    RAISE EXCEPTION 'this is for the author of the update and the owner of the campaign'
      USING ERRCODE = 'PL010';
  END IF;
  PERFORM careforall.actor_set(update_of_locked.actor);
  RETURN news;
END
$$;

-- PATCH /campaigns/{id}/updates/{update}
CREATE OR REPLACE FUNCTION careforall.update_edit(
  actor uuid, campaign text, update_id uuid, if_match text, patch jsonb)
RETURNS TABLE (doc json, etag text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  news    careforall.campaign_updates :=
    careforall.update_of_locked(update_edit.actor, update_edit.campaign, update_edit.update_id);
  before  jsonb := jsonb_build_object('title', news.title, 'body', news.body, 'visibility', news.visibility);
  content jsonb := careforall.json_merge(before, update_edit.patch);
BEGIN
  PERFORM careforall.etag_require(update_edit.if_match, careforall.update_etag(news));
  PERFORM careforall.json_errors_raise(careforall.update_content_check(content));
  IF content <> before THEN
    UPDATE careforall.campaign_updates u
    SET title = content ->> 'title', body = content ->> 'body', visibility = content ->> 'visibility',
        version = u.version + 1, updated_at = careforall.clock()
    WHERE u.id = news.id
    RETURNING * INTO news;
    PERFORM careforall.audit_add('update.edit', 'campaign', news.campaign_id::text, 'edited through the API',
      jsonb_build_object('update_id', news.id, 'title', news.title, 'visibility', news.visibility));
  END IF;
  RETURN QUERY SELECT careforall.update_json(news), careforall.update_etag(news);
END
$$;

-- DELETE /campaigns/{id}/updates/{update}
CREATE OR REPLACE FUNCTION careforall.update_remove(
  actor uuid, campaign text, update_id uuid, if_match text)
RETURNS TABLE (doc json)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  news careforall.campaign_updates :=
    careforall.update_of_locked(update_remove.actor, update_remove.campaign, update_remove.update_id);
BEGIN
  PERFORM careforall.etag_require(update_remove.if_match, careforall.update_etag(news));
  DELETE FROM careforall.campaign_updates u WHERE u.id = news.id;
  PERFORM careforall.audit_add('update.remove', 'campaign', news.campaign_id::text, 'removed through the API',
    jsonb_build_object('update_id', news.id, 'title', news.title, 'visibility', news.visibility));
  RETURN QUERY SELECT NULL::json;
END
$$;

COMMENT ON FUNCTION careforall.update_json(careforall.campaign_updates) IS
  'An update as its readers see it.';
COMMENT ON FUNCTION careforall.update_etag(careforall.campaign_updates) IS
  'The strong entity tag of an update.';
COMMENT ON FUNCTION careforall.is_backer(uuid, uuid, uuid) IS
  'Whether an account or the pledge of a private link may read what is for backers; refuses a link whose time is over (PL033).';
COMMENT ON FUNCTION careforall.campaign_shown(uuid, text) IS
  'A campaign that the public, or the account, may see.';
COMMENT ON FUNCTION careforall.update_list(uuid, uuid, text, uuid, integer) IS
  'The updates of a campaign that somebody may read, the newest first.';
COMMENT ON FUNCTION careforall.update_find(uuid, uuid, text, uuid) IS
  'One update, if somebody may read it.';
COMMENT ON FUNCTION careforall.update_content_check(jsonb) IS
  'The errors of an update.';
COMMENT ON FUNCTION careforall.update_add(uuid, text, jsonb) IS
  'Makes an update of a campaign of the account. Audited.';
COMMENT ON FUNCTION careforall.update_of_locked(uuid, text, uuid) IS
  'An update that the account may change, locked.';
COMMENT ON FUNCTION careforall.update_edit(uuid, text, uuid, text, jsonb) IS
  'Merges a patch into an update if it still has the tag of If-Match. Audited.';
COMMENT ON FUNCTION careforall.update_remove(uuid, text, uuid, text) IS
  'Removes an update if it still has the tag of If-Match. Audited.';
