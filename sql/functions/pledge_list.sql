-- SPDX-License-Identifier: Apache-2.0
-- Pledges in lists: those of an account, those of a campaign, and their export.

-- What every id of a row is below.
CREATE OR REPLACE FUNCTION careforall.uuid_last()
RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid;

-- A pledge as those who run its campaign see it. Their own list shows the e-mail
-- address, and whether news may be sent there, only to those who may edit the campaign.
CREATE OR REPLACE FUNCTION careforall.pledge_team_json(
  pledge careforall.pledges, shows_email boolean)
RETURNS json
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT json_build_object(
    'id', pledge.id,
    'state', pledge.state,
    'state_reason', pledge.state_reason,
    'amount', careforall.json_money(pledge.amount_minor, pledge.currency),
    'gift', careforall.json_money(pledge.amount_minor - pledge.fee_minor, pledge.currency),
    'fee', careforall.json_money(pledge.fee_minor, pledge.currency),
    'refunded', careforall.json_money(pledge.refunded_minor, pledge.currency),
    'reward', (SELECT json_build_object('id', r.id, 'title', r.title)
               FROM careforall.rewards r WHERE r.id = pledge.reward_id),
    'quantity', pledge.quantity,
    'donor', json_build_object('name', pledge.donor_name,
      'email', CASE WHEN shows_email THEN pledge.donor_email END),
    'display', pledge.display,
    'message', pledge.message,
    'news', CASE WHEN shows_email THEN COALESCE(careforall.news_wanted(pledge.id), false) END,
    'created_at', careforall.json_time(pledge.created_at),
    'updated_at', careforall.json_time(pledge.updated_at))
$$;

-- Whether a pledge fits all filters that are not NULL: created from (inclusive) to
-- (exclusive), amount from min to max (both inclusive), and q, which is a part of
-- the name or (if it may be seen) of the e-mail address, or the beginning of the
-- reference, and the reward that was chosen, and (if the address may be seen) whether
-- the donor wants news. Written to be inlined.
CREATE OR REPLACE FUNCTION careforall.pledge_fits(
  pledge careforall.pledges, state text, created_from timestamptz, created_to timestamptz,
  min_minor bigint, max_minor bigint, q text, reward_id uuid, news boolean, sees_email boolean)
RETURNS boolean
LANGUAGE sql STABLE
AS $$
  SELECT (pledge_fits.state IS NULL OR pledge.state = pledge_fits.state)
  AND (created_from IS NULL OR pledge.created_at >= created_from)
  AND (created_to IS NULL OR pledge.created_at < created_to)
  AND (min_minor IS NULL OR pledge.amount_minor >= min_minor)
  AND (max_minor IS NULL OR pledge.amount_minor <= max_minor)
  AND (q IS NULL
    OR strpos(lower(pledge.donor_name), lower(q)) > 0
    OR (sees_email AND strpos(lower(pledge.donor_email), lower(q)) > 0)
    OR starts_with(pledge.id::text, lower(q)))
  AND (pledge_fits.reward_id IS NULL OR pledge.reward_id = pledge_fits.reward_id)
  AND (news IS NULL OR (sees_email AND news = COALESCE(careforall.news_wanted(pledge.id), false)))
$$;

-- The pledges that an account has made or claimed, newest first, before the one given (NULL: from the
-- newest). max is held to 1..101.
CREATE OR REPLACE FUNCTION careforall.me_pledges(
  actor uuid, state text, before_id uuid, max integer)
