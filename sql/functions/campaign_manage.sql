-- SPDX-License-Identifier: Apache-2.0
-- Campaigns run through the API: by their owner, their team and administrators.
--
-- What a team edits (the campaign, its rewards and pools, its image) shares one
-- revision: campaigns.version, which every change raises by one and a pledge never
-- touches. An edit names the revision it was made against and is refused if another
-- came in between; check and write happen under the lock of the campaign's row.

-- The campaign that an account may view, edit or own, by id or slug.
CREATE OR REPLACE FUNCTION careforall.campaign_of(actor uuid, campaign text, "right" text)
RETURNS careforall.campaigns
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  found_row careforall.campaigns;
BEGIN
  SELECT * INTO found_row FROM careforall.campaigns c
  WHERE c.id = careforall.campaign_id_of(campaign_of.campaign);
  PERFORM careforall.campaign_require(campaign_of.actor, found_row.id, campaign_of."right");
  RETURN found_row;
END
$$;

-- The same, locked for a change by the account.
CREATE OR REPLACE FUNCTION careforall.campaign_of_locked(actor uuid, campaign text, "right" text)
RETURNS careforall.campaigns
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  found_row careforall.campaigns :=
    careforall.campaign_of(campaign_of_locked.actor, campaign_of_locked.campaign, campaign_of_locked."right");
BEGIN
  PERFORM careforall.actor_set(campaign_of_locked.actor);
  RETURN careforall.campaign_lock(found_row.id::text);
END
$$;

