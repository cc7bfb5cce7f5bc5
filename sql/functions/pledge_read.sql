-- SPDX-License-Identifier: Apache-2.0
-- What the donor sees of a pledge, and what the public sees of gifts.

-- A refund; the reason and who asked for it only where shows_words.
CREATE OR REPLACE FUNCTION careforall.refund_json(refund careforall.refunds, shows_words boolean)
RETURNS json
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT json_build_object(
    'id', refund.id,
    'amount', careforall.json_money(refund.amount_minor, refund.currency),
    'kind', refund.kind,
    'state', refund.state,
    'state_reason', refund.state_reason,
    'reason', CASE WHEN shows_words THEN refund.reason END,
    'requested_by', CASE WHEN shows_words THEN refund.requested_by END,
    'created_at', careforall.json_time(refund.created_at),
    'settled_at', careforall.json_time(refund.settled_at))
$$;

-- What a donor asked back.
CREATE OR REPLACE FUNCTION careforall.refund_request_json(request careforall.refund_requests)
RETURNS json
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT json_build_object(
    'id', request.id,
    'pledge_id', request.pledge_id,
    'message', request.message,
    'state', request.state,
    'note', request.note,
    'refund_id', request.refund_id,
    'created_at', careforall.json_time(request.created_at),
    'decided_at', careforall.json_time(request.decided_at))
$$;

-- The history of a pledge for its donor, oldest first.
CREATE OR REPLACE FUNCTION careforall.pledge_history_json(pledge_id uuid)
RETURNS json
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT COALESCE(json_agg(json_build_object(
    'version', h.version,
    'event', h.event,
    'from', h.from_state,
    'to', h.to_state,
    'at', careforall.json_time(h.occurred_at),
    'reason', h.reason) ORDER BY h.version), '[]'::json)
  FROM careforall.pledge_history h
  WHERE h.pledge_id = pledge_history_json.pledge_id
$$;

-- The refunds of a pledge, newest first. The words of those who run the campaign are
-- not for the donor.
CREATE OR REPLACE FUNCTION careforall.pledge_refunds_json(pledge_id uuid, shows_words boolean)
RETURNS json
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT COALESCE(json_agg(careforall.refund_json(r, shows_words) ORDER BY r.id DESC), '[]'::json)
  FROM careforall.refunds r
  WHERE r.pledge_id = pledge_refunds_json.pledge_id
$$;

-- What the donor asked back last, NULL if nothing.
CREATE OR REPLACE FUNCTION careforall.pledge_refund_request_json(pledge_id uuid)
RETURNS json
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT careforall.refund_request_json(q)
  FROM careforall.refund_requests q
  WHERE q.pledge_id = pledge_refund_request_json.pledge_id
  ORDER BY q.id DESC
  LIMIT 1
$$;

-- The account of a pledge: that made it, or has claimed it since; NULL if none.
CREATE OR REPLACE FUNCTION careforall.pledge_account(pledge careforall.pledges)
RETURNS uuid
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT COALESCE(pledge.account_id,
    (SELECT k.account_id FROM careforall.pledge_claims k WHERE k.pledge_id = pledge.id))
$$;

-- A pledge as its donor sees it: the name whatever the display level, never the
-- e-mail address.
CREATE OR REPLACE FUNCTION careforall.pledge_donor_json(pledge_id uuid)
RETURNS json
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT json_build_object(
    'id', p.id,
    'campaign', json_build_object('id', c.id, 'slug', c.slug, 'title', c.title),
    'reward', CASE WHEN r.id IS NOT NULL
      THEN json_build_object('id', r.id, 'title', r.title) END,
    'quantity', p.quantity,
    'amount', careforall.json_money(p.amount_minor, p.currency),
    'gift', careforall.json_money(p.amount_minor - p.fee_minor, p.currency),
    'fee', careforall.json_money(p.fee_minor, p.currency),
    'refunded', careforall.json_money(p.refunded_minor, p.currency),
    'state', p.state,
    'state_reason', p.state_reason,
    'cancel_requested_at', careforall.json_time(p.cancel_requested_at),
    'display', p.display,
    'donor', json_build_object('name', p.donor_name),
    'message', p.message,
    'news', careforall.news_consent_json(p.id),
    'has_account', careforall.pledge_account(p) IS NOT NULL,
    'version', p.version,
    'hold_expires_at', careforall.json_time(p.hold_expires_at),
    'created_at', careforall.json_time(p.created_at),
    'updated_at', careforall.json_time(p.updated_at),
    'link_expires_at', careforall.json_time(
      NULLIF(careforall.pledge_link_until(p, careforall.link_lifetime()), 'infinity')),
    'refunds', careforall.pledge_refunds_json(p.id, false),
    'refund_request', careforall.pledge_refund_request_json(p.id),
    'history', careforall.pledge_history_json(p.id))
  FROM careforall.pledges p
  JOIN careforall.campaigns c ON c.id = p.campaign_id
  LEFT JOIN careforall.rewards r ON r.id = p.reward_id
  WHERE p.id = pledge_donor_json.pledge_id
