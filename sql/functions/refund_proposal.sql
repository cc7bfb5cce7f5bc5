-- SPDX-License-Identifier: Apache-2.0
-- Refunds that need a second person: one proposes, another one approves or rejects.
--
-- A person is an account (account:id, checked by the API) or a log-in of the database
-- (session_user, which careforall.actor cannot change). Who may decide what stands in
-- the checks of careforall.refund_proposals too, so that no path leads around it. The
-- pledge is locked first, always: of two decisions at once the second finds the first.

-- The state that a proposal is in now.
CREATE OR REPLACE FUNCTION careforall.refund_proposal_state(proposal careforall.refund_proposals)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT CASE WHEN proposal.state = 'waiting' AND proposal.expires_at <= careforall.clock()
    THEN 'expired' ELSE proposal.state END
$$;

-- Ends at most max proposals that nobody has approved in time, of one pledge or of all,
-- and gives how many; audited. Those that somebody decides at the moment are left.
CREATE OR REPLACE FUNCTION careforall.refund_proposals_expire(
  pledge_id uuid DEFAULT NULL, max integer DEFAULT 1000)
RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  proposal careforall.refund_proposals;
  expired  bigint := 0;
BEGIN
  FOR proposal IN
    UPDATE careforall.refund_proposals q SET state = 'expired'
    WHERE q.id = ANY (ARRAY(
      SELECT o.id FROM careforall.refund_proposals o
      WHERE o.state = 'waiting' AND o.expires_at <= careforall.clock()
        AND (refund_proposals_expire.pledge_id IS NULL OR o.pledge_id = refund_proposals_expire.pledge_id)
      ORDER BY o.expires_at LIMIT GREATEST(max, 0) FOR UPDATE SKIP LOCKED))
    RETURNING q.*
  LOOP
    PERFORM careforall.audit_add('refund_proposal.expired', 'pledge', proposal.pledge_id::text,
      'nobody approved it in time',
      jsonb_build_object('proposal_id', proposal.id, 'amount_minor', proposal.amount_minor,
        'currency', proposal.currency, 'proposed_by', proposal.proposed_by));
    expired := expired + 1;
  END LOOP;
  RETURN expired;
END
$$;

-- Asks for a refund that the caller has checked, or proposes it if it is more than
-- one person may give back alone. The pledge is locked. who is named with the refund,
-- person is the one who must not approve.
CREATE OR REPLACE FUNCTION careforall.refund_ask_or_propose(
  pledge careforall.pledges, amount bigint, code text, why text, who text, person text,
  request_id uuid DEFAULT NULL, note text DEFAULT '', key_hash bytea DEFAULT NULL,
  fingerprint bytea DEFAULT NULL, OUT refund_id uuid, OUT proposal_id uuid)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
  IF amount <= COALESCE(careforall.refund_alone(pledge), amount) THEN
    refund_id := careforall.refund_ask(pledge, amount, code, why, who);
    UPDATE careforall.refunds r SET key_hash = key_hash, fingerprint = fingerprint
    WHERE r.id = refund_id;
    RETURN;
  END IF;
  PERFORM careforall.refund_proposals_expire(pledge.id);
  IF EXISTS (SELECT FROM careforall.refund_proposals q
             WHERE q.pledge_id = pledge.id AND q.state = 'waiting') THEN
    RAISE EXCEPTION 'A refund of this pledge waits for a second person already.'
      USING ERRCODE = 'PL031',
            HINT = 'It is approved, rejected or withdrawn first; see careforall.refund_proposals_overview.';
  END IF;
  INSERT INTO careforall.refund_proposals AS q (pledge_id, campaign_id, amount_minor, currency, code,
    reason, note, proposed_by, refund_request_id, key_hash, fingerprint, expires_at)
  SELECT pledge.id, pledge.campaign_id, amount, pledge.currency, code, why, COALESCE(note, ''), person,
    request_id, key_hash, fingerprint, careforall.clock() + l.valid_for
  FROM careforall.refund_limits l WHERE l.currency = pledge.currency
  RETURNING q.id INTO STRICT proposal_id;
  PERFORM careforall.audit_add('refund_proposal.create', 'pledge', pledge.id::text, why,
    jsonb_build_object('proposal_id', proposal_id, 'amount_minor', amount,
      'currency', pledge.currency));
END
$$;

-- Decides as a person who has the right to. The same decision again gives what it was;
-- another one is refused.
CREATE OR REPLACE FUNCTION careforall.refund_proposal_end(
  proposal_id uuid, person text, decision text, reason text)
