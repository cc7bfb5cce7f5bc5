-- SPDX-License-Identifier: Apache-2.0
-- Notes what the provider calls a payment or a refund.

-- attached: written, the triggers make the event of it; same: was there already;
-- ended: written or there already, but the pledge has failed meanwhile, so the
-- payment must go; mismatch: the pledge has another payment; unknown: no such pledge.
-- Attached whatever the state of the pledge: money that comes late must be found.
CREATE OR REPLACE FUNCTION careforall.payment_attach(
  pledge_id uuid, provider text, payment_id text)
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  present record;
BEGIN
  UPDATE careforall.pledges p
  SET provider = payment_attach.provider, payment_id = payment_attach.payment_id
  WHERE p.id = payment_attach.pledge_id AND p.payment_id IS NULL
  RETURNING p.state INTO present;
  IF FOUND THEN
    RETURN CASE present.state WHEN 'failed' THEN 'ended' ELSE 'attached' END;
  END IF;
  SELECT p.state, p.provider, p.payment_id INTO present
  FROM careforall.pledges p WHERE p.id = payment_attach.pledge_id;
  RETURN CASE
    WHEN NOT FOUND THEN 'unknown'
    WHEN present.provider IS DISTINCT FROM payment_attach.provider
      OR present.payment_id IS DISTINCT FROM payment_attach.payment_id THEN 'mismatch'
    WHEN present.state = 'failed' THEN 'ended'
    ELSE 'same' END;
END
$$;

CREATE OR REPLACE FUNCTION careforall.refund_attach(
  refund_id uuid, provider text, provider_refund_id text)
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  present text;
BEGIN
  UPDATE careforall.refunds r
  SET provider = refund_attach.provider,
      provider_refund_id = refund_attach.provider_refund_id
  WHERE r.id = refund_attach.refund_id AND r.provider_refund_id IS NULL;
  IF FOUND THEN
    RETURN 'attached';
  END IF;
  SELECT r.provider_refund_id INTO present
  FROM careforall.refunds r WHERE r.id = refund_attach.refund_id;
  RETURN CASE
    WHEN NOT FOUND THEN 'unknown'
    WHEN present = refund_attach.provider_refund_id THEN 'same'
    ELSE 'mismatch' END;
END
$$;

COMMENT ON FUNCTION careforall.payment_attach(uuid, text, text) IS
  'Notes the provider''s payment of a pledge: attached, same, ended, mismatch or unknown.';
COMMENT ON FUNCTION careforall.refund_attach(uuid, text, text) IS
  'Notes the provider''s id of a refund: attached, same, mismatch or unknown.';