RETURNS TABLE (doc json, id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  rows integer := LEAST(GREATEST(COALESCE(max, 20), 1), 101);
  before uuid := COALESCE(before_id, careforall.uuid_last());
BEGIN
  PERFORM careforall.account_require(actor, 'donor');
  RETURN QUERY
  SELECT json_build_object(
      'id', p.id,
      'campaign', json_build_object('id', c.id, 'slug', c.slug, 'title', c.title),
      'state', p.state,
      'state_reason', p.state_reason,
      'amount', careforall.json_money(p.amount_minor, p.currency),
      'gift', careforall.json_money(p.amount_minor - p.fee_minor, p.currency),
      'fee', careforall.json_money(p.fee_minor, p.currency),
      'refunded', careforall.json_money(p.refunded_minor, p.currency),
      'display', p.display,
      'version', p.version,
      'created_at', careforall.json_time(p.created_at),
      'updated_at', careforall.json_time(p.updated_at)), p.id
  FROM (
    (SELECT o.id FROM careforall.pledges o
     WHERE o.account_id = actor AND (me_pledges.state IS NULL OR o.state = me_pledges.state)
       AND o.id < before
     ORDER BY o.id DESC LIMIT rows)
    UNION ALL
    (SELECT o.id FROM careforall.pledge_claims k
     JOIN careforall.pledges o ON o.id = k.pledge_id
     WHERE k.account_id = actor AND (me_pledges.state IS NULL OR o.state = me_pledges.state)
       AND k.pledge_id < before
     ORDER BY k.pledge_id DESC LIMIT rows)) own
  JOIN careforall.pledges p ON p.id = own.id
  JOIN careforall.campaigns c ON c.id = p.campaign_id
  ORDER BY p.id DESC
  LIMIT rows;
END
$$;

-- The pledges of a campaign that fit the filters of pledge_fits(), newest first or,
-- with sort amount, largest first; before the place given (NULL: from the start).
-- Who may only view sees no e-mail address and cannot search for one. max_rows is
-- held to 1..101.
CREATE OR REPLACE FUNCTION careforall.campaign_pledges(
  actor uuid, campaign_id uuid, state text, created_from timestamptz, created_to timestamptz,
  min_minor bigint, max_minor bigint, q text, sort text,
  before_minor bigint, before_id uuid, max_rows integer, reward_id uuid DEFAULT NULL,
  news boolean DEFAULT NULL)
RETURNS TABLE (doc json, id uuid, amount_minor bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  sees_email boolean :=
    careforall.campaign_require(actor, campaign_pledges.campaign_id, 'view') <> 'view';
  rows integer := LEAST(GREATEST(COALESCE(max_rows, 20), 1), 101);
BEGIN
  IF sort = 'amount' THEN
    RETURN QUERY
    SELECT careforall.pledge_team_json(f.p, sees_email), f.id, f.amount_minor
    FROM (SELECT p, p.id, p.amount_minor
          FROM careforall.pledges p
          WHERE p.campaign_id = campaign_pledges.campaign_id
            AND careforall.pledge_fits(p, campaign_pledges.state, created_from, created_to,
              min_minor, max_minor, campaign_pledges.q, campaign_pledges.reward_id, news, sees_email)
            AND (before_id IS NULL OR (p.amount_minor, p.id) < (before_minor, before_id))
          ORDER BY p.amount_minor DESC, p.id DESC
          LIMIT rows) f
    ORDER BY f.amount_minor DESC, f.id DESC;
  ELSE
    RETURN QUERY
    SELECT careforall.pledge_team_json(f.p, sees_email), f.id, f.amount_minor
    FROM (SELECT p, p.id, p.amount_minor
          FROM careforall.pledges p
          WHERE p.campaign_id = campaign_pledges.campaign_id
            AND careforall.pledge_fits(p, campaign_pledges.state, created_from, created_to,
              min_minor, max_minor, campaign_pledges.q, campaign_pledges.reward_id, news, sees_email)
            AND p.id < COALESCE(before_id, careforall.uuid_last())
          ORDER BY p.id DESC
          LIMIT rows) f
    ORDER BY f.id DESC;
  END IF;
END
$$;

-- Begins an export: checks the right, notes in the audit log who exports what, and
-- gives the name of the campaign for the file.
CREATE OR REPLACE FUNCTION careforall.pledge_export_begin(
  actor uuid, campaign_id uuid, format text, filters jsonb)
RETURNS TABLE (slug text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  has_right text := careforall.campaign_require(actor, pledge_export_begin.campaign_id, 'view');
BEGIN
  PERFORM careforall.actor_set(actor);
  PERFORM careforall.audit_add('pledges.export', 'campaign',
    pledge_export_begin.campaign_id::text, 'export over the API',
    jsonb_build_object('format', format, 'filters', filters,
      'with_emails', has_right <> 'view'));
  RETURN QUERY SELECT c.slug FROM careforall.campaigns c
  WHERE c.id = pledge_export_begin.campaign_id;
END
$$;

-- A page of an export, newest first, before the pledge given (NULL: from the newest).
-- The columns behind doc are those of the CSV file; doc is made for JSON only.
-- max_rows is held to 1..1000.
CREATE OR REPLACE FUNCTION careforall.pledge_export_page(
  actor uuid, campaign_id uuid, format text, state text, created_from timestamptz,
  created_to timestamptz, min_minor bigint, max_minor bigint, q text,
  before_id uuid, max_rows integer, reward_id uuid DEFAULT NULL, news boolean DEFAULT NULL)
RETURNS TABLE (
  doc json, reference text, created_at text, state_now text, state_reason text,
  amount text, gift text, fee text, refunded text, currency text, reward text,
  quantity text, donor_name text, donor_email text, display text, message text,
  updated_at text, wants_news text)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  sees_email boolean :=
    careforall.campaign_require(actor, pledge_export_page.campaign_id, 'view') <> 'view';
  is_json boolean := pledge_export_page.format = 'json';
BEGIN
  RETURN QUERY
  SELECT CASE WHEN is_json THEN careforall.pledge_team_json(f.p, sees_email) END,
    f.id::text,
    careforall.json_time((f.p).created_at),
    (f.p).state,
    (f.p).state_reason,
    careforall.money_plain((f.p).amount_minor, (f.p).currency),
    careforall.money_plain((f.p).amount_minor - (f.p).fee_minor, (f.p).currency),
    careforall.money_plain((f.p).fee_minor, (f.p).currency),
    careforall.money_plain((f.p).refunded_minor, (f.p).currency),
    (f.p).currency::text,
    (SELECT r.title FROM careforall.rewards r WHERE r.id = (f.p).reward_id),
    (f.p).quantity::text,
    (f.p).donor_name,
    CASE WHEN sees_email THEN (f.p).donor_email END,
    (f.p).display,
    (f.p).message,
    careforall.json_time((f.p).updated_at),
    CASE WHEN sees_email THEN COALESCE(careforall.news_wanted(f.id), false)::text END
  FROM (SELECT p, p.id
        FROM careforall.pledges p
        WHERE p.campaign_id = pledge_export_page.campaign_id
          AND careforall.pledge_fits(p, pledge_export_page.state, created_from, created_to,
            min_minor, max_minor, pledge_export_page.q, pledge_export_page.reward_id, news, sees_email)
          AND p.id < COALESCE(before_id, careforall.uuid_last())
        ORDER BY p.id DESC
        LIMIT LEAST(GREATEST(COALESCE(max_rows, 500), 1), 1000)) f
  ORDER BY f.id DESC;
END
$$;

COMMENT ON FUNCTION careforall.uuid_last() IS
  'The greatest UUID, which no row has.';
COMMENT ON FUNCTION careforall.pledge_team_json(careforall.pledges, boolean) IS
  'A pledge as those who run its campaign see it.';
COMMENT ON FUNCTION careforall.pledge_fits(careforall.pledges, text, timestamptz, timestamptz, bigint, bigint, text, uuid, boolean, boolean) IS
  'Whether a pledge fits the filters of a list.';
COMMENT ON FUNCTION careforall.me_pledges(uuid, text, uuid, integer) IS
  'The pledges that an account has made or claimed, newest first.';
COMMENT ON FUNCTION careforall.campaign_pledges(uuid, uuid, text, timestamptz, timestamptz, bigint, bigint, text, text, bigint, uuid, integer, uuid, boolean) IS
  'The pledges of a campaign for those who run it, filtered, newest or largest first.';
COMMENT ON FUNCTION careforall.pledge_export_begin(uuid, uuid, text, jsonb) IS
  'Begins an export of pledges: checks the right, audited.';
COMMENT ON FUNCTION careforall.pledge_export_page(uuid, uuid, text, text, timestamptz, timestamptz, bigint, bigint, text, uuid, integer, uuid, boolean) IS
  'A page of an export of pledges, newest first.';
