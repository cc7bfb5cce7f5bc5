-- SPDX-License-Identifier: Apache-2.0
-- Rewards and pools changed through the API. They share the revision of their
-- campaign, whose row is locked first by every change.
--
-- A reward cannot be deleted, because pledges name it for ever: one that nobody holds
-- or uses now is archived, with a quantity of zero, so that nobody can pledge for it.

-- A campaign that an account may edit and that is not closed, locked.
CREATE OR REPLACE FUNCTION careforall.campaign_of_open(actor uuid, campaign text)
RETURNS careforall.campaigns
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  row_now careforall.campaigns :=
    careforall.campaign_of_locked(campaign_of_open.actor, campaign_of_open.campaign, 'edit');
BEGIN
  IF row_now.state = 'closed' THEN
    RAISE EXCEPTION 'the campaign is closed: its rewards stay as they are' USING ERRCODE = 'PL006';
  END IF;
  RETURN row_now;
END
$$;

CREATE OR REPLACE FUNCTION careforall.reward_content(reward careforall.rewards, currency text)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT to_jsonb(careforall.reward_manage_json(reward, reward_content.currency)) - 'id'
$$;

CREATE OR REPLACE FUNCTION careforall.reward_content_check(content jsonb, campaign careforall.campaigns)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  errors jsonb := careforall.json_text_check(content, '/title', 1, 140)
    || careforall.json_text_check(content, '/description', 0, 2000, true)
    || careforall.json_money_check(content, '/min_amount', 1, campaign.currency)
    || careforall.json_integer_check(content, '/quantity', 0, 2147483647, true)
    || careforall.json_integer_check(content, '/position', 0, 1000, true)
    || careforall.json_id_check(content, '/pool_id', true);
BEGIN
  IF errors = '[]' AND NOT EXISTS (
    SELECT FROM careforall.pools l
    WHERE l.campaign_id = campaign.id AND l.id = (content ->> 'pool_id')::uuid)
    AND content ->> 'pool_id' IS NOT NULL
  THEN
    errors := careforall.json_error('/pool_id', 'unknown_pool', 'The campaign has no such pool.');
  END IF;
  RETURN errors;
END
$$;

CREATE OR REPLACE FUNCTION careforall.reward_content_apply(reward careforall.rewards, content jsonb)
RETURNS careforall.rewards
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  reward.title := content ->> 'title';
  reward.description := content ->> 'description';
  reward.min_amount_minor := content #>> '{min_amount,amount}';
  reward.quantity := content ->> 'quantity';
  reward.position := content ->> 'position';
  reward.pool_id := content ->> 'pool_id';
  RETURN reward;
END
$$;

-- A reward of a campaign that is still shown; refuses another.
CREATE OR REPLACE FUNCTION careforall.reward_of(campaign careforall.campaigns, reward_id uuid)
RETURNS careforall.rewards
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  found_row careforall.rewards;
BEGIN
  SELECT * INTO found_row FROM careforall.rewards r
  WHERE r.id = reward_of.reward_id AND r.campaign_id = campaign.id AND r.archived_at IS NULL;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the campaign has no such reward' USING ERRCODE = 'PL005';
  END IF;
  RETURN found_row;
END
$$;

CREATE OR REPLACE FUNCTION careforall.pool_of(campaign careforall.campaigns, pool_id uuid)
RETURNS careforall.pools
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  found_row careforall.pools;
BEGIN
  SELECT * INTO found_row FROM careforall.pools l
  WHERE l.id = pool_of.pool_id AND l.campaign_id = campaign.id;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the campaign has no such pool' USING ERRCODE = 'PL005';
  END IF;
  RETURN found_row;
END
$$;

