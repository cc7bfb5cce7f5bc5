-- SPDX-License-Identifier: Apache-2.0
-- Pending pledges ended by hand.
--
-- A pledge that has a payment at the provider is not failed here: its payment is
-- cancelled first, and the provider's answer decides, so that money and state
-- cannot part ways. Only force goes ahead without the provider; money that comes
-- later is then refunded by itself.

-- Ends a pending pledge by event cancel or expire. Gives what happened and what
-- follows; with dry_run all is checked and nothing is written. Internal: the caller
-- has checked nothing.
CREATE OR REPLACE FUNCTION careforall.pledge_end(
  pledge_id uuid, event text, code text, reason text, force boolean,
  dry_run boolean DEFAULT false)
RETURNS TABLE (result text, state text, version bigint, what_follows text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  why     text := careforall.reason_check(pledge_end.reason);
  pledge  careforall.pledges := careforall.pledge_lock(pledge_end.pledge_id);
  at_once boolean := pledge.payment_id IS NULL OR COALESCE(force, false);
  applied record;
BEGIN
  IF pledge.state <> 'pending' THEN
    RAISE EXCEPTION 'cannot % pledge "%": it is %', pledge_end.event, pledge.id, pledge.state
      USING ERRCODE = 'PL002',
            DETAIL = json_build_object('state', pledge.state, 'allowed',
              CASE pledge.state WHEN 'confirmed' THEN ARRAY['refund'] ELSE '{}'::text[] END),
            HINT = CASE pledge.state
              WHEN 'confirmed' THEN 'Its money has come in; use careforall.pledge_refund().'
              ELSE 'It has ended already; see careforall.pledge_timeline().' END;
  END IF;

  what_follows := CASE
    WHEN NOT at_once THEN 'the payment is cancelled at the provider, whose answer ends the pledge'
    WHEN pledge.payment_id IS NOT NULL THEN 'money that still comes in is refunded by itself'
    ELSE 'its hold is free again' END;
  IF COALESCE(dry_run, false) THEN
    result := 'dry run: nothing written';
    state := pledge.state;
    version := pledge.version;
    RETURN NEXT;
    RETURN;
  END IF;

  SELECT a.outcome, a.state, a.version INTO applied
  FROM careforall.pledge_apply(pledge.id,
    CASE WHEN at_once THEN pledge_end.event ELSE 'cancel_request' END, pledge_end.code) a;
  IF applied.outcome NOT IN ('applied', 'same') THEN
    RAISE EXCEPTION 'cannot % pledge "%": %', pledge_end.event, pledge.id, applied.outcome
      USING ERRCODE = 'PL002';
  END IF;
  PERFORM careforall.audit_add('pledge.' || pledge_end.event, 'pledge', pledge.id::text, why,
    jsonb_build_object('at_once', at_once, 'payment_id', pledge.payment_id));

  result := CASE WHEN at_once THEN 'ended' ELSE 'cancel requested' END;
  state := applied.state;
  version := applied.version;
  RETURN NEXT;
END
$$;

CREATE OR REPLACE FUNCTION careforall.pledge_cancel(
  pledge_id uuid, reason text, dry_run boolean DEFAULT false)
RETURNS TABLE (result text, state text, version bigint, what_follows text)
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT e.result, e.state, e.version, e.what_follows
  FROM careforall.pledge_end(pledge_id, 'cancel', 'canceled', reason, false, dry_run) e
$$;

CREATE OR REPLACE FUNCTION careforall.hold_release(
  pledge_id uuid, reason text, force boolean DEFAULT false, dry_run boolean DEFAULT false)
RETURNS TABLE (result text, state text, version bigint, what_follows text)
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT e.result, e.state, e.version, e.what_follows
  FROM careforall.pledge_end(pledge_id, 'expire', 'expired', reason, force, dry_run) e
$$;

COMMENT ON FUNCTION careforall.pledge_end(uuid, text, text, text, boolean, boolean) IS
  'Ends a pending pledge by cancel or expire, through the provider if it has a payment there.';
COMMENT ON FUNCTION careforall.pledge_cancel(uuid, text, boolean) IS
  'Cancels a pending pledge, at the provider first if it has a payment. Reason required, audited; dry_run checks and writes nothing.';
COMMENT ON FUNCTION careforall.hold_release(uuid, text, boolean, boolean) IS
  'Expires the hold of a pending pledge now; force does not wait for the provider. Reason required, audited; dry_run checks and writes nothing.';
