-- SPDX-License-Identifier: Apache-2.0
-- Figures over time, for charts.
--
-- A pledge counts in the bucket in which it was made, with the state that it has
-- now. So each figure equals the list behind it, made from the same range. Buckets
-- begin by the clocks of a time zone: a day has 23 or 25 hours when they change.

-- Whether this is the name of a time zone, such as Europe/Berlin. PostgreSQL would
-- take abbreviations and offsets too, which know no daylight saving; where a name could
-- be one of those, the list decides, which takes some time to read.
CREATE OR REPLACE FUNCTION careforall.time_zone_is_known(name text)
RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  IF name = 'UTC' THEN
    RETURN true;
  ELSIF name ~ '^[A-Za-z_]+(/[A-Za-z_]+)+$' THEN
    RETURN careforall.clock() AT TIME ZONE name IS NOT NULL;
  END IF;
  RETURN EXISTS (
    SELECT FROM pg_catalog.pg_timezone_names z WHERE z.name = time_zone_is_known.name);
EXCEPTION WHEN invalid_parameter_value THEN
  RETURN false;
END
$$;

-- Where the buckets of a range begin, and where the last one ends. The range grows
-- to whole buckets; by default it is the last 30 days. Refuses an unknown time zone and
-- more than 800 buckets.
CREATE OR REPLACE FUNCTION careforall.stats_edges(
  bucket text, time_zone text, from_time timestamptz, to_time timestamptz)
RETURNS timestamptz[]
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  step  interval := ('1 ' || bucket)::interval;
  until timestamptz := COALESCE(to_time, careforall.clock());
  since timestamptz := COALESCE(from_time, until - interval '30 days');
  edges timestamptz[];
BEGIN
  IF NOT careforall.time_zone_is_known(time_zone) THEN
    RAISE EXCEPTION 'there is no time zone "%"', left(time_zone, 60) USING ERRCODE = 'PL030';
  ELSIF since >= until THEN
    RAISE EXCEPTION 'from must be before to' USING ERRCODE = 'PL030';
  ELSIF until - since > step * 800 THEN
    RAISE EXCEPTION 'the range has more than 800 buckets of one %', bucket
      USING ERRCODE = 'PL030';
  ELSIF bucket = 'hour' THEN
    edges := ARRAY(SELECT g FROM generate_series(
      date_trunc('hour', since, time_zone), until + step, step) g);
  ELSE
    edges := ARRAY(SELECT g AT TIME ZONE time_zone FROM generate_series(
      date_trunc(bucket, since AT TIME ZONE time_zone),
      until AT TIME ZONE time_zone + step, step) g);
  END IF;
  -- Up to the first edge that is not before the end.
  RETURN ARRAY(SELECT e.edge FROM unnest(edges) WITH ORDINALITY e (edge, n)
    WHERE e.edge < until
       OR e.n = (SELECT min(f.n) FROM unnest(edges) WITH ORDINALITY f (edge, n) WHERE f.edge >= until)
    ORDER BY e.n);
END
$$;

-- Count and sum of one state in a bucket.
CREATE OR REPLACE FUNCTION careforall.stats_cell(pledges numeric, amount numeric)
RETURNS json
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN json_build_object('count', COALESCE(pledges, 0), 'amount', COALESCE(amount, 0));

-- One document of figures between the first and the last edge; campaign_id NULL: all.
-- Each table is read once. Donors are counted for ranges of up to 93 days, because
-- that has to look at every address.
CREATE OR REPLACE FUNCTION careforall.stats_doc(
  edges timestamptz[], campaign_id uuid)
RETURNS json
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, careforall, pg_temp
SET work_mem = '64MB'
AS $$
DECLARE
  first_edge timestamptz := edges[1];
  last_edge  timestamptz := edges[cardinality(edges)];
  has_donors boolean := last_edge - first_edge <= interval '93 days';
  one_campaign text := CASE WHEN campaign_id IS NOT NULL THEN ' AND t.campaign_id = $4' ELSE '' END;
  doc json;
