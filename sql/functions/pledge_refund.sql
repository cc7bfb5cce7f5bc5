-- SPDX-License-Identifier: Apache-2.0
-- Refunds and cancellations by hand.
--
-- These functions lock the pledge first, so that two administrators cannot give
-- the same money back twice. Reasons passed on to the engine are short codes,
-- because donors see them; the administrator's words go to the audit log only.

-- Locks a pledge and gives its row; refuses an unknown id.
CREATE OR REPLACE FUNCTION careforall.pledge_lock(pledge_id uuid)
RETURNS careforall.pledges
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  pledge careforall.pledges;
BEGIN
  SELECT * INTO pledge FROM careforall.pledges p
  WHERE p.id = pledge_lock.pledge_id FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'pledge "%" does not exist', pledge_id
      USING ERRCODE = 'PL005',
            HINT = 'Look for it in careforall.pledge_overview.';
  END IF;
  RETURN pledge;
END
$$;

-- Money of a pledge that is neither given back nor asked back yet. A refund made
-- at the provider's own desk counts too, though it has no row in refunds.
CREATE OR REPLACE FUNCTION careforall.pledge_refundable(pledge careforall.pledges)
RETURNS bigint
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT (pledge.amount_minor
    - GREATEST(pledge.refunded_minor,
        COALESCE(sum(r.amount_minor) FILTER (WHERE r.state = 'succeeded'), 0))
    - COALESCE(sum(r.amount_minor) FILTER (WHERE r.state = 'requested'), 0))::bigint
  FROM careforall.refunds r
  WHERE r.pledge_id = pledge.id
$$;

-- Refuses what cannot be refunded of a locked pledge; gives the amount, which is all
-- that is left if wanted is NULL.
CREATE OR REPLACE FUNCTION careforall.refund_check(pledge careforall.pledges, wanted bigint)
RETURNS bigint
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  open_now bigint := careforall.pledge_refundable(pledge);
  amount   bigint := COALESCE(wanted, open_now);
BEGIN
  IF pledge.state <> 'confirmed' THEN
    RAISE EXCEPTION 'cannot refund pledge "%": it is %', pledge.id, pledge.state
      USING ERRCODE = 'PL002',
            HINT = CASE pledge.state
              WHEN 'pending' THEN 'No money has come in yet; use careforall.pledge_cancel().'
              WHEN 'refunded' THEN 'All of its money has been given back.'
              ELSE 'Money that comes for a failed pledge is refunded without anybody asking.' END;
  ELSIF pledge.payment_id IS NULL THEN
    RAISE EXCEPTION 'cannot refund pledge "%": it has no payment', pledge.id
      USING ERRCODE = 'PL002',
            HINT = 'The provider knows no payment of this pledge that could be given back.';
  ELSIF open_now <= 0 THEN
    RAISE EXCEPTION 'cannot refund pledge "%": all of its money is given back or asked back', pledge.id
      USING ERRCODE = 'PL008',
            HINT = 'Look at careforall.refunds_overview.';
  ELSIF amount NOT BETWEEN 1 AND open_now THEN
    RAISE EXCEPTION 'invalid refund amount: %', amount
      USING ERRCODE = 'PL008',
            DETAIL = format('Pledge "%s" has %s left to refund.', pledge.id,
              careforall.money_text(open_now, pledge.currency)),
            HINT = format('Give 1 to %s in minor units, or NULL for all that is left.', open_now);
  END IF;
  RETURN amount;
END
$$;

-- Asks the payment worker to give back an amount that refund_check let pass: a row
-- of refunds and its event, in this transaction, audited. code is what the donor
-- sees as the reason; why and who are for those who run the campaign. More than one
-- person may give back alone needs a proposal, which the caller has checked.
CREATE OR REPLACE FUNCTION careforall.refund_ask(
  pledge careforall.pledges, amount bigint, code text, why text, who text,
  proposal_id uuid DEFAULT NULL)
RETURNS uuid
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  applied record;
  refund_id uuid;
BEGIN
  IF proposal_id IS NULL AND amount > careforall.refund_alone(pledge) THEN
    RAISE EXCEPTION 'this refund needs a second person' USING ERRCODE = 'PL010';
  END IF;
  SELECT a.outcome INTO applied
  FROM careforall.pledge_apply(pledge.id, 'refund_request', code, amount) a;
  IF applied.outcome <> 'applied' THEN
    RAISE EXCEPTION 'could not ask for a refund of pledge "%": %', pledge.id, applied.outcome
      USING ERRCODE = 'PL002';
  END IF;
  -- The engine has made the row; the pledge is locked, so the newest is ours.
  UPDATE careforall.refunds r SET reason = why, requested_by = who
  WHERE r.id = (SELECT n.id FROM careforall.refunds n
                WHERE n.pledge_id = pledge.id AND n.kind = 'manual' AND n.state = 'requested'
                ORDER BY n.id DESC LIMIT 1)
  RETURNING r.id INTO STRICT refund_id;
  PERFORM careforall.audit_add('pledge.refund', 'pledge', pledge.id::text, why,
    jsonb_strip_nulls(jsonb_build_object('refund_id', refund_id, 'amount_minor', amount,
      'currency', pledge.currency, 'proposal_id', proposal_id)));
  RETURN refund_id;
END
$$;

-- Asks the payment worker to give money back: a refunds row and its event in one
-- transaction. amount_minor NULL means all that is left. The pledge changes when
-- the provider reports the refund. What one person may not give back alone becomes a
-- proposal of that person (refund_id is NULL). With dry_run all checks are made and
-- nothing is written. Internal.
CREATE OR REPLACE FUNCTION careforall.pledge_refund_by(
  person text, pledge_id uuid, amount_minor bigint, reason text, dry_run boolean)
