-- SPDX-License-Identifier: Apache-2.0
-- The public documents of campaigns, for the API when the read model is away.
--
-- Drafts are never public. Each function is one statement, so that the figures of a
-- document come from one snapshot (but for the places of very large capacities).
-- Totals are the folded row plus the deltas not folded yet; pending figures read only
-- what is pending now, by a partial index; places are counted only where a capacity
-- limits them.

-- The id of a campaign by its id or its slug, whatever its state; NULL if unknown.
CREATE OR REPLACE FUNCTION careforall.campaign_id_of(id_or_slug text)
RETURNS uuid
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  IF id_or_slug ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN
    RETURN (SELECT c.id FROM careforall.campaigns c WHERE c.id = id_or_slug::uuid);
  END IF;
  RETURN (SELECT c.id FROM careforall.campaigns c WHERE c.slug = id_or_slug);
END
$$;

-- Places of a reward or pool that are still free; NULL if its capacity is. Counting
-- reads an index entry for each place taken (5 ms for 40,000), so of a large capacity
-- the figure that shared memory holds is given, if it is loaded.
CREATE OR REPLACE FUNCTION careforall.places_free(kind text, id uuid, capacity integer)
RETURNS bigint
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT CASE WHEN capacity IS NOT NULL THEN COALESCE(
    CASE WHEN capacity > 10000 THEN (
      SELECT l.available FROM careforall.limits() l
      WHERE l.kind = places_free.kind AND l.id = places_free.id AND l.state = 'ready') END,
    capacity - CASE kind
      WHEN 'reward' THEN (SELECT COALESCE(sum(p.held_places), 0) FROM careforall.pledges p
                          WHERE p.reward_id = places_free.id)
      WHEN 'pool' THEN (SELECT COALESCE(sum(p.held_places), 0) FROM careforall.pledges p
                        WHERE p.pool_id = places_free.id) END) END
$$;

-- Places still free of a reward: the least of its own and its pool's; NULL if
-- neither limits it.
CREATE OR REPLACE FUNCTION careforall.reward_remaining(reward careforall.rewards)
RETURNS bigint
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT LEAST(
    careforall.places_free('reward', reward.id, reward.quantity),
    (SELECT careforall.places_free('pool', l.id, l.capacity)
     FROM careforall.pools l WHERE l.id = reward.pool_id))
$$;

-- {"raised", "confirmed_count", "pending", "pending_count", "sequence"}
CREATE OR REPLACE FUNCTION careforall.campaign_totals_json(campaign_id uuid, currency text)
RETURNS json
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT json_build_object(
    'raised', careforall.json_money(settled.raised, campaign_totals_json.currency),
    'confirmed_count', settled.confirmed,
    'pending', careforall.json_money(pending.amount, campaign_totals_json.currency),
    'pending_count', pending.pledges,
    'sequence', NULL)
  FROM
    (SELECT COALESCE(sum(f.confirmed_minor - f.refunded_minor), 0)::bigint AS raised,
            COALESCE(sum(f.confirmed_count), 0)::bigint AS confirmed
     FROM (SELECT t.confirmed_minor, t.refunded_minor, t.confirmed_count
           FROM careforall.campaign_totals t
           WHERE t.campaign_id = campaign_totals_json.campaign_id
           UNION ALL
           SELECT d.confirmed_minor, d.refunded_minor, d.confirmed_count
           FROM careforall.campaign_total_deltas d
           WHERE d.campaign_id = campaign_totals_json.campaign_id) f) settled,
    (SELECT COALESCE(sum(p.amount_minor), 0)::bigint AS amount, count(*) AS pledges
     FROM careforall.pledges p
     WHERE p.campaign_id = campaign_totals_json.campaign_id AND p.state = 'pending') pending
$$;

CREATE OR REPLACE FUNCTION careforall.campaign_rewards_json(campaign_id uuid, currency text)
RETURNS json
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT COALESCE(json_agg(json_build_object(
    'id', r.id,
    'title', r.title,
    'description', r.description,
    'min_amount', careforall.json_money(r.min_amount_minor, campaign_rewards_json.currency),
    'quantity', r.quantity,
    'remaining', careforall.reward_remaining(r),
    'pool_id', r.pool_id) ORDER BY r.position, r.id), '[]'::json)
  FROM careforall.rewards r
  WHERE r.campaign_id = campaign_rewards_json.campaign_id AND r.archived_at IS NULL
$$;

CREATE OR REPLACE FUNCTION careforall.campaign_json(campaign careforall.campaigns)
RETURNS json
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT json_build_object(
    'id', campaign.id,
    'slug', campaign.slug,
    'title', campaign.title,
    'summary', campaign.summary,
    'story', campaign.story,
    'category', campaign.category,
    'image', CASE WHEN campaign.image_url IS NOT NULL THEN json_build_object(
      'url', campaign.image_url, 'alt', campaign.image_alt) END,
    'owner', json_build_object('name', campaign.owner_name),
    'state', campaign.state,
    'currency', campaign.currency,
    'goal', careforall.json_money(campaign.goal_minor, campaign.currency),
    'cap', careforall.json_money(campaign.cap_minor, campaign.currency),
    'min_pledge', careforall.json_money(campaign.min_pledge_minor, campaign.currency),
    'max_pledge', careforall.json_money(campaign.max_pledge_minor, campaign.currency),
    'starts_at', careforall.json_time(campaign.starts_at),
    'ends_at', careforall.json_time(campaign.ends_at),
    'archived_at', careforall.json_time(campaign.archived_at),
    'news_offered', campaign.news_offered,
    'version', campaign.version,
    'totals', careforall.campaign_totals_json(campaign.id, campaign.currency),
    'rewards', careforall.campaign_rewards_json(campaign.id, campaign.currency),
    'created_at', careforall.json_time(campaign.created_at),
    'updated_at', careforall.json_time(campaign.updated_at))
