-- SPDX-License-Identifier: Apache-2.0
-- Lists of campaigns with filters and orders, page by page: those of the public, and
-- with drafts those that an account runs.
--
-- Each order is one key and the id, so that a page goes on exactly where the last
-- one ended: rows that come and go make no gap and no double.
--   newest       by creation in milliseconds, which never changes.
--   ending_soon  campaigns that have not ended, by their end; without an end last.
--   most_funded  by raised money per goal, as of the last run of campaigns_rank. One
--                whose rank changed between two pages can be shown twice, or not;
--                every other one is shown exactly once.
-- Who runs campaigns also finds them by a part of the title.
--
-- Statuses exclude each other: draft (never public); closed; ended (its time is over,
-- it is not closed yet); paused; upcoming (not started); active; archived. Who runs
-- campaigns sees archived ones only by that status, the public never.

-- The conditions as SQL text over campaigns c: $1 to $4 are the filters, $5 is now.
CREATE OR REPLACE FUNCTION careforall.campaign_filter(
  q text, status text, category text, currency text, sort text, has_drafts boolean)
RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT concat_ws(' AND ',
    CASE WHEN campaign_filter.has_drafts AND campaign_filter.status = 'archived'
      THEN 'c.archived_at IS NOT NULL' ELSE 'c.archived_at IS NULL' END,
    CASE WHEN campaign_filter.status IN ('ended', 'paused')
      OR (campaign_filter.sort = 'ending_soon' AND NOT campaign_filter.has_drafts)
      THEN $c$c.state IN ('active', 'paused')$c$
      WHEN campaign_filter.sort = 'ending_soon' THEN $c$c.state <> 'closed'$c$
      WHEN NOT campaign_filter.has_drafts THEN $c$c.state IN ('active', 'paused', 'closed')$c$
      ELSE 'true' END,
    CASE WHEN campaign_filter.sort = 'ending_soon' OR campaign_filter.status IN ('active', 'paused')
      THEN $c$COALESCE(c.ends_at, 'infinity'::timestamptz) > $5$c$ END,
    CASE WHEN campaign_filter.q IS NOT NULL THEN
      format($c$(careforall.campaign_words(c.title, c.summary, c.story, c.owner_name)
         @@ websearch_to_tsquery('pg_catalog.english', $1)%s)$c$,
        CASE WHEN campaign_filter.has_drafts
          THEN ' OR strpos(lower(c.title), lower($1)) > 0 OR c.slug = lower($1)' ELSE '' END) END,
    CASE campaign_filter.status
      WHEN 'draft' THEN $c$c.state = 'draft'$c$
      WHEN 'active' THEN $c$c.state = 'active' AND c.starts_at <= $5$c$
      WHEN 'upcoming' THEN $c$c.state = 'active' AND c.starts_at > $5$c$
      WHEN 'paused' THEN $c$c.state = 'paused'$c$
      WHEN 'ended' THEN $c$COALESCE(c.ends_at, 'infinity'::timestamptz) <= $5$c$
      WHEN 'closed' THEN $c$c.state = 'closed'$c$ END,
    CASE WHEN campaign_filter.category IS NOT NULL THEN 'c.category = $3' END,
    CASE WHEN campaign_filter.currency IS NOT NULL THEN 'c.currency = $4' END)
$$;

-- The query of a page as SQL text, with the columns id and key: campaigns that fit the
-- conditions, in an order; $6 and $7 are the key and id of the last one before it, $8
-- is how many.
CREATE OR REPLACE FUNCTION careforall.campaign_page_query(
  conditions text, sort text, is_first boolean)
RETURNS text
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  created constant text := $c$date_trunc('milliseconds', c.created_at AT TIME ZONE 'UTC')$c$;
  ending  constant text := $c$COALESCE(c.ends_at, 'infinity'::timestamptz)$c$;
  never   constant bigint := 9223372036854775807;
  source  text := 'careforall.campaigns c';
  key     text;
  ordered text;
  after   text;