RETURNS careforall.refund_proposals
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  proposal  careforall.refund_proposals;
  prepared  record;
  refund_id uuid;
BEGIN
  SELECT * INTO proposal FROM careforall.refund_proposals q WHERE q.id = proposal_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'refund proposal "%" does not exist', proposal_id
      USING ERRCODE = 'PL005', HINT = 'Look for it in careforall.refund_proposals_overview.';
  END IF;
  PERFORM careforall.pledge_lock(proposal.pledge_id);
  SELECT * INTO proposal FROM careforall.refund_proposals q WHERE q.id = proposal_id FOR UPDATE;
  PERFORM careforall.refund_proposal_check(proposal, person, decision);
  IF proposal.state = decision THEN
    RETURN proposal;
  END IF;
  IF decision = 'approved' THEN
    SELECT * INTO prepared FROM careforall.refund_prepare(proposal.pledge_id, proposal.amount_minor, NULL);
    refund_id := careforall.refund_ask(prepared.pledge, prepared.amount_minor, proposal.code,
      proposal.reason, proposal.proposed_by, proposal.id);
    UPDATE careforall.refund_requests q
    SET state = 'accepted', note = proposal.note, refund_id = refund_id,
      decided_by = person, decided_at = careforall.clock()
    WHERE q.id = proposal.refund_request_id;
  END IF;
  UPDATE careforall.refund_proposals q
  SET state = decision, decided_by = person, decided_at = careforall.clock(),
    decision_reason = COALESCE(btrim(reason), ''), refund_id = refund_id
  WHERE q.id = proposal_id
  RETURNING q.* INTO proposal;
  PERFORM careforall.audit_add('refund_proposal.' || decision, 'pledge', proposal.pledge_id::text,
    CASE WHEN char_length(proposal.decision_reason) < 3 THEN decision || ' without words'
      ELSE proposal.decision_reason END,
    jsonb_build_object('proposal_id', proposal.id, 'amount_minor', proposal.amount_minor,
      'currency', proposal.currency, 'refund_id', refund_id, 'proposed_by', proposal.proposed_by));
  RETURN proposal;
END
$$;

-- Refuses a decision that the person may not take, or that comes too late.
CREATE OR REPLACE FUNCTION careforall.refund_proposal_check(
  proposal careforall.refund_proposals, person text, decision text)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  state text := careforall.refund_proposal_state(proposal);
BEGIN
  IF (person = proposal.proposed_by) <> (decision = 'withdrawn') THEN
    RAISE EXCEPTION '%', CASE decision
        WHEN 'withdrawn' THEN 'only who proposed a refund withdraws it; others reject it'
        ELSE 'another person must decide: who proposed a refund cannot approve or reject it' END
      USING ERRCODE = 'PL010';
  ELSIF decision = 'approved'
    AND starts_with(person, 'account:') <> starts_with(proposal.proposed_by, 'account:') THEN
    RAISE EXCEPTION 'what % proposed is approved there as well, since one person may have both',
      CASE WHEN starts_with(person, 'account:') THEN 'a log-in of the database' ELSE 'an account' END
      USING ERRCODE = 'PL010';
  ELSIF state NOT IN ('waiting', decision) THEN
    RAISE EXCEPTION 'The proposal is %.', state
      USING ERRCODE = 'PL002',
            DETAIL = json_build_object('state', state, 'allowed', '[]'::json);
  END IF;
END
$$;

-- Ends the proposal for a donor's request that somebody declines. The pledge is locked.
CREATE OR REPLACE FUNCTION careforall.refund_proposal_decline(
  request_id uuid, person text, reason text)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  proposal careforall.refund_proposals;
BEGIN
  SELECT * INTO proposal FROM careforall.refund_proposals q
  WHERE q.refund_request_id = request_id AND q.state = 'waiting' AND q.expires_at > careforall.clock();
  IF FOUND THEN
    PERFORM careforall.refund_proposal_end(proposal.id, person,
      CASE WHEN proposal.proposed_by = person THEN 'withdrawn' ELSE 'rejected' END, reason);
  END IF;
END
$$;

-- The API: decides for an account that may edit the campaign.
CREATE OR REPLACE FUNCTION careforall.refund_proposal_decide(
  actor uuid, proposal_id uuid, decision text, reason text)
RETURNS TABLE (doc json)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  campaign uuid;
  words    text := NULLIF(btrim(reason), '');
