-- SPDX-License-Identifier: Apache-2.0
-- What the donor sees of a pledge, and what the public sees of gifts.

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

-- The caller has proved that it is the donor (pledge token): the name is shown
-- whatever the display level. The e-mail address never leaves the database.
CREATE OR REPLACE FUNCTION careforall.pledge_public(pledge_id uuid)
RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT json_build_object(
    'id', p.id,
    'campaign', json_build_object('id', c.id, 'slug', c.slug, 'title', c.title),
    'reward', CASE WHEN r.id IS NOT NULL
      THEN json_build_object('id', r.id, 'title', r.title) END,
    'quantity', p.quantity,
    'amount', careforall.json_money(p.amount_minor, p.currency),
    'refunded', careforall.json_money(p.refunded_minor, p.currency),
    'state', p.state,
    'state_reason', p.state_reason,
    'display', p.display,
    'donor', json_build_object('name', p.donor_name),
    'message', p.message,
    'version', p.version,
    'hold_expires_at', careforall.json_time(p.hold_expires_at),
    'created_at', careforall.json_time(p.created_at),
    'updated_at', careforall.json_time(p.updated_at),
    'history', careforall.pledge_history_json(p.id))::text
  FROM careforall.pledges p
  JOIN careforall.campaigns c ON c.id = p.campaign_id
  LEFT JOIN careforall.rewards r ON r.id = p.reward_id
  WHERE p.id = pledge_public.pledge_id
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

-- Confirmed pledges of a public campaign as feed items, newest first, before the
-- pledge given (NULL: from the newest). The id of an item does not tell the pledge;
-- the time is that of the pledge, so that it never changes. max is held to 1..100.
CREATE OR REPLACE FUNCTION careforall.campaign_gifts(
  campaign_id uuid, before_id uuid, max integer)
RETURNS TABLE (gift text, pledge_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT json_build_object(
    'id', left(encode(sha256(convert_to(g.id::text, 'UTF8')), 'hex'), 16),
    'name', careforall.donor_shown(g.display, g.donor_name),
    'amount', CASE WHEN g.display = 'name_amount_message'
      THEN careforall.json_money(g.amount_minor, g.currency) END,
    'message', careforall.message_shown(g.display, g.message),
    'at', careforall.json_time(g.created_at))::text,
    g.id
  FROM (SELECT p.id, p.display, p.donor_name, p.amount_minor, p.currency, p.message,
               p.created_at
        FROM careforall.pledges p
        WHERE p.campaign_id = campaign_gifts.campaign_id
          AND p.state = 'confirmed'
          AND (before_id IS NULL OR p.id < before_id)
          AND EXISTS (SELECT FROM careforall.campaigns c
                      WHERE c.id = campaign_gifts.campaign_id AND c.state <> 'draft')
        ORDER BY p.id DESC
        LIMIT LEAST(GREATEST(COALESCE(max, 20), 1), 100)) g
  ORDER BY g.id DESC
$$;

COMMENT ON FUNCTION careforall.pledge_history_json(uuid) IS
  'The history member of the donor''s view of a pledge.';
COMMENT ON FUNCTION careforall.pledge_public(uuid) IS
  'A pledge as its donor sees it, JSON text; NULL if unknown. The caller checks the pledge token.';
COMMENT ON FUNCTION careforall.donor_shown(text, text) IS
  'The donor''s name if the display level shows it, else NULL.';
COMMENT ON FUNCTION careforall.message_shown(text, text) IS
  'The donor''s message if the display level shows it and it is not empty, else NULL.';
COMMENT ON FUNCTION careforall.campaign_gifts(uuid, uuid, integer) IS
  'Confirmed gifts of a campaign as public feed items, newest first; pledge_id is the cursor.';
