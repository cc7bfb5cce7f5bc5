-- SPDX-License-Identifier: Apache-2.0
-- A donor asks for money back, and those who run the campaign decide.

-- Asks. A pledge has one open request at most: to ask again gives the open one.
CREATE OR REPLACE FUNCTION careforall.refund_request_create(
  pledge_id uuid, by_link boolean, actor uuid, message text)
RETURNS TABLE (doc json, etag text, location text, status integer)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  requests_max constant integer := 5;
  pledge  careforall.pledges;
  request careforall.refund_requests;
BEGIN
  IF careforall.pledge_access(pledge_id, by_link, actor) <> 'donor' THEN
    RETURN;
  END IF;
  pledge := careforall.pledge_lock(pledge_id);
  location := '/api/v1/pledges/' || pledge.id;
  SELECT * INTO request FROM careforall.refund_requests q
  WHERE q.pledge_id = pledge.id AND q.state = 'open';
  IF FOUND THEN
    doc := careforall.refund_request_json(request);
    status := 200;
    RETURN NEXT;
    RETURN;
  ELSIF pledge.state <> 'confirmed' OR careforall.pledge_refundable(pledge) <= 0 THEN
    RAISE EXCEPTION 'There is nothing to give back: the pledge is %.', pledge.state
      USING ERRCODE = 'PL002',
            DETAIL = json_build_object('state', pledge.state, 'allowed', '["confirmed"]'::json);
  ELSIF (SELECT count(*) FROM careforall.refund_requests q WHERE q.pledge_id = pledge.id)
    >= requests_max THEN
    RAISE EXCEPTION 'A refund was asked for % times; the answers stand.', requests_max
      USING ERRCODE = 'PL006';
  END IF;
  INSERT INTO careforall.refund_requests AS q (pledge_id, campaign_id, message)
  VALUES (pledge.id, pledge.campaign_id, message)
  RETURNING q.* INTO request;
  doc := careforall.refund_request_json(request);
  RETURN NEXT;
END
$$;

-- The requests of a campaign for those who run it, or (campaign NULL) of all campaigns
-- that the account is in the team of, newest first, before the one given (NULL: from the
-- newest). max is held to 1..101.
CREATE OR REPLACE FUNCTION careforall.refund_request_list(
  actor uuid, campaign_id uuid, state text, before_id uuid, max integer)