BEGIN
  PERFORM careforall.account_require(actor, 'donor');
  SELECT q.campaign_id INTO campaign FROM careforall.refund_proposals q WHERE q.id = proposal_id;
  IF careforall.campaign_right(actor, campaign) IS NULL THEN
    RAISE EXCEPTION 'there is no such proposal' USING ERRCODE = 'PL005';
  END IF;
  PERFORM careforall.campaign_require(actor, campaign, 'edit');
  IF decision = 'rejected' AND COALESCE(char_length(words), 0) < 3 THEN
    RAISE EXCEPTION 'One field is invalid.'
      USING ERRCODE = 'PL013',
            DETAIL = json_build_object('errors', json_build_array(json_build_object(
              'pointer', '/reason', 'code', 'required', 'detail', 'Say in at least 3 characters why.')));
  END IF;
  PERFORM careforall.actor_set(actor);
  doc := careforall.refund_proposal_json(careforall.refund_proposal_end(proposal_id,
    'account:' || actor, decision, words));
  RETURN NEXT;
END
$$;

-- psql: decides as the log-in of the database. Internal.
CREATE OR REPLACE FUNCTION careforall.refund_proposal_manage(
  proposal_id uuid, decision text, reason text, dry_run boolean)
RETURNS TABLE (refund_id uuid, result text, refund text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  proposal careforall.refund_proposals;
BEGIN
  BEGIN
    proposal := careforall.refund_proposal_end(proposal_id, session_user, decision,
      careforall.reason_check(reason));
    result := proposal.state;
    refund_id := proposal.refund_id;
    PERFORM careforall.dry_run_end(dry_run);
  EXCEPTION WHEN SQLSTATE 'DRYRN' THEN
    result := 'dry run: nothing changed';
    refund_id := NULL;
  END;
  refund := careforall.money_text(proposal.amount_minor, proposal.currency);
  RETURN NEXT;
END
$$;

-- psql: approves what another log-in of the database has proposed.
CREATE OR REPLACE FUNCTION careforall.refund_approve(
  proposal_id uuid, reason text, dry_run boolean DEFAULT false)
RETURNS TABLE (refund_id uuid, result text, refund text)
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT m.refund_id, m.result, m.refund
  FROM careforall.refund_proposal_manage(proposal_id, 'approved', reason, dry_run) m
$$;

-- psql: rejects what somebody else has proposed, or withdraws one's own.
CREATE OR REPLACE FUNCTION careforall.refund_reject(
  proposal_id uuid, reason text, dry_run boolean DEFAULT false)
RETURNS TABLE (result text, refund text)
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT m.result, m.refund
  FROM careforall.refund_proposal_manage(proposal_id,
    COALESCE((SELECT 'withdrawn' FROM careforall.refund_proposals q
              WHERE q.id = proposal_id AND q.proposed_by = session_user), 'rejected'),
    reason, dry_run) m
$$;

-- The proposals of a campaign that the account is in the team of, or (campaign NULL) of
-- all such campaigns, newest first, before the one given. max is held to 1..101.
CREATE OR REPLACE FUNCTION careforall.refund_proposal_list(
  actor uuid, campaign_id uuid, state text, before_id uuid, max integer)
RETURNS TABLE (doc json, id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  scope uuid[] := careforall.team_scope(actor, refund_proposal_list.campaign_id);
BEGIN
  RETURN QUERY
  SELECT json_build_object(
      'proposal', careforall.refund_proposal_json(q.proposal),
      'campaign', json_build_object('id', c.id, 'slug', c.slug, 'title', c.title),
      'right', r."right",
      'pledge', careforall.pledge_team_json(p, r."right" <> 'view')),
    (q.proposal).id
  FROM (
    SELECT q AS proposal FROM careforall.refund_proposals q
    WHERE careforall.refund_proposal_shown(q, scope, refund_proposal_list.state)
      AND q.id < COALESCE(before_id, careforall.uuid_last())
    ORDER BY q.id DESC
    LIMIT LEAST(GREATEST(COALESCE(max, 20), 1), 101)) q
  JOIN careforall.pledges p ON p.id = (q.proposal).pledge_id
  JOIN careforall.campaigns c ON c.id = (q.proposal).campaign_id
  CROSS JOIN LATERAL (SELECT careforall.campaign_right(actor, c.id) AS "right") r
  ORDER BY (q.proposal).id DESC;
END
$$;

CREATE OR REPLACE FUNCTION careforall.refund_proposal_count(
  actor uuid, campaign_id uuid, state text)
RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  scope uuid[] := careforall.team_scope(actor, refund_proposal_count.campaign_id);
BEGIN
  RETURN (SELECT count(*) FROM careforall.refund_proposals q
          WHERE careforall.refund_proposal_shown(q, scope, refund_proposal_count.state));
END
$$;

-- Whether a proposal is one of some campaigns (NULL: all) and of a state (NULL: any).
CREATE OR REPLACE FUNCTION careforall.refund_proposal_shown(
  proposal careforall.refund_proposals, scope uuid[], wanted text)
RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT (scope IS NULL OR proposal.campaign_id = ANY (scope))
    AND (wanted IS NULL OR careforall.refund_proposal_state(proposal) = wanted)
$$;

-- A proposal for those who run the campaign.
CREATE OR REPLACE FUNCTION careforall.refund_proposal_json(proposal careforall.refund_proposals)
RETURNS json
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  RETURN json_build_object(
    'id', proposal.id,
    'pledge_id', proposal.pledge_id,
    'amount', careforall.json_money(proposal.amount_minor, proposal.currency),
    'reason', proposal.reason,
    'state', careforall.refund_proposal_state(proposal),
    'proposed_by', careforall.actor_json(proposal.proposed_by),
    'decided_by', careforall.actor_json(proposal.decided_by),
    'decision_reason', proposal.decision_reason,
    'refund_id', proposal.refund_id,
    'refund_request_id', proposal.refund_request_id,
    'created_at', careforall.json_time(proposal.created_at),
    'expires_at', careforall.json_time(proposal.expires_at),
    'decided_at', careforall.json_time(proposal.decided_at));
END
$$;

-- The proposals of a pledge, newest first.
CREATE OR REPLACE FUNCTION careforall.pledge_proposals_json(pledge_id uuid)
RETURNS json
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT COALESCE(json_agg(careforall.refund_proposal_json(q) ORDER BY q.id DESC), '[]'::json)
  FROM careforall.refund_proposals q
  WHERE q.pledge_id = pledge_proposals_json.pledge_id
$$;

COMMENT ON FUNCTION careforall.refund_proposal_state(careforall.refund_proposals) IS
  'The state of a proposal now: what waits beyond its time has expired.';
COMMENT ON FUNCTION careforall.refund_proposals_expire(uuid, integer) IS
  'Ends proposed refunds that nobody has approved in time; audited.';
COMMENT ON FUNCTION careforall.refund_ask_or_propose(careforall.pledges, bigint, text, text, text, text, uuid, text, bytea, bytea) IS
  'Asks for a refund of a locked pledge, or proposes it if a second person is needed.';
COMMENT ON FUNCTION careforall.refund_proposal_end(uuid, text, text, text) IS
  'Approves (which asks for the refund), rejects or withdraws a proposal as a person; audited.';
COMMENT ON FUNCTION careforall.refund_proposal_check(careforall.refund_proposals, text, text) IS
  'Refuses a decision that the person may not take (PL010) or that comes too late (PL002).';
COMMENT ON FUNCTION careforall.refund_proposal_decline(uuid, text, text) IS
  'Ends the proposal for a donor''s request that is declined.';
COMMENT ON FUNCTION careforall.refund_proposal_decide(uuid, uuid, text, text) IS
  'Approves, rejects or withdraws a proposal for an account that may edit the campaign; audited.';
COMMENT ON FUNCTION careforall.refund_approve(uuid, text, boolean) IS
  'Approves a refund that another log-in of the database has proposed, which asks for it. Reason required, audited; dry_run checks and changes nothing.';
COMMENT ON FUNCTION careforall.refund_reject(uuid, text, boolean) IS
  'Rejects a refund that somebody else has proposed, or withdraws one''s own. Reason required, audited; dry_run checks and changes nothing.';
COMMENT ON FUNCTION careforall.refund_proposal_manage(uuid, text, text, boolean) IS
  'Decides about a proposal as the log-in of the database.';
COMMENT ON FUNCTION careforall.refund_proposal_list(uuid, uuid, text, uuid, integer) IS
  'Refunds of a campaign, or of all that the account is in the team of, that need a second person, newest first.';
COMMENT ON FUNCTION careforall.refund_proposal_count(uuid, uuid, text) IS
  'The length of the list of proposals.';
COMMENT ON FUNCTION careforall.refund_proposal_shown(careforall.refund_proposals, uuid[], text) IS
  'Whether a proposal is one of some campaigns and of a state.';
COMMENT ON FUNCTION careforall.refund_proposal_json(careforall.refund_proposals) IS
  'A proposal of a refund as those who run the campaign see it.';
COMMENT ON FUNCTION careforall.pledge_proposals_json(uuid) IS
  'The proposals of refunds of a pledge, newest first.';