$$;

-- A strong entity tag with its quotes: the version, then a digest of the bytes.
CREATE OR REPLACE FUNCTION careforall.campaign_etag(version bigint, doc text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '"' || version || '-p'
  || left(encode(sha256(convert_to(doc, 'UTF8')), 'hex'), 16) || '"';

CREATE OR REPLACE FUNCTION careforall.campaign_public(campaign_id uuid)
RETURNS json
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT careforall.campaign_json(c)
  FROM careforall.campaigns c
  WHERE c.id = campaign_public.campaign_id AND c.state <> 'draft'
$$;

CREATE OR REPLACE FUNCTION careforall.campaign_find(id_or_slug text)
RETURNS TABLE (id uuid, etag text, doc text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT d.id, careforall.campaign_etag(d.version, d.doc), d.doc
  FROM (SELECT c.id, c.version, careforall.campaign_json(c)::text AS doc
        FROM careforall.campaigns c
        WHERE c.id = (SELECT careforall.campaign_id_of(id_or_slug))
          AND c.state <> 'draft'
        OFFSET 0) d
$$;

-- Newest first, after the campaign with these two values (both NULL: from the
-- newest). created_at is cut to milliseconds: it is the cursor of the next call.
-- max is held to 1..100.
CREATE OR REPLACE FUNCTION careforall.campaign_list(
  after_created timestamptz, after_id uuid, max integer)
RETURNS TABLE (id uuid, etag text, doc text, created_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT d.id, careforall.campaign_etag(d.version, d.doc), d.doc, d.listed_at AT TIME ZONE 'UTC'
  FROM (SELECT c.id, c.version, careforall.campaign_json(c)::text AS doc,
               date_trunc('milliseconds', c.created_at AT TIME ZONE 'UTC') AS listed_at
        FROM careforall.campaigns c
        WHERE c.state <> 'draft' AND c.archived_at IS NULL
          AND (after_created IS NULL
               OR (date_trunc('milliseconds', c.created_at AT TIME ZONE 'UTC'), c.id)
                  < (date_trunc('milliseconds', after_created AT TIME ZONE 'UTC'), after_id))
        ORDER BY date_trunc('milliseconds', c.created_at AT TIME ZONE 'UTC') DESC, c.id DESC
        LIMIT LEAST(GREATEST(COALESCE(max, 20), 1), 100)) d
$$;

-- Where the pages of public campaigns are, and the day of their last change (UTC).
CREATE OR REPLACE FUNCTION careforall.campaign_addresses(max integer)
RETURNS TABLE (slug text, changed_on date)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT c.slug, (c.updated_at AT TIME ZONE 'UTC')::date
  FROM careforall.campaigns c
  WHERE c.state <> 'draft' AND c.archived_at IS NULL
  ORDER BY date_trunc('milliseconds', c.created_at AT TIME ZONE 'UTC') DESC, c.id DESC
  LIMIT LEAST(GREATEST(campaign_addresses.max, 1), 5000)
$$;

COMMENT ON FUNCTION careforall.campaign_id_of(text) IS
  'The id of a campaign by its id or slug; NULL if unknown.';
COMMENT ON FUNCTION careforall.places_free(text, uuid, integer) IS
  'Places of a reward or pool that are still free; NULL is unlimited.';
COMMENT ON FUNCTION careforall.reward_remaining(careforall.rewards) IS
  'Places of a reward that are still free, its pool taken into account; NULL is unlimited.';
COMMENT ON FUNCTION careforall.campaign_totals_json(uuid, text) IS
  'The totals member of a public campaign document.';
COMMENT ON FUNCTION careforall.campaign_rewards_json(uuid, text) IS
  'The rewards member of a public campaign document.';
COMMENT ON FUNCTION careforall.campaign_json(careforall.campaigns) IS
  'The public document of a campaign, from the tables.';
COMMENT ON FUNCTION careforall.campaign_etag(bigint, text) IS
  'The strong entity tag of a campaign document, with its quotes.';
COMMENT ON FUNCTION careforall.campaign_public(uuid) IS
  'The public document of a campaign; NULL if it is unknown or a draft.';
COMMENT ON FUNCTION careforall.campaign_find(text) IS
  'A public campaign by its id or slug, with its entity tag; no row if it is unknown or a draft.';
COMMENT ON FUNCTION careforall.campaign_list(timestamptz, uuid, integer) IS
  'Public campaigns that are not archived, newest first, after the given cursor (created_at, id).';
COMMENT ON FUNCTION careforall.campaign_addresses(integer) IS
  'Slugs of public campaigns that are not archived, newest first, with the day of their last change.';
