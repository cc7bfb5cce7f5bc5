-- SPDX-License-Identifier: Apache-2.0
-- Refunds asked for through the API by those who run the campaign.

-- Refuses money of another currency than that of the pledge.
CREATE OR REPLACE FUNCTION careforall.refund_currency_check(
  pledge careforall.pledges, currency text)
RETURNS void
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  IF currency IS NOT NULL AND currency <> pledge.currency THEN
    RAISE EXCEPTION 'One field is invalid.'
      USING ERRCODE = 'PL013',
            DETAIL = json_build_object('errors', json_build_array(json_build_object(
              'pointer', '/amount/currency', 'code', 'other_currency',
              'detail', format('The pledge is in %s.', pledge.currency))));
  END IF;
END
$$;

-- Locks a pledge and checks that the amount (NULL: all that is left) can be asked
-- back now, in words for those who run the campaign.
CREATE OR REPLACE FUNCTION careforall.refund_prepare(
  pledge_id uuid, INOUT amount_minor bigint, currency text,
  OUT pledge careforall.pledges)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  open_now bigint;
BEGIN
  pledge := careforall.pledge_lock(pledge_id);
  PERFORM careforall.refund_currency_check(pledge, currency);
  IF pledge.state <> 'confirmed' THEN
    RAISE EXCEPTION 'The pledge is %; only what has come in can be given back.', pledge.state
      USING ERRCODE = 'PL002',
            DETAIL = json_build_object('state', pledge.state, 'allowed', '["confirmed"]'::json);
  END IF;
  open_now := careforall.pledge_refundable(pledge);
  IF COALESCE(amount_minor, open_now) NOT BETWEEN 1 AND open_now THEN
    RAISE EXCEPTION 'Of this pledge % can be given back.',
      careforall.money_text(GREATEST(open_now, 0), pledge.currency)
      USING ERRCODE = 'PL008',
            DETAIL = json_build_object('reason', 'too_high',
              'refundable', careforall.json_money(GREATEST(open_now, 0), pledge.currency));
  END IF;
  amount_minor := careforall.refund_check(pledge, amount_minor);
END
$$;

-- Asks for a refund for the people who run the campaign, or proposes it to a second
-- person if it is more than one may give back alone. The key makes a repeated request
-- give the refund or the proposal of the first one; it is kept as long as that.
CREATE OR REPLACE FUNCTION careforall.refund_create(
  actor uuid, pledge_id uuid, amount_minor bigint, currency text, reason text,
  key_hash bytea, fingerprint bytea)
RETURNS TABLE (doc json, etag text, location text, status integer, is_replay boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  refunds_max constant integer := 100;
  known    careforall.refunds;
  proposal careforall.refund_proposals;
  prepared record;
  asked    record;
BEGIN
  PERFORM careforall.campaign_require(actor, p.campaign_id, 'edit')
  FROM careforall.pledges p
  WHERE p.id = pledge_id AND careforall.pledge_access(pledge_id, false, actor) IS NOT NULL;
  PERFORM careforall.pledge_lock(pledge_id);
  SELECT * INTO known FROM careforall.refunds r WHERE r.key_hash = refund_create.key_hash;
  SELECT * INTO proposal FROM careforall.refund_proposals q
  WHERE q.key_hash = refund_create.key_hash;
  is_replay := known.id IS NOT NULL OR proposal.id IS NOT NULL;
  IF is_replay AND COALESCE(known.fingerprint, proposal.fingerprint) <> fingerprint THEN
    RAISE EXCEPTION 'Take a new key for a new refund.' USING ERRCODE = 'PL004';
  ELSIF NOT is_replay THEN
    SELECT * INTO prepared
    FROM careforall.refund_prepare(pledge_id, amount_minor, currency);
    IF GREATEST(
      (SELECT count(*) FROM careforall.refunds r WHERE r.pledge_id = refund_create.pledge_id),
      (SELECT count(*) FROM careforall.refund_proposals q WHERE q.pledge_id = refund_create.pledge_id))
      >= refunds_max THEN
      RAISE EXCEPTION 'A pledge takes at most % refunds.', refunds_max
        USING ERRCODE = 'PL006';
    END IF;
    PERFORM careforall.actor_set(actor);
    SELECT * INTO asked
    FROM careforall.refund_ask_or_propose(prepared.pledge, prepared.amount_minor,
      'requested_by_campaign', careforall.reason_check(reason), 'account:' || actor, 'account:' || actor,
      key_hash => key_hash, fingerprint => fingerprint) a;
    SELECT * INTO known FROM careforall.refunds r WHERE r.id = asked.refund_id;
    SELECT * INTO proposal FROM careforall.refund_proposals q WHERE q.id = asked.proposal_id;
  END IF;
  doc := CASE WHEN known.id IS NOT NULL THEN careforall.refund_json(known, true)
    ELSE careforall.refund_proposal_json(proposal) END;
  location := '/api/v1/pledges/' || pledge_id || '/refunds';
  RETURN NEXT;
END
$$;

COMMENT ON FUNCTION careforall.refund_currency_check(careforall.pledges, text) IS
  'Refuses money of another currency than that of the pledge (PL013).';
COMMENT ON FUNCTION careforall.refund_prepare(uuid, bigint, text) IS
  'Locks a pledge and checks that an amount of it can be given back now (PL002, PL008, PL013).';
COMMENT ON FUNCTION careforall.refund_create(uuid, uuid, bigint, text, text, bytea, bytea) IS
  'Asks for a refund, in part or (amount NULL) all that is left, for those who may edit the campaign; proposes what needs a second person. Once for each key; audited.';