BEGIN
  -- Put together so that the planner knows the range, and whether it is one campaign.
  EXECUTE '
  WITH cells AS MATERIALIZED (
    SELECT width_bucket(t.created_at, $1) AS n, t.currency::text AS currency, t.state,
           count(*) AS pledges, sum(t.amount_minor) AS amount
    FROM careforall.pledges t
    WHERE t.created_at >= $2 AND t.created_at < $3' || one_campaign || '
    GROUP BY 1, 2, 3
  ), refunds AS MATERIALIZED (
    SELECT width_bucket(t.settled_at, $1) AS n, t.currency::text AS currency,
           count(*) AS refunds, sum(t.amount_minor) AS amount
    FROM careforall.refunds t
    WHERE t.state = ''succeeded'' AND t.settled_at >= $2 AND t.settled_at < $3' || one_campaign || '
    GROUP BY 1, 2
  ), donors AS MATERIALIZED (
    SELECT d.n, count(*) AS donors FROM (
      SELECT DISTINCT width_bucket(t.created_at, $1) AS n, hashtextextended(lower(t.donor_email), 0)
      FROM careforall.pledges t
      WHERE $5 AND t.created_at >= $2 AND t.created_at < $3' || one_campaign || ') d
    GROUP BY d.n
  ), made AS MATERIALIZED (
    SELECT width_bucket(t.created_at, $1) AS n, count(*) AS campaigns
    FROM careforall.campaigns t
    WHERE t.created_at >= $2 AND t.created_at < $3 AND $4 IS NULL
    GROUP BY 1
  ), buckets AS MATERIALIZED (
    SELECT e.n::integer AS n, careforall.json_time(e.edge) AS at
    FROM unnest($1) WITH ORDINALITY e (edge, n) WHERE e.edge < $3
  ), rows AS MATERIALIZED (
    SELECT c.n, c.currency,
      sum(c.pledges) FILTER (WHERE c.state = ''pending'') AS pending, sum(c.amount) FILTER (WHERE c.state = ''pending'') AS pending_minor,
      sum(c.pledges) FILTER (WHERE c.state = ''confirmed'') AS confirmed, sum(c.amount) FILTER (WHERE c.state = ''confirmed'') AS confirmed_minor,
      sum(c.pledges) FILTER (WHERE c.state = ''failed'') AS failed, sum(c.amount) FILTER (WHERE c.state = ''failed'') AS failed_minor,
      sum(c.pledges) FILTER (WHERE c.state = ''refunded'') AS refunded, sum(c.amount) FILTER (WHERE c.state = ''refunded'') AS refunded_minor,
      sum(c.pledges) FILTER (WHERE c.state = ''refunds'') AS refunds, sum(c.amount) FILTER (WHERE c.state = ''refunds'') AS refunds_minor
    FROM (SELECT c.n, c.currency, c.state, c.pledges, c.amount FROM cells c
          UNION ALL
          SELECT r.n, r.currency, ''refunds'', r.refunds, r.amount FROM refunds r) c
    GROUP BY GROUPING SETS ((c.n, c.currency), (c.currency))
  ), points AS MATERIALIZED (
    SELECT y.currency, b.n, json_build_object(''at'', b.at,
      ''pending'', careforall.stats_cell(p.pending, p.pending_minor),
      ''confirmed'', careforall.stats_cell(p.confirmed, p.confirmed_minor),
      ''failed'', careforall.stats_cell(p.failed, p.failed_minor),
      ''refunded'', careforall.stats_cell(p.refunded, p.refunded_minor),
      ''refunds'', careforall.stats_cell(p.refunds, p.refunds_minor)) AS point
    FROM buckets b
    CROSS JOIN (SELECT r.currency FROM rows r WHERE r.n IS NULL) y
    LEFT JOIN rows p ON p.n = b.n AND p.currency = y.currency
  )
  SELECT json_build_object(
    ''from'', careforall.json_time($2),
    ''to'', careforall.json_time($3),
    ''overview'', json_build_object(
      ''pledges'', (SELECT COALESCE(sum(c.pledges), 0) FROM cells c),
      ''by_state'', (SELECT json_object_agg(s.state, COALESCE(f.pledges, 0)) FROM
        unnest(ARRAY[''pending'', ''confirmed'', ''failed'', ''refunded'']) s (state)
        LEFT JOIN (SELECT c.state, sum(c.pledges) AS pledges FROM cells c GROUP BY c.state) f
          ON f.state = s.state),
      ''refunds'', (SELECT COALESCE(sum(r.refunds), 0) FROM refunds r),
      ''donors'', CASE WHEN $5 THEN (
        SELECT count(*) FROM (
          SELECT DISTINCT hashtextextended(lower(t.donor_email), 0)
          FROM careforall.pledges t
          WHERE t.created_at >= $2 AND t.created_at < $3' || one_campaign || ') d) END,
      ''new_campaigns'', CASE WHEN $4 IS NULL THEN (SELECT COALESCE(sum(m.campaigns), 0) FROM made m) END),
    ''series'', (SELECT json_agg(json_build_object(
        ''at'', b.at,
        ''active_donors'', CASE WHEN $5 THEN COALESCE(d.donors, 0) END,
        ''new_campaigns'', CASE WHEN $4 IS NULL THEN COALESCE(m.campaigns, 0) END) ORDER BY b.n)
      FROM buckets b LEFT JOIN donors d ON d.n = b.n LEFT JOIN made m ON m.n = b.n),
    ''currencies'', (SELECT COALESCE(json_agg(json_build_object(
        ''currency'', t.currency,
        ''totals'', json_build_object(
          ''pending'', careforall.stats_cell(t.pending, t.pending_minor),
          ''confirmed'', careforall.stats_cell(t.confirmed, t.confirmed_minor),
          ''failed'', careforall.stats_cell(t.failed, t.failed_minor),
          ''refunded'', careforall.stats_cell(t.refunded, t.refunded_minor),
          ''refunds'', careforall.stats_cell(t.refunds, t.refunds_minor)),
        ''series'', (SELECT json_agg(p.point ORDER BY p.n) FROM points p WHERE p.currency = t.currency))
        ORDER BY t.currency), ''[]''::json)
      FROM rows t WHERE t.n IS NULL))'
  INTO doc USING edges, first_edge, last_edge, campaign_id, has_donors;
  RETURN doc;