-- Tags look like "12-own": the revision, then what the document depends on besides.
CREATE OR REPLACE FUNCTION careforall.campaign_manage_etag(revision bigint, "right" text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '"' || revision || '-' || "right" || '"';

-- Refuses an If-Match that is not of this revision. Every strong tag that begins with
-- it fits: the tags of the public document add its totals, which no edit touches.
CREATE OR REPLACE FUNCTION careforall.revision_require(if_match text, revision bigint)
RETURNS void
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT careforall.etag_require(regexp_replace(if_match, '"([0-9]+)-[^"]*"', '"\1"', 'g'),
    '"' || revision || '"')
$$;

-- Raises what a capacity trigger said (PL007) so that a client can read it.
CREATE OR REPLACE FUNCTION careforall.limit_in_use_raise(kind text, id uuid, trigger_detail text)
RETURNS void
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  used text := substring(trigger_detail FROM 'in use are ([0-9]+)');
BEGIN
  RAISE EXCEPTION 'the limit cannot be lower than what is in use: %', used
    USING ERRCODE = 'PL007',
          DETAIL = jsonb_build_object('limit', kind, 'id', id, 'used', used::bigint)::text;
END
$$;

-- What can be done with a campaign as it is: publish, pause, resume, close by its life
-- cycle; archive when it is closed, and unarchive.
CREATE OR REPLACE FUNCTION careforall.campaign_actions(campaign careforall.campaigns)
RETURNS text[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT COALESCE(array_agg(a.name ORDER BY a.name), '{}')
  FROM (SELECT t.event AS name
        FROM careforall.campaign_transitions() t
        WHERE t.from_state = campaign.state AND t.to_state <> campaign.state
        UNION ALL
        SELECT CASE WHEN campaign.archived_at IS NULL THEN 'archive' ELSE 'unarchive' END
        WHERE campaign.state = 'closed') a
$$;

CREATE OR REPLACE FUNCTION careforall.reward_manage_json(reward careforall.rewards, currency text)
RETURNS json
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT json_build_object(
    'id', reward.id,
    'title', reward.title,
    'description', reward.description,
    'min_amount', careforall.json_money(reward.min_amount_minor, reward_manage_json.currency),
    'quantity', reward.quantity,
    'position', reward.position,
    'pool_id', reward.pool_id)
$$;

CREATE OR REPLACE FUNCTION careforall.pool_manage_json(pool careforall.pools)
RETURNS json
LANGUAGE sql STABLE
AS $$ SELECT json_build_object('id', (pool).id, 'name', (pool).name, 'capacity', (pool).capacity) $$;

-- What a team edits. No totals: the document stays the same until somebody edits it.
CREATE OR REPLACE FUNCTION careforall.campaign_manage_json(
  campaign careforall.campaigns, "right" text)
RETURNS json
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT json_build_object(
    'id', campaign.id,
    'slug', campaign.slug,
    'revision', campaign.version,
    'right', campaign_manage_json."right",
    'state', campaign.state,
    'actions', careforall.campaign_actions(campaign),
    'title', campaign.title,
    'summary', campaign.summary,
    'story', campaign.story,
    'category', campaign.category,
    'image', CASE WHEN campaign.image_url IS NOT NULL THEN json_build_object(
      'url', campaign.image_url, 'alt', campaign.image_alt) END,
    'image_alt', campaign.image_alt,
    'owner', json_build_object('name', campaign.owner_name),
    'currency', campaign.currency,
    'goal', careforall.json_money(campaign.goal_minor, campaign.currency),
    'cap', careforall.json_money(campaign.cap_minor, campaign.currency),
    'min_pledge', careforall.json_money(campaign.min_pledge_minor, campaign.currency),
    'max_pledge', careforall.json_money(campaign.max_pledge_minor, campaign.currency),
    'refund_releases', campaign.refund_releases,
    'starts_at', careforall.json_time(campaign.starts_at),
    'ends_at', careforall.json_time(campaign.ends_at),
    'archived_at', careforall.json_time(campaign.archived_at),
    'news_offered', campaign.news_offered,
    'rewards', (
      SELECT COALESCE(json_agg(careforall.reward_manage_json(r, campaign.currency)
        ORDER BY r.position, r.id), '[]'::json)
      FROM careforall.rewards r
      WHERE r.campaign_id = campaign.id AND r.archived_at IS NULL),
    'pools', (
      SELECT COALESCE(json_agg(careforall.pool_manage_json(l) ORDER BY l.id), '[]'::json)
      FROM careforall.pools l WHERE l.campaign_id = campaign.id),
    'created_at', careforall.json_time(campaign.created_at),
    'updated_at', careforall.json_time(campaign.updated_at))
$$;

-- The document as it is now, for whoever has just changed the campaign.
CREATE OR REPLACE FUNCTION careforall.campaign_manage_result(actor uuid, campaign_id uuid)
RETURNS TABLE (doc json, etag text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT careforall.campaign_manage_json(c, r."right"), careforall.campaign_manage_etag(c.version, r."right")
  FROM careforall.campaigns c,
       careforall.campaign_right(campaign_manage_result.actor, c.id) AS r ("right")
  WHERE c.id = campaign_manage_result.campaign_id
$$;

-- GET /campaigns/{id}/manage
CREATE OR REPLACE FUNCTION careforall.campaign_manage(actor uuid, campaign text)
RETURNS TABLE (doc json, etag text)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  found_row careforall.campaigns :=
    careforall.campaign_of(campaign_manage.actor, campaign_manage.campaign, 'view');
BEGIN
  RETURN QUERY SELECT r.doc, r.etag
  FROM careforall.campaign_manage_result(campaign_manage.actor, found_row.id) r;
END
$$;

-- Which campaigns an account sees in its list, drafts too, as conditions over campaigns
-- c, where $9 is the account: all if it asks as an administrator, else its own and those
-- whose team it is in.
CREATE OR REPLACE FUNCTION careforall.managed_filter(
  actor uuid, is_admin boolean, q text, status text, category text, currency text, sort text)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT careforall.campaign_filter(managed_filter.q, managed_filter.status, managed_filter.category,
      managed_filter.currency, managed_filter.sort, true)
    || CASE WHEN NOT managed_filter.is_admin THEN $c$ AND c.id IN (
         SELECT o.id FROM careforall.campaigns o WHERE o.owner_id = $9
         UNION ALL
         SELECT m.campaign_id FROM careforall.campaign_members m WHERE m.account_id = $9)$c$ ELSE '' END
  FROM careforall.account_require(managed_filter.actor,
    CASE WHEN managed_filter.is_admin THEN 'admin' ELSE 'donor' END)
$$;

-- A page of them with filters and orders as campaign_search() has them. An account that
-- is not of the team has no role.
CREATE OR REPLACE FUNCTION careforall.managed_campaigns(
  actor uuid, is_admin boolean, q text, status text, category text, currency text, sort text,
  after_key bigint, after_id uuid, max integer)
RETURNS TABLE (doc json, id uuid, key bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  RETURN QUERY EXECUTE format($q$
    SELECT json_build_object(
      'id', c.id,
      'slug', c.slug,
      'title', c.title,
      'state', c.state,
      'owner', json_build_object('name', c.owner_name),
      'role', CASE WHEN c.owner_id = $9 THEN 'owner' ELSE m.role END,
      'right', careforall.campaign_right($9, c.id),
      'category', c.category,
      'image', CASE WHEN c.image_url IS NOT NULL THEN json_build_object(
        'url', c.image_url, 'alt', c.image_alt) END,
      'currency', c.currency,
      'goal', careforall.json_money(c.goal_minor, c.currency),
      'totals', careforall.campaign_totals_json(c.id, c.currency),
      'starts_at', careforall.json_time(c.starts_at),
      'ends_at', careforall.json_time(c.ends_at),
      'archived_at', careforall.json_time(c.archived_at),
      'revision', c.version,
      'created_at', careforall.json_time(c.created_at),
      'updated_at', careforall.json_time(c.updated_at)), page.id, page.key
    FROM (SELECT p.id, p.key, row_number() OVER () AS n FROM (%s) p) page
    JOIN careforall.campaigns c ON c.id = page.id
    LEFT JOIN careforall.campaign_members m ON m.campaign_id = c.id AND m.account_id = $9
    ORDER BY page.n$q$,
    careforall.campaign_page_query(
      careforall.managed_filter(actor, is_admin, q, status, category, currency, sort), sort, after_key IS NULL))
  USING q, status, category, currency, careforall.clock(), after_key, after_id,
    LEAST(GREATEST(COALESCE(max, 20), 1), 101), actor;
END
$$;

-- How many campaigns the whole list has.
CREATE OR REPLACE FUNCTION careforall.managed_campaigns_count(
  actor uuid, is_admin boolean, q text, status text, category text, currency text, sort text)
RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  counted bigint;
BEGIN
  EXECUTE format('SELECT count(*) FROM careforall.campaigns c WHERE %s',
    careforall.managed_filter(actor, is_admin, q, status, category, currency, sort))
  INTO counted USING q, status, category, currency, careforall.clock(), NULL, NULL, NULL, actor;
  RETURN counted;
END
$$;

COMMENT ON FUNCTION careforall.campaign_of(uuid, text, text) IS
  'The campaign (id or slug) to which an account has a right; refuses others.';
COMMENT ON FUNCTION careforall.campaign_of_locked(uuid, text, text) IS
  'The same, locked for a change, with the account as actor of the transaction.';
COMMENT ON FUNCTION careforall.campaign_manage_etag(bigint, text) IS
  'The strong entity tag of what a team edits.';
COMMENT ON FUNCTION careforall.revision_require(text, bigint) IS
  'Refuses an If-Match value that names no tag of the revision (PL012).';
COMMENT ON FUNCTION careforall.limit_in_use_raise(text, uuid, text) IS
  'Raises PL007 with what is in use for clients.';
COMMENT ON FUNCTION careforall.campaign_actions(careforall.campaigns) IS
  'What can be done with a campaign as it is, by its life cycle and its place in the archive.';
COMMENT ON FUNCTION careforall.reward_manage_json(careforall.rewards, text) IS
  'A reward as its team edits it.';
COMMENT ON FUNCTION careforall.pool_manage_json(careforall.pools) IS
  'A pool as its team edits it.';
COMMENT ON FUNCTION careforall.campaign_manage_json(careforall.campaigns, text) IS
  'A campaign as its team edits it.';
COMMENT ON FUNCTION careforall.campaign_manage_result(uuid, uuid) IS
  'The document and tag of a campaign as its team edits it, now.';
COMMENT ON FUNCTION careforall.campaign_manage(uuid, text) IS
  'A campaign as its team edits it, drafts too, for those who may look.';
COMMENT ON FUNCTION careforall.managed_filter(uuid, boolean, text, text, text, text, text) IS
  'The conditions of the list of campaigns that an account runs, as SQL text.';
COMMENT ON FUNCTION careforall.managed_campaigns(uuid, boolean, text, text, text, text, text, bigint, uuid, integer) IS
  'A page of the campaigns that an account owns or helps to run, or of all for an administrator.';
COMMENT ON FUNCTION careforall.managed_campaigns_count(uuid, boolean, text, text, text, text, text) IS
  'How many campaigns such a list has.';