RETURNS TABLE (refund_id uuid, result text, refund text, left_before text, left_after text, proposal_id uuid)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  pledge   careforall.pledges := careforall.pledge_lock(pledge_refund_by.pledge_id);
  why      text   := careforall.reason_check(pledge_refund_by.reason);
  open_now bigint := careforall.pledge_refundable(pledge);
  wanted   bigint := careforall.refund_check(pledge, pledge_refund_by.amount_minor);
BEGIN
  result := CASE WHEN wanted > careforall.refund_alone(pledge)
    THEN 'dry run: would wait for a second person' ELSE 'dry run: nothing written' END;
  IF NOT COALESCE(dry_run, false) THEN
    SELECT a.refund_id, a.proposal_id INTO refund_id, proposal_id
    FROM careforall.refund_ask_or_propose(pledge, wanted, 'requested_by_admin', why,
      careforall.actor_name(), person) a;
    result := CASE WHEN refund_id IS NULL THEN 'waits for a second person' ELSE 'requested' END;
  END IF;
  refund := careforall.money_text(wanted, pledge.currency);
  left_before := careforall.money_text(open_now, pledge.currency);
  left_after := careforall.money_text(
    open_now - CASE WHEN result LIKE '%second person' THEN 0 ELSE wanted END, pledge.currency);
  RETURN NEXT;
END
$$;

DROP FUNCTION IF EXISTS careforall.pledge_refund(uuid, bigint, text, boolean);
CREATE FUNCTION careforall.pledge_refund(
  pledge_id uuid, amount_minor bigint, reason text, dry_run boolean DEFAULT false)
RETURNS TABLE (refund_id uuid, result text, refund text, left_before text, left_after text, proposal_id uuid)
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT b.refund_id, b.result, b.refund, b.left_before, b.left_after, b.proposal_id
  FROM careforall.pledge_refund_by(session_user, pledge_id, amount_minor, reason, dry_run) b
$$;

-- Asks the provider once more for a refund that it refused, as pledge_refund_by does.
-- Internal.
CREATE OR REPLACE FUNCTION careforall.refund_retry_by(
  person text, refund_id uuid, reason text, dry_run boolean)
RETURNS TABLE (new_refund_id uuid, result text, refund text, left_before text, left_after text, proposal_id uuid)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  failed careforall.refunds;
BEGIN
  SELECT * INTO failed FROM careforall.refunds r WHERE r.id = refund_retry_by.refund_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'refund "%" does not exist', refund_retry_by.refund_id
      USING ERRCODE = 'PL005', HINT = 'Look for it in careforall.refunds_overview.';
  ELSIF failed.state <> 'failed' OR failed.kind <> 'manual' THEN
    RAISE EXCEPTION 'cannot retry refund "%": it is a % refund that has %',
      failed.id, failed.kind, failed.state
      USING ERRCODE = 'PL002', HINT = 'Only a manual refund that failed can be tried again.';
  END IF;
  RETURN QUERY SELECT f.refund_id, f.result, f.refund, f.left_before, f.left_after, f.proposal_id
  FROM careforall.pledge_refund_by(person, failed.pledge_id, failed.amount_minor,
    refund_retry_by.reason, refund_retry_by.dry_run) f;
END
$$;

DROP FUNCTION IF EXISTS careforall.refund_retry(uuid, text, boolean);
CREATE FUNCTION careforall.refund_retry(
  refund_id uuid, reason text, dry_run boolean DEFAULT false)
RETURNS TABLE (new_refund_id uuid, result text, refund text, left_before text, left_after text, proposal_id uuid)
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT b.new_refund_id, b.result, b.refund, b.left_before, b.left_after, b.proposal_id
  FROM careforall.refund_retry_by(session_user, refund_id, reason, dry_run) b
$$;

COMMENT ON FUNCTION careforall.pledge_lock(uuid) IS
  'Locks a pledge and gives its row; refuses an unknown id.';
COMMENT ON FUNCTION careforall.pledge_refundable(careforall.pledges) IS
  'Money of a pledge that is neither given back nor asked back, in minor units.';
COMMENT ON FUNCTION careforall.refund_check(careforall.pledges, bigint) IS
  'Refuses what cannot be refunded of a pledge; gives the amount, all that is left for NULL.';
COMMENT ON FUNCTION careforall.refund_ask(careforall.pledges, bigint, text, text, text, uuid) IS
  'Asks for a refund of a locked pledge, audited; the caller has checked the amount. Refuses what needs a second person (PL010).';
COMMENT ON FUNCTION careforall.pledge_refund_by(text, uuid, bigint, text, boolean) IS
  'Asks for a refund, or proposes it, as a person.';
COMMENT ON FUNCTION careforall.refund_retry_by(text, uuid, text, boolean) IS
  'Asks again for a refund that failed, or proposes it, as a person.';
COMMENT ON FUNCTION careforall.pledge_refund(uuid, bigint, text, boolean) IS
  'Asks for a refund of a confirmed pledge, in part or (amount NULL) all that is left; above careforall.refund_limits_overview it only proposes it. Reason required, audited; dry_run checks and writes nothing.';
COMMENT ON FUNCTION careforall.refund_retry(uuid, text, boolean) IS
  'Asks again for a manual refund that failed, as a new refund, under the same limit. Reason required, audited; dry_run checks and writes nothing.';