$$;

-- The caller has proved that it has the private link (pledge token).
CREATE OR REPLACE FUNCTION careforall.pledge_public(pledge_id uuid)
RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  pledge careforall.pledges;
BEGIN
  SELECT * INTO pledge FROM careforall.pledges p WHERE p.id = pledge_public.pledge_id;
  PERFORM careforall.pledge_link_require(pledge);
  RETURN careforall.pledge_donor_json(pledge_public.pledge_id)::text;
END
$$;

-- Who asks for a pledge: its donor, by the private link (which the caller has
-- checked) or by the account that has it; or, with their right, those who run the
-- campaign. For everybody else the pledge does not exist; a link ends at its time.
CREATE OR REPLACE FUNCTION careforall.pledge_access(pledge_id uuid, by_link boolean, actor uuid)
RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  pledge    careforall.pledges;
  has_right text;
BEGIN
  IF actor IS NOT NULL THEN
    PERFORM careforall.account_require(actor, 'donor');
  END IF;
  SELECT * INTO pledge FROM careforall.pledges p WHERE p.id = pledge_access.pledge_id;
  IF FOUND AND careforall.pledge_account(pledge) = actor THEN
    RETURN 'donor';
  ELSIF FOUND AND by_link THEN
    PERFORM careforall.pledge_link_require(pledge);
    RETURN 'donor';
  END IF;
  has_right := careforall.campaign_right(actor, pledge.campaign_id);
  IF has_right IS NULL THEN
    RAISE EXCEPTION 'there is no such pledge' USING ERRCODE = 'PL005';
  END IF;
  RETURN has_right;
END
$$;

-- The pledge for its donor.
CREATE OR REPLACE FUNCTION careforall.pledge_read(pledge_id uuid, by_link boolean, actor uuid)
RETURNS TABLE (doc json)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT careforall.pledge_donor_json(pledge_id)
  WHERE careforall.pledge_access(pledge_id, by_link, actor) = 'donor'
$$;

-- The refunds of a pledge: its donor and those who run the campaign may look. What
-- waits for a second person, or did, is for the latter only.
CREATE OR REPLACE FUNCTION careforall.pledge_refunds(pledge_id uuid, by_link boolean, actor uuid)
RETURNS TABLE (doc json)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  IF careforall.pledge_access(pledge_id, by_link, actor) = 'donor' THEN
    doc := json_build_object('items', careforall.pledge_refunds_json(pledge_id, false));
  ELSE
    doc := json_build_object('items', careforall.pledge_refunds_json(pledge_id, true),
      'proposals', careforall.pledge_proposals_json(pledge_id));
  END IF;
  RETURN NEXT;
END
$$;