-- A reward or pool as it is now, with the tag of its campaign.
CREATE OR REPLACE FUNCTION careforall.reward_result(actor uuid, reward_id uuid)
RETURNS TABLE (doc json, etag text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT careforall.reward_manage_json(r, c.currency),
         careforall.campaign_manage_etag(c.version, careforall.campaign_right(reward_result.actor, c.id))
  FROM careforall.rewards r
  JOIN careforall.campaigns c ON c.id = r.campaign_id
  WHERE r.id = reward_result.reward_id
$$;

CREATE OR REPLACE FUNCTION careforall.pool_result(actor uuid, pool_id uuid)
RETURNS TABLE (doc json, etag text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT careforall.pool_manage_json(l),
         careforall.campaign_manage_etag(c.version, careforall.campaign_right(pool_result.actor, c.id))
  FROM careforall.pools l
  JOIN careforall.campaigns c ON c.id = l.campaign_id
  WHERE l.id = pool_result.pool_id
$$;

-- GET /campaigns/{id}/rewards/{reward}
CREATE OR REPLACE FUNCTION careforall.reward_find(actor uuid, campaign text, reward_id uuid)
RETURNS TABLE (doc json, etag text)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  found_row careforall.rewards := careforall.reward_of(
    careforall.campaign_of(reward_find.actor, reward_find.campaign, 'view'), reward_find.reward_id);
BEGIN
  RETURN QUERY SELECT r.doc, r.etag FROM careforall.reward_result(reward_find.actor, found_row.id) r;
END
$$;

-- GET /campaigns/{id}/pools/{pool}
CREATE OR REPLACE FUNCTION careforall.pool_find(actor uuid, campaign text, pool_id uuid)
RETURNS TABLE (doc json, etag text)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  found_row careforall.pools := careforall.pool_of(
    careforall.campaign_of(pool_find.actor, pool_find.campaign, 'view'), pool_find.pool_id);
BEGIN
  RETURN QUERY SELECT r.doc, r.etag FROM careforall.pool_result(pool_find.actor, found_row.id) r;
END
$$;

-- POST /campaigns/{id}/rewards
CREATE OR REPLACE FUNCTION careforall.reward_add(actor uuid, campaign text, body jsonb)
RETURNS TABLE (doc json, etag text, location text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  row_now careforall.campaigns := careforall.campaign_of_open(reward_add.actor, reward_add.campaign);
  content jsonb := '{"description": ""}' || careforall.json_merge('{}', reward_add.body);
  made    careforall.rewards;
  new_id  uuid;
BEGIN
  PERFORM careforall.json_errors_raise(careforall.reward_content_check(content, row_now));
  new_id := careforall.reward_insert(row_now, careforall.reward_content_apply(made, content),
    'made through the API');
  RETURN QUERY SELECT r.doc, r.etag, format('/api/v1/campaigns/%s/rewards/%s', row_now.id, new_id)
  FROM careforall.reward_result(reward_add.actor, new_id) r;
END
$$;

-- PATCH /campaigns/{id}/rewards/{reward}
CREATE OR REPLACE FUNCTION careforall.reward_edit(
  actor uuid, campaign text, reward_id uuid, if_match text, patch jsonb)
RETURNS TABLE (doc json, etag text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  row_now careforall.campaigns := careforall.campaign_of_open(reward_edit.actor, reward_edit.campaign);
  reward  careforall.rewards := careforall.reward_of(row_now, reward_edit.reward_id);
  before  jsonb := careforall.reward_content(reward, row_now.currency);
  content jsonb := '{"description": "", "position": 0}' || careforall.json_merge(before, reward_edit.patch);
  refused text;
BEGIN
  PERFORM careforall.revision_require(reward_edit.if_match, row_now.version);
  PERFORM careforall.json_errors_raise(careforall.reward_content_check(content, row_now));
  reward := careforall.reward_content_apply(reward, content);
  IF careforall.reward_content(reward, row_now.currency) <> before THEN
    BEGIN
      UPDATE careforall.rewards r
      SET (title, description, min_amount_minor, quantity, position, pool_id) = (
        SELECT reward.title, reward.description, reward.min_amount_minor, reward.quantity,
          reward.position, reward.pool_id)
      WHERE r.id = reward.id;
    EXCEPTION WHEN SQLSTATE 'PL007' THEN
      GET STACKED DIAGNOSTICS refused = PG_EXCEPTION_DETAIL;
      PERFORM careforall.limit_in_use_raise('reward', reward.id, refused);
    END;
    PERFORM careforall.audit_add('reward.edit', 'reward', reward.id::text, 'edited through the API',
      jsonb_build_object('campaign_id', row_now.id, 'from', before,
        'to', careforall.reward_content(reward, row_now.currency)));
  END IF;
  RETURN QUERY SELECT r.doc, r.etag FROM careforall.reward_result(reward_edit.actor, reward.id) r;
END
$$;

-- DELETE /campaigns/{id}/rewards/{reward}: archives it. Refused (PL007) while a pledge
-- holds or uses a place of it.
CREATE OR REPLACE FUNCTION careforall.reward_archive(
  actor uuid, campaign text, reward_id uuid, if_match text)
RETURNS TABLE (doc json, etag text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  row_now careforall.campaigns := careforall.campaign_of_open(reward_archive.actor, reward_archive.campaign);
  reward  careforall.rewards := careforall.reward_of(row_now, reward_archive.reward_id);
  refused text;
BEGIN
  PERFORM careforall.revision_require(reward_archive.if_match, row_now.version);
  BEGIN
    UPDATE careforall.rewards r SET quantity = 0, archived_at = careforall.clock()
    WHERE r.id = reward.id;
  EXCEPTION WHEN SQLSTATE 'PL007' THEN
    GET STACKED DIAGNOSTICS refused = PG_EXCEPTION_DETAIL;
    PERFORM careforall.limit_in_use_raise('reward', reward.id, refused);
  END;
  PERFORM careforall.audit_add('reward.archive', 'reward', reward.id::text, 'removed through the API',
    jsonb_build_object('campaign_id', row_now.id, 'title', reward.title, 'quantity', reward.quantity));
  RETURN QUERY SELECT NULL::json, r.etag FROM careforall.reward_result(reward_archive.actor, reward.id) r;
END
$$;

-- POST /campaigns/{id}/rewards/{reward}/close: no more than what is in use now. It needs no
-- revision: it cannot undo what somebody else has just edited but the number itself.
CREATE OR REPLACE FUNCTION careforall.reward_close_for(actor uuid, campaign text, reward_id uuid)
RETURNS TABLE (doc json, etag text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  row_now careforall.campaigns := careforall.campaign_of_open(reward_close_for.actor, reward_close_for.campaign);
  reward  careforall.rewards := careforall.reward_of(row_now, reward_close_for.reward_id);
BEGIN
  PERFORM careforall.audit_add('reward.close', 'reward', reward.id::text, 'closed through the API',
    jsonb_build_object('campaign_id', row_now.id, 'from', reward.quantity,
      'to', careforall.capacity_close('reward', reward.id)));
  RETURN QUERY SELECT r.doc, r.etag FROM careforall.reward_result(reward_close_for.actor, reward.id) r;
END
$$;

-- POST /campaigns/{id}/pools
CREATE OR REPLACE FUNCTION careforall.pool_add(actor uuid, campaign text, body jsonb)
RETURNS TABLE (doc json, etag text, location text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  row_now careforall.campaigns := careforall.campaign_of_open(pool_add.actor, pool_add.campaign);
  new_id  uuid;
BEGIN
  PERFORM careforall.json_errors_raise(careforall.json_text_check(pool_add.body, '/name', 1, 120)
    || careforall.json_integer_check(pool_add.body, '/capacity', 0, 2147483647, true));
  new_id := careforall.pool_insert(row_now, pool_add.body ->> 'name', (pool_add.body ->> 'capacity')::integer,
    'made through the API');
  RETURN QUERY SELECT r.doc, r.etag, format('/api/v1/campaigns/%s/pools/%s', row_now.id, new_id)
  FROM careforall.pool_result(pool_add.actor, new_id) r;
END
$$;

-- PATCH /campaigns/{id}/pools/{pool}
CREATE OR REPLACE FUNCTION careforall.pool_edit(
  actor uuid, campaign text, pool_id uuid, if_match text, patch jsonb)
RETURNS TABLE (doc json, etag text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  row_now careforall.campaigns := careforall.campaign_of_open(pool_edit.actor, pool_edit.campaign);
  pool    careforall.pools := careforall.pool_of(row_now, pool_edit.pool_id);
  before  jsonb := to_jsonb(careforall.pool_manage_json(pool)) - 'id';
  content jsonb := careforall.json_merge(before, pool_edit.patch);
  refused text;
BEGIN
  PERFORM careforall.revision_require(pool_edit.if_match, row_now.version);
  PERFORM careforall.json_errors_raise(careforall.json_text_check(content, '/name', 1, 120)
    || careforall.json_integer_check(content, '/capacity', 0, 2147483647, true));
  IF (content ->> 'name', content ->> 'capacity') IS DISTINCT FROM (before ->> 'name', before ->> 'capacity') THEN
    BEGIN
      UPDATE careforall.pools l
      SET name = content ->> 'name', capacity = (content ->> 'capacity')::integer
      WHERE l.id = pool.id;
    EXCEPTION WHEN SQLSTATE 'PL007' THEN
      GET STACKED DIAGNOSTICS refused = PG_EXCEPTION_DETAIL;
      PERFORM careforall.limit_in_use_raise('pool', pool.id, refused);
    END;
    PERFORM careforall.audit_add('pool.edit', 'pool', pool.id::text, 'edited through the API',
      jsonb_build_object('campaign_id', row_now.id, 'from', before, 'to', content));
  END IF;
  RETURN QUERY SELECT r.doc, r.etag FROM careforall.pool_result(pool_edit.actor, pool.id) r;
END
$$;

-- POST /campaigns/{id}/pools/{pool}/close
CREATE OR REPLACE FUNCTION careforall.pool_close_for(actor uuid, campaign text, pool_id uuid)
RETURNS TABLE (doc json, etag text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  row_now careforall.campaigns := careforall.campaign_of_open(pool_close_for.actor, pool_close_for.campaign);
  pool    careforall.pools := careforall.pool_of(row_now, pool_close_for.pool_id);
BEGIN
  PERFORM careforall.audit_add('pool.close', 'pool', pool.id::text, 'closed through the API',
    jsonb_build_object('campaign_id', row_now.id, 'from', pool.capacity,
      'to', careforall.capacity_close('pool', pool.id)));
  RETURN QUERY SELECT r.doc, r.etag FROM careforall.pool_result(pool_close_for.actor, pool.id) r;
END
$$;

COMMENT ON FUNCTION careforall.campaign_of_open(uuid, text) IS
  'A campaign that the account may edit and that is not closed, locked.';
COMMENT ON FUNCTION careforall.reward_content(careforall.rewards, text) IS
  'The members of a reward that can be edited.';
COMMENT ON FUNCTION careforall.reward_content_check(jsonb, careforall.campaigns) IS
  'The errors of a reward.';
COMMENT ON FUNCTION careforall.reward_content_apply(careforall.rewards, jsonb) IS
  'The row of a reward with its members put in.';
COMMENT ON FUNCTION careforall.reward_of(careforall.campaigns, uuid) IS
  'A reward of a campaign that is still shown.';
COMMENT ON FUNCTION careforall.pool_of(careforall.campaigns, uuid) IS
  'A pool of a campaign.';
COMMENT ON FUNCTION careforall.reward_result(uuid, uuid) IS
  'A reward as its team edits it, with the tag of its campaign.';
COMMENT ON FUNCTION careforall.pool_result(uuid, uuid) IS
  'A pool as its team edits it, with the tag of its campaign.';
COMMENT ON FUNCTION careforall.reward_find(uuid, text, uuid) IS
  'A reward for the team of its campaign.';
COMMENT ON FUNCTION careforall.pool_find(uuid, text, uuid) IS
  'A pool for the team of its campaign.';
COMMENT ON FUNCTION careforall.reward_add(uuid, text, jsonb) IS
  'Makes a reward of a campaign of the account. Audited.';
COMMENT ON FUNCTION careforall.reward_edit(uuid, text, uuid, text, jsonb) IS
  'Merges a patch into a reward if its campaign has the revision of If-Match. Audited.';
COMMENT ON FUNCTION careforall.reward_archive(uuid, text, uuid, text) IS
  'Takes a reward away that nobody holds or uses. Audited.';
COMMENT ON FUNCTION careforall.reward_close_for(uuid, text, uuid) IS
  'Lowers the places of a reward to what is in use now. Audited.';
COMMENT ON FUNCTION careforall.pool_close_for(uuid, text, uuid) IS
  'Lowers the places of a pool to what is in use now. Audited.';
COMMENT ON FUNCTION careforall.pool_add(uuid, text, jsonb) IS
  'Makes a pool of a campaign of the account. Audited.';
COMMENT ON FUNCTION careforall.pool_edit(uuid, text, uuid, text, jsonb) IS
  'Merges a patch into a pool if its campaign has the revision of If-Match. Audited.';