BEGIN
  CASE sort
    WHEN 'newest' THEN
      key := format('(extract(epoch FROM %s) * 1000)::bigint', created);
      ordered := format('%s DESC, c.id DESC', created);
      after := format($c$(%s, c.id) < ('1970-01-01'::timestamp + $6 * interval '1 millisecond', $7)$c$, created);
    WHEN 'ending_soon' THEN
      key := format('CASE WHEN c.ends_at IS NULL THEN %s ELSE (extract(epoch FROM c.ends_at) * 1000000)::bigint END', never);
      ordered := format('%s, c.id', ending);
      after := format($c$(%s, c.id) > (CASE WHEN $6 = %s THEN 'infinity'::timestamptz
        ELSE 'epoch'::timestamptz + $6 * interval '1 microsecond' END, $7)$c$, ending, never);
    WHEN 'most_funded' THEN
      source := 'careforall.campaign_ranks r JOIN careforall.campaigns c ON c.id = r.campaign_id';
      key := 'r.funded_ppm';
      ordered := 'r.funded_ppm DESC, r.campaign_id DESC';
      after := '(r.funded_ppm, r.campaign_id) < ($6, $7)';
  END CASE;
  RETURN format('SELECT c.id, %s AS key FROM %s WHERE %s AND (%s) ORDER BY %s LIMIT $8',
    key, source, conditions, CASE WHEN is_first THEN 'true' ELSE after END, ordered);
END
$$;

-- A page: max campaigns after the given key and id (both NULL: from the first). Their
-- documents are in the read model; campaign_documents() has them when it is not there.
CREATE OR REPLACE FUNCTION careforall.campaign_search(
  q text, status text, category text, currency text, sort text,
  after_key bigint, after_id uuid, max integer)
RETURNS TABLE (id uuid, key bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  RETURN QUERY EXECUTE careforall.campaign_page_query(
    careforall.campaign_filter(q, status, category, currency, sort, false), sort, after_key IS NULL)
  USING q, status, category, currency, careforall.clock(), after_key, after_id,
    LEAST(GREATEST(COALESCE(max, 20), 1), 101);
END
$$;

-- The public documents of campaigns, in the order of their ids; those that are not
-- public are left out.
CREATE OR REPLACE FUNCTION careforall.campaign_documents(ids uuid[])
RETURNS TABLE (doc text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT careforall.campaign_json(c)::text
  FROM unnest(ids) WITH ORDINALITY AS i (id, n)
  JOIN careforall.campaigns c ON c.id = i.id AND c.state <> 'draft'
  ORDER BY i.n
$$;

-- How many campaigns the whole list has.
CREATE OR REPLACE FUNCTION careforall.campaign_count(
  q text, status text, category text, currency text, sort text)
RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  counted bigint;
BEGIN
  EXECUTE format('SELECT count(*) FROM careforall.campaigns c WHERE %s',
    careforall.campaign_filter(q, status, category, currency, sort, false))
  INTO counted USING q, status, category, currency, careforall.clock();
  RETURN counted;
END
$$;

-- Ranks all campaigns by what they have raised; gives how many ranks changed.
CREATE OR REPLACE FUNCTION careforall.campaigns_rank()
RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  WITH raised AS (
    SELECT f.campaign_id, sum(f.confirmed_minor - f.refunded_minor) AS minor
    FROM (SELECT t.campaign_id, t.confirmed_minor, t.refunded_minor
          FROM careforall.campaign_totals t
          UNION ALL
          SELECT d.campaign_id, d.confirmed_minor, d.refunded_minor
          FROM careforall.campaign_total_deltas d) f
    GROUP BY f.campaign_id
  ), changed AS (
    UPDATE careforall.campaign_ranks r SET funded_ppm = n.funded_ppm
    FROM (SELECT c.id,
                 LEAST(GREATEST(COALESCE(raised.minor, 0), 0) * 1000000 / c.goal_minor,
                   9000000000000000000)::bigint AS funded_ppm
          FROM careforall.campaigns c
          LEFT JOIN raised ON raised.campaign_id = c.id) n
    WHERE n.id = r.campaign_id AND n.funded_ppm <> r.funded_ppm
    RETURNING r.campaign_id
  )
  SELECT count(*) FROM changed
$$;

COMMENT ON FUNCTION careforall.campaign_filter(text, text, text, text, text, boolean) IS
  'The conditions of a filtered list of campaigns, as SQL text.';
COMMENT ON FUNCTION careforall.campaign_page_query(text, text, boolean) IS
  'The query of a page of such a list, as SQL text.';
COMMENT ON FUNCTION careforall.campaign_search(text, text, text, text, text, bigint, uuid, integer) IS
  'A page of public campaigns by words, status, category and currency, in one of three orders.';
COMMENT ON FUNCTION careforall.campaign_documents(uuid[]) IS
  'The public documents of campaigns, in the order of their ids.';
COMMENT ON FUNCTION careforall.campaign_count(text, text, text, text, text) IS
  'How many public campaigns such a list has.';
COMMENT ON FUNCTION careforall.campaigns_rank() IS
  'Computes campaign_ranks anew; gives how many changed.';