-- What a display level lets others see of a donor.
CREATE OR REPLACE FUNCTION careforall.donor_shown(display text, name text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN display <> 'none' THEN name END;

CREATE OR REPLACE FUNCTION careforall.message_shown(display text, message text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN display IN ('name_amount_message', 'name_message')
  THEN NULLIF(message, '') END;

-- Confirmed pledges of a campaign as feed items, newest first, before the pledge given
-- (NULL: from the newest). The id of an item does not tell the pledge; the time is
-- that of the pledge, so that it never changes; the amount is all that was given, a
-- covered fee included. max is held to 1..101. Internal.
CREATE OR REPLACE FUNCTION careforall.gifts_json(
  campaign_id uuid, before_id uuid, max integer)
RETURNS TABLE (gift json, pledge_id uuid)
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT json_build_object(
    'id', left(encode(sha256(convert_to(g.id::text, 'UTF8')), 'hex'), 16),
    'name', careforall.donor_shown(g.display, g.donor_name),
    'amount', CASE WHEN g.display = 'name_amount_message'
      THEN careforall.json_money(g.amount_minor, g.currency) END,
    'message', careforall.message_shown(g.display, g.message),
    'at', careforall.json_time(g.created_at)),
    g.id
  FROM (SELECT p.id, p.display, p.donor_name, p.amount_minor, p.currency, p.message,
               p.created_at
        FROM careforall.pledges p
        WHERE p.campaign_id = gifts_json.campaign_id
          AND p.state = 'confirmed'
          AND (before_id IS NULL OR p.id < before_id)
        ORDER BY p.id DESC
        LIMIT LEAST(GREATEST(COALESCE(max, 20), 1), 101)) g
  ORDER BY g.id DESC
$$;

-- The same for anybody: only of a campaign that is public.
CREATE OR REPLACE FUNCTION careforall.campaign_gifts(
  campaign_id uuid, before_id uuid, max integer)
RETURNS TABLE (gift text, pledge_id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM careforall.campaigns c
                 WHERE c.id = campaign_gifts.campaign_id AND c.state <> 'draft') THEN
    RAISE EXCEPTION 'there is no such campaign' USING ERRCODE = 'PL005';
  END IF;
  RETURN QUERY SELECT g.gift::text, g.pledge_id
    FROM careforall.gifts_json(campaign_gifts.campaign_id, before_id, max) g;
END
$$;

COMMENT ON FUNCTION careforall.refund_json(careforall.refunds, boolean) IS
  'A refund as the API shows it.';
COMMENT ON FUNCTION careforall.refund_request_json(careforall.refund_requests) IS
  'A donor''s request for a refund as the API shows it.';
COMMENT ON FUNCTION careforall.pledge_refunds_json(uuid, boolean) IS
  'The refunds of a pledge, newest first.';
COMMENT ON FUNCTION careforall.pledge_refund_request_json(uuid) IS
  'The last request for a refund of a pledge, NULL if there is none.';
COMMENT ON FUNCTION careforall.pledge_account(careforall.pledges) IS
  'The account that made a pledge or has claimed it; NULL if none.';
COMMENT ON FUNCTION careforall.pledge_donor_json(uuid) IS
  'A pledge as its donor sees it; NULL if unknown.';
COMMENT ON FUNCTION careforall.pledge_access(uuid, boolean, uuid) IS
  'Who asks for a pledge: donor, or the right of the account to its campaign; refuses others (PL005, PL011) and a link whose time is over (PL033).';
COMMENT ON FUNCTION careforall.pledge_read(uuid, boolean, uuid) IS
  'A pledge for its donor, by the private link that the caller has checked or by the account that has it.';
COMMENT ON FUNCTION careforall.pledge_refunds(uuid, boolean, uuid) IS
  'The refunds of a pledge, for its donor or those who run the campaign.';
COMMENT ON FUNCTION careforall.pledge_history_json(uuid) IS
  'The history member of the donor''s view of a pledge.';
COMMENT ON FUNCTION careforall.pledge_public(uuid) IS
  'A pledge by its private link, JSON text; NULL if unknown. The caller checks the pledge token; refuses a link whose time is over (PL033).';
COMMENT ON FUNCTION careforall.donor_shown(text, text) IS
  'The donor''s name if the display level shows it, else NULL.';
COMMENT ON FUNCTION careforall.message_shown(text, text) IS
  'The donor''s message if the display level shows it and it is not empty, else NULL.';
COMMENT ON FUNCTION careforall.campaign_gifts(uuid, uuid, integer) IS
  'Confirmed gifts of a public campaign as feed items, newest first; pledge_id is the cursor. Refuses a draft (PL005).';
COMMENT ON FUNCTION careforall.gifts_json(uuid, uuid, integer) IS
  'Confirmed gifts of any campaign as feed items, newest first.';
