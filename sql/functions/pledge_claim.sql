-- SPDX-License-Identifier: Apache-2.0
-- A donor with an account takes over what was given as a guest.

-- Gives a pledge to an account. Who has the private link is the donor; without it the
-- account must have the pledge already. To claim again changes nothing; what belongs to
-- another account stays there.
CREATE OR REPLACE FUNCTION careforall.pledge_claim(pledge_id uuid, by_link boolean, actor uuid)
RETURNS TABLE (doc json)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  pledge careforall.pledges;
BEGIN
  PERFORM careforall.account_require(actor, 'donor');
  IF careforall.pledge_access(pledge_id, by_link, actor) <> 'donor' THEN
    RAISE EXCEPTION 'there is no such pledge' USING ERRCODE = 'PL005';
  END IF;
  SELECT * INTO pledge FROM careforall.pledges p WHERE p.id = pledge_id;
  IF careforall.pledge_account(pledge) IS NULL THEN
    INSERT INTO careforall.pledge_claims AS k (pledge_id, account_id)
    VALUES (pledge_id, actor)
    ON CONFLICT ON CONSTRAINT pledge_claims_pkey DO NOTHING;
    IF FOUND THEN
      PERFORM careforall.actor_set(actor);
      PERFORM careforall.audit_add('pledge.claim', 'pledge', pledge_id::text, 'claimed with its private link');
    END IF;
  END IF;
  -- Somebody else may have been faster.
  IF careforall.pledge_account(pledge) <> actor THEN
    RAISE EXCEPTION 'the pledge belongs to another account' USING ERRCODE = 'PL006';
  END IF;
  RETURN QUERY SELECT careforall.pledge_donor_json(pledge_id);
END
$$;

COMMENT ON FUNCTION careforall.pledge_claim(uuid, boolean, uuid) IS
  'Gives the pledge of a guest to an account whose private link the caller has checked; idempotent, audited. Refuses one of another account (PL006).';