RETURNS TABLE (doc json, id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  scope uuid[] := careforall.team_scope(actor, refund_request_list.campaign_id);
BEGIN
  RETURN QUERY
  SELECT json_build_object(
      'request', careforall.refund_request_json(q.request),
      'campaign', json_build_object('id', c.id, 'slug', c.slug, 'title', c.title),
      'right', r."right",
      'pledge', careforall.pledge_team_json(p, r."right" <> 'view'),
      'proposal', careforall.refund_request_proposal((q.request).id),
      'refundable_alone', careforall.refund_alone_json(p),
      'refundable', careforall.json_money(
        CASE p.state WHEN 'confirmed' THEN GREATEST(careforall.pledge_refundable(p), 0) ELSE 0 END, p.currency)),
    (q.request).id
  FROM (
    SELECT q AS request FROM careforall.refund_requests q
    WHERE (scope IS NULL OR q.campaign_id = ANY (scope))
      AND (refund_request_list.state IS NULL OR q.state = refund_request_list.state)
      AND q.id < COALESCE(before_id, careforall.uuid_last())
    ORDER BY q.id DESC
    LIMIT LEAST(GREATEST(COALESCE(max, 20), 1), 101)) q
  JOIN careforall.pledges p ON p.id = (q.request).pledge_id
  JOIN careforall.campaigns c ON c.id = (q.request).campaign_id
  CROSS JOIN LATERAL (SELECT careforall.campaign_right(actor, c.id) AS "right") r
  ORDER BY (q.request).id DESC;
END
$$;

-- How many there are.
CREATE OR REPLACE FUNCTION careforall.refund_request_count(
  actor uuid, campaign_id uuid, state text)
RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  scope uuid[] := careforall.team_scope(actor, refund_request_count.campaign_id);
BEGIN
  RETURN (
    SELECT count(*) FROM careforall.refund_requests q
    WHERE (scope IS NULL OR q.campaign_id = ANY (scope))
      AND (refund_request_count.state IS NULL OR q.state = refund_request_count.state));
END
$$;

-- What waits for a second person to fulfil a request; NULL if nothing does.
CREATE OR REPLACE FUNCTION careforall.refund_request_proposal(request_id uuid)
RETURNS json
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  RETURN (
    SELECT careforall.refund_proposal_json(q) FROM careforall.refund_proposals q
    WHERE q.refund_request_id = request_id AND careforall.refund_proposal_state(q) = 'waiting');
END
$$;

-- Accepts, which asks for the refund (amount NULL: all that is left), or declines.
-- The same decision again gives what it was; another one is refused. If the refund needs
-- a second person the request stays open until that one has approved; to accept it
-- meanwhile gives the proposal that waits, to decline it ends that as well.
CREATE OR REPLACE FUNCTION careforall.refund_request_decide(
  actor uuid, request_id uuid, decision text, amount_minor bigint, currency text, note text)
RETURNS TABLE (doc json)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  request  careforall.refund_requests;
  prepared record;
  waits    json;
  who      text := 'account:' || actor;
  why      text := COALESCE(NULLIF(btrim(note), ''), 'the donor asked for it');
BEGIN
  PERFORM careforall.account_require(actor, 'donor');
  SELECT * INTO request FROM careforall.refund_requests q WHERE q.id = request_id;
  IF NOT FOUND OR careforall.campaign_right(actor, request.campaign_id) IS NULL THEN
    RAISE EXCEPTION 'there is no such request' USING ERRCODE = 'PL005';
  END IF;
  PERFORM careforall.campaign_require(actor, request.campaign_id, 'edit');
  PERFORM careforall.pledge_lock(request.pledge_id);
  SELECT * INTO request FROM careforall.refund_requests q WHERE q.id = request_id FOR UPDATE;
  waits := careforall.refund_request_proposal(request_id);
  IF request.state = 'open' AND NOT (decision = 'accepted' AND waits IS NOT NULL) THEN
    PERFORM careforall.actor_set(actor);
    request.refund_id := NULL;
    IF decision = 'accepted' THEN
      SELECT * INTO prepared
      FROM careforall.refund_prepare(request.pledge_id, amount_minor, currency);
      SELECT a.refund_id INTO request.refund_id
      FROM careforall.refund_ask_or_propose(prepared.pledge, prepared.amount_minor,
        'requested_by_donor', CASE WHEN char_length(why) < 3 THEN why || ' (donor asked)' ELSE why END,
        who, who, request.id, btrim(note)) a;
      waits := careforall.refund_request_proposal(request_id);
    ELSE
      PERFORM careforall.refund_proposal_decline(request.id, who, note);
      waits := NULL;
    END IF;
  END IF;
  IF request.state = 'open' AND waits IS NULL THEN
    UPDATE careforall.refund_requests q
    SET state = decision, note = COALESCE(btrim(refund_request_decide.note), ''),
      refund_id = request.refund_id, decided_by = who,
      decided_at = careforall.clock()
    WHERE q.id = request_id
    RETURNING q.* INTO request;
    PERFORM careforall.audit_add('refund_request.' || decision, 'pledge',
      request.pledge_id::text, 'decided over the API', jsonb_build_object('request_id', request.id));
  ELSIF waits IS NULL AND request.state <> decision THEN
    RAISE EXCEPTION 'The request was % before.', request.state
      USING ERRCODE = 'PL002',
            DETAIL = json_build_object('state', request.state, 'allowed', '[]'::json);
  END IF;
  doc := CASE WHEN waits IS NULL THEN careforall.refund_request_json(request)
    ELSE (careforall.refund_request_json(request)::jsonb || jsonb_build_object('proposal', waits))::json END;
  RETURN NEXT;
END
$$;

COMMENT ON FUNCTION careforall.refund_request_create(uuid, boolean, uuid, text) IS
  'A donor asks for money back; to ask again gives the open request.';
COMMENT ON FUNCTION careforall.refund_request_list(uuid, uuid, text, uuid, integer) IS
  'What donors of a campaign, or of all that the account is in the team of, ask back, newest first.';
COMMENT ON FUNCTION careforall.refund_request_count(uuid, uuid, text) IS
  'The length of the list of requests for refunds.';
COMMENT ON FUNCTION careforall.refund_request_proposal(uuid) IS
  'The proposal that waits for a second person to fulfil a donor''s request; NULL if none.';
COMMENT ON FUNCTION careforall.refund_request_decide(uuid, uuid, text, bigint, text, text) IS
  'Accepts (and asks for the refund) or declines what a donor asked back; audited.';