END
$$;

-- What is waiting for somebody now; each figure is the length of a list.
CREATE OR REPLACE FUNCTION careforall.stats_now()
RETURNS json
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT json_build_object(
    'holds', (SELECT count(*) FROM careforall.pledges p WHERE p.state = 'pending'),
    'dead_letters', (SELECT count(*) FROM careforall.payment_dead_letters d WHERE d.state = 'parked'),
    'refunds_failed', (SELECT count(*) FROM careforall.refunds r WHERE r.state = 'failed'),
    'refunds_requested', (SELECT count(*) FROM careforall.refunds r WHERE r.state = 'requested'),
    'parked_events', (SELECT count(*) FROM careforall.outbox_parked p WHERE p.state = 'parked'),
    'paused_consumers', (SELECT count(*) FROM careforall.consumer_controls c WHERE c.is_paused))
$$;

-- Refusals are results that leave no row; the engine counts them since the server
-- started.
CREATE OR REPLACE FUNCTION careforall.stats_refusals()
RETURNS json
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT json_build_object(
    'since', careforall.json_time(pg_postmaster_start_time()),
    'limit', COALESCE(max(s.value) FILTER (WHERE s.name = 'pledges_refused_limit'), 0),
    'campaign', COALESCE(max(s.value) FILTER (WHERE s.name = 'pledges_refused_campaign'), 0),
    'input', COALESCE(max(s.value) FILTER (WHERE s.name = 'pledges_refused_input'), 0))
  FROM careforall.stats() s
$$;

-- Adds what a range was asked with to its figures.
CREATE OR REPLACE FUNCTION careforall.stats_with(
  doc json, bucket text, time_zone text, campaign_id uuid)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT jsonb_build_object('bucket', bucket, 'time_zone', time_zone, 'campaign_id', campaign_id)
    || doc::jsonb
$$;

