-- SPDX-License-Identifier: Apache-2.0
-- Ending sessions. What is ended stays ended, and its access tokens with it: the
-- API asks session_find() on each request.

-- Ends the live sessions of an account but the one given (NULL: all) and says how
-- many. Internal.
CREATE OR REPLACE FUNCTION careforall.sessions_end(account_id uuid, but uuid, why text)
RETURNS integer
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  WITH ended AS (
    UPDATE careforall.sessions s SET ended_at = careforall.clock(), end_reason = why
    WHERE s.account_id = sessions_end.account_id AND s.ended_at IS NULL
      AND s.id IS DISTINCT FROM but
    RETURNING 1)
  SELECT count(*)::integer FROM ended
$$;

-- Ends the session of a refresh token, new or old; nothing if there is none.
CREATE OR REPLACE FUNCTION careforall.session_logout(token_hash bytea)
RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  UPDATE careforall.sessions s SET ended_at = careforall.clock(), end_reason = 'logout'
  WHERE s.ended_at IS NULL AND s.id = (
    SELECT t.session_id FROM careforall.refresh_tokens t
    WHERE t.token_hash = session_logout.token_hash)
$$;

-- Ends every session of the actor.
CREATE OR REPLACE FUNCTION careforall.me_logout_all(actor uuid)
RETURNS TABLE (doc json)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  PERFORM careforall.account_require(me_logout_all.actor, 'donor');
  PERFORM careforall.sessions_end(me_logout_all.actor, NULL, 'logout_all');
  RETURN NEXT;
END
$$;

-- Ends one live session of the actor; no row if there is none such.
CREATE OR REPLACE FUNCTION careforall.me_session_end(actor uuid, session uuid)
RETURNS TABLE (doc json)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  PERFORM careforall.account_require(me_session_end.actor, 'donor');
  UPDATE careforall.sessions s SET ended_at = careforall.clock(), end_reason = 'ended_by_user'
  WHERE s.id = me_session_end.session AND s.account_id = me_session_end.actor
    AND s.ended_at IS NULL AND s.expires_at > careforall.clock();
  IF FOUND THEN
    RETURN NEXT;
  END IF;
END
$$;

-- Ends every session of an account, for administrators; no row if there is no such
-- account. Audited.
CREATE OR REPLACE FUNCTION careforall.account_logout(actor uuid, account_id uuid, reason text)
RETURNS TABLE (doc json)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  why   text := careforall.reason_check(account_logout.reason);
  ended integer;
BEGIN
  PERFORM careforall.account_require(account_logout.actor, 'admin');
  PERFORM careforall.actor_set(account_logout.actor);
  IF NOT EXISTS (SELECT FROM careforall.accounts a WHERE a.id = account_logout.account_id) THEN
    RETURN;
  END IF;
  ended := careforall.sessions_end(account_logout.account_id, NULL, 'ended_by_admin');
  PERFORM careforall.audit_add('account.logout', 'account', account_logout.account_id::text, why,
    jsonb_build_object('sessions', ended));
  RETURN NEXT;
END
$$;

COMMENT ON FUNCTION careforall.sessions_end(uuid, uuid, text) IS
  'Ends the live sessions of an account but one, and says how many.';
COMMENT ON FUNCTION careforall.session_logout(bytea) IS
  'Ends the session of a refresh token.';
COMMENT ON FUNCTION careforall.me_logout_all(uuid) IS
  'Ends every session of the actor.';
COMMENT ON FUNCTION careforall.me_session_end(uuid, uuid) IS
  'Ends one session of the actor; no row if there is none such.';
COMMENT ON FUNCTION careforall.account_logout(uuid, uuid, text) IS
  'Ends every session of an account, for administrators. Reason required, audited.';
