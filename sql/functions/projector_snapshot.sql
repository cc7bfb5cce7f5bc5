-- SPDX-License-Identifier: Apache-2.0
-- Everything the read model is made of, as one snapshot of the database sees it.

-- Which database this is: a dump restored elsewhere, or into a new database of the
-- same cluster, is another one, and its transaction ids mean nothing to the model.
CREATE OR REPLACE FUNCTION careforall.projector_identity()
RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT s.system_identifier || '/' || d.oid
  FROM pg_control_system() s, pg_database d
  WHERE d.datname = current_database()
$$;

-- The static document of a campaign, in the shape that campaign events carry:
-- without totals and remaining, with the capacities of its pools.
CREATE OR REPLACE FUNCTION careforall.projector_document(campaign careforall.campaigns)
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
    'rewards', (
      SELECT COALESCE(json_agg(json_build_object(
        'id', r.id,
        'title', r.title,
        'description', r.description,
        'min_amount', careforall.json_money(r.min_amount_minor, campaign.currency),
        'quantity', r.quantity,
        'pool_id', r.pool_id) ORDER BY r.position, r.id), '[]'::json)
      FROM careforall.rewards r
      WHERE r.campaign_id = campaign.id AND r.archived_at IS NULL),
    'created_at', careforall.json_time(campaign.created_at),
    'updated_at', careforall.json_time(campaign.updated_at),
    'pools', (
      SELECT COALESCE(json_agg(json_build_object(
        'id', l.id, 'capacity', l.capacity) ORDER BY l.id), '[]'::json)
      FROM careforall.pools l
      WHERE l.campaign_id = campaign.id))
$$;

-- One row of kind position, then one of kind campaign for each campaign, drafts
-- too, with up to 100 gifts, newest first. All of it belongs to one statement and
-- so to one snapshot: the function must stay STABLE.
--
-- position: {"database", "snapshot", "stream_seq", "campaigns"}. stream_seq is that
-- of the newest checkpoint of the relay for this cluster and this stream, no later
-- than stream_last. The checkpoint is visible, so what it covers is visible too:
-- whoever reads the stream after stream_seq and skips the transactions that
-- snapshot sees misses nothing and counts nothing twice. NULL: no checkpoint yet.
-- stream_created is spelled as the server does.
CREATE OR REPLACE FUNCTION careforall.projector_snapshot(
  stream text, stream_created text, stream_last bigint)
RETURNS TABLE (kind text, campaign_id uuid, doc text, figures text, gifts text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  WITH settled AS (
    SELECT f.campaign_id,
           sum(f.confirmed_minor)::bigint AS confirmed_minor,
           sum(f.confirmed_count)::bigint AS confirmed_count,
           sum(f.refunded_minor)::bigint AS refunded_minor
    FROM (SELECT t.campaign_id, t.confirmed_minor, t.confirmed_count, t.refunded_minor
          FROM careforall.campaign_totals t
          UNION ALL
          SELECT d.campaign_id, d.confirmed_minor, d.confirmed_count, d.refunded_minor
          FROM careforall.campaign_total_deltas d) f
    GROUP BY f.campaign_id
  ), pending AS (
    SELECT p.campaign_id, sum(p.amount_minor)::bigint AS minor, count(*) AS pledges
    FROM careforall.pledges p
    WHERE p.state = 'pending'
    GROUP BY p.campaign_id
  ), held AS (
    SELECT h.campaign_id, json_object_agg(h.id, h.places) AS places
    FROM (SELECT p.campaign_id, p.reward_id AS id, sum(p.held_places)::bigint AS places
          FROM careforall.pledges p
          WHERE p.reward_id IS NOT NULL
          GROUP BY p.campaign_id, p.reward_id
          UNION ALL
          SELECT p.campaign_id, p.pool_id, sum(p.held_places)::bigint
          FROM careforall.pledges p
          WHERE p.pool_id IS NOT NULL
          GROUP BY p.campaign_id, p.pool_id) h
    GROUP BY h.campaign_id
  )
  SELECT 'position', NULL::uuid,
         json_build_object(
           'database', careforall.projector_identity(),
           'snapshot', pg_current_snapshot()::text,
           'stream_seq', (
             SELECT k.stream_seq
             FROM careforall.relay_checkpoints k
             WHERE k.stream = projector_snapshot.stream
               AND k.stream_created = projector_snapshot.stream_created
               AND k.stream_seq <= projector_snapshot.stream_last
               AND k.system_identifier = (SELECT system_identifier FROM pg_control_system())
             ORDER BY k.id DESC
             LIMIT 1),
           'campaigns', (SELECT count(*) FROM careforall.campaigns))::text,
         NULL, NULL
  UNION ALL
  SELECT 'campaign', c.id,
         careforall.projector_document(c)::text,
         json_build_object(
           'confirmed_minor', COALESCE(settled.confirmed_minor, 0),
           'confirmed_count', COALESCE(settled.confirmed_count, 0),
           'refunded_minor', COALESCE(settled.refunded_minor, 0),
           'pending_minor', COALESCE(pending.minor, 0),
           'pending_count', COALESCE(pending.pledges, 0),
           'places', COALESCE(held.places, '{}'::json))::text,
         (SELECT COALESCE(json_agg(g.gift), '[]'::json)
          FROM careforall.gifts_json(c.id, NULL, 100) g)::text
  FROM careforall.campaigns c
  LEFT JOIN settled ON settled.campaign_id = c.id
  LEFT JOIN pending ON pending.campaign_id = c.id
  LEFT JOIN held ON held.campaign_id = c.id
$$;

COMMENT ON FUNCTION careforall.projector_identity() IS
  'The system identifier of the cluster and the oid of the database.';
COMMENT ON FUNCTION careforall.projector_snapshot(text, text, bigint) IS
  'All campaigns with their figures and gifts, and where in the stream to go on, in one snapshot.';
COMMENT ON FUNCTION careforall.projector_document(careforall.campaigns) IS
  'The static document of a campaign, as campaign events carry it.';