CREATE OR REPLACE FUNCTION careforall.admin_stats(
  actor uuid, bucket text, time_zone text, from_time timestamptz, to_time timestamptz,
  campaign text)
RETURNS TABLE (doc json)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  campaign_id uuid := careforall.campaign_id_of(campaign);
BEGIN
  PERFORM careforall.account_require(actor, 'admin');
  IF campaign IS NOT NULL AND campaign_id IS NULL THEN
    RAISE EXCEPTION 'there is no campaign "%"', left(campaign, 80) USING ERRCODE = 'PL030';
  END IF;
  RETURN QUERY
  SELECT (careforall.stats_with(careforall.stats_doc(
      careforall.stats_edges(bucket, time_zone, from_time, to_time), campaign_id),
      bucket, time_zone, campaign_id)
    || jsonb_build_object('now', careforall.stats_now(), 'refusals', careforall.stats_refusals()))::json;
END
$$;

-- For whoever may look into a campaign.
CREATE OR REPLACE FUNCTION careforall.campaign_stats(
  actor uuid, campaign text, bucket text, time_zone text, from_time timestamptz,
  to_time timestamptz)
RETURNS TABLE (doc json)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  campaign_id uuid := careforall.campaign_id_of(campaign);
BEGIN
  PERFORM careforall.campaign_require(actor, campaign_id, 'view');
  RETURN QUERY
  SELECT careforall.stats_with(careforall.stats_doc(
      careforall.stats_edges(bucket, time_zone, from_time, to_time), campaign_id),
      bucket, time_zone, campaign_id)::json;
END
$$;

-- The same for psql: one row for each bucket, currency and state that has any.
CREATE OR REPLACE FUNCTION careforall.stats_series(
  bucket text DEFAULT 'day', from_time timestamptz DEFAULT NULL,
  to_time timestamptz DEFAULT NULL, campaign text DEFAULT NULL, time_zone text DEFAULT 'UTC')
RETURNS TABLE (at timestamptz, currency text, state text, pledges bigint, amount text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT (s.point ->> 'at')::timestamptz, y.value ->> 'currency', c.key,
         (c.value ->> 'count')::bigint,
         careforall.money_text((c.value ->> 'amount')::bigint, y.value ->> 'currency')
  FROM json_array_elements(careforall.stats_doc(
         careforall.stats_edges(bucket, time_zone, from_time, to_time),
         careforall.campaign_id_of(campaign)) -> 'currencies') y,
       json_array_elements(y.value -> 'series') s (point),
       json_each(s.point) c
  WHERE c.key <> 'at' AND (c.value ->> 'count')::bigint > 0
  ORDER BY 1, 2, 3
$$;

COMMENT ON FUNCTION careforall.time_zone_is_known(text) IS
  'Whether there is a time zone of this name.';
COMMENT ON FUNCTION careforall.stats_edges(text, text, timestamptz, timestamptz) IS
  'Where the buckets of a range begin, by the clocks of a time zone, and where the last one ends.';
COMMENT ON FUNCTION careforall.stats_cell(numeric, numeric) IS
  'Count and amount as they stand in a chart''s document.';
COMMENT ON FUNCTION careforall.stats_doc(timestamptz[], uuid) IS
  'Figures of a range by currency and bucket.';
COMMENT ON FUNCTION careforall.stats_now() IS
  'What waits for somebody now.';
COMMENT ON FUNCTION careforall.stats_refusals() IS
  'How many pledges were refused since the server started, and why.';
COMMENT ON FUNCTION careforall.stats_with(json, text, text, uuid) IS
  'Figures of a range with what they were asked with.';
COMMENT ON FUNCTION careforall.admin_stats(uuid, text, text, timestamptz, timestamptz, text) IS
  'Figures for charts and overview, for the API.';
COMMENT ON FUNCTION careforall.campaign_stats(uuid, text, text, text, timestamptz, timestamptz) IS
  'Figures of one campaign for whoever may look into it, for the API.';
COMMENT ON FUNCTION careforall.stats_series(text, timestamptz, timestamptz, text, text) IS
  'Pledges and refunds by bucket, currency and state.';
