-- SPDX-License-Identifier: Apache-2.0
-- A donor takes a pledge back before its money has come in.

-- Ends a pending pledge. If its payment is under way already, its cancellation is
-- asked for at the provider, whose answer decides: is_done is false until then. To
-- take back what is taken back already changes nothing.
CREATE OR REPLACE FUNCTION careforall.pledge_withdraw(
  pledge_id uuid, by_link boolean, actor uuid, traceparent text)
RETURNS TABLE (doc json, is_done boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  pledge careforall.pledges;
BEGIN
  IF careforall.pledge_access(pledge_id, by_link, actor) <> 'donor' THEN
    RETURN;
  END IF;
  pledge := careforall.pledge_lock(pledge_id);
  IF pledge.state = 'pending' AND pledge.cancel_requested_at IS NULL THEN
    PERFORM careforall.pledge_apply(pledge.id,
      CASE WHEN pledge.payment_id IS NULL THEN 'cancel' ELSE 'cancel_request' END,
      'canceled', NULL, CASE WHEN by_link THEN 'donor' ELSE 'account:' || actor END,
      traceparent);
  ELSIF pledge.state <> 'pending'
    AND (pledge.state <> 'failed' OR pledge.state_reason IS DISTINCT FROM 'canceled') THEN
    RAISE EXCEPTION 'The pledge is % and can no longer be canceled.', pledge.state
      USING ERRCODE = 'PL002',
            DETAIL = json_build_object('state', pledge.state, 'allowed', '[]'::json);
  END IF;
  doc := careforall.pledge_donor_json(pledge_id);
  is_done := doc ->> 'state' <> 'pending';
  RETURN NEXT;
END
$$;

COMMENT ON FUNCTION careforall.pledge_withdraw(uuid, boolean, uuid, text) IS
  'Cancels a pending pledge for its donor, at the provider first if it has a payment; idempotent.';
