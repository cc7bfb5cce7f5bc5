-- SPDX-License-Identifier: Apache-2.0
-- Prolonging a session by a one-time refresh token.
--
-- The tokens of a session come in generations. The first use of a token of the
-- newest generation begins the next one. A token of the generation before is
-- forgiven for a few seconds (careforall.refresh_grace), since a page that is loaded
-- twice at once sends its cookie twice: it gets a further token of the newest
-- generation, of which again only one may be used. Any other use of an old token
-- means that somebody has a copy, and ends the session for both.

-- Outcome: refreshed or forgiven (token_hash_new is valid now), unknown (no such
-- token), over (its session is), reused (and the session is ended for that).
CREATE OR REPLACE FUNCTION careforall.session_refresh(token_hash bytea, token_hash_new bytea)
RETURNS TABLE (outcome text, account_id uuid, session_id uuid, max_age_s integer, doc json)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  time_now timestamptz := careforall.clock();
  token    careforall.refresh_tokens;
  session  careforall.sessions;
  account  careforall.accounts;
BEGIN
  SELECT * INTO token FROM careforall.refresh_tokens t
  WHERE t.token_hash = session_refresh.token_hash;
  IF NOT FOUND THEN
    outcome := 'unknown';
    RETURN NEXT;
    RETURN;
  END IF;
  -- Whoever refreshes or ends one session comes one after the other.
  SELECT * INTO session FROM careforall.sessions s WHERE s.id = token.session_id
  FOR NO KEY UPDATE;
  SELECT * INTO account FROM careforall.accounts a WHERE a.id = session.account_id;
  account_id := account.id;
  session_id := session.id;
  outcome := CASE
    WHEN session.ended_at IS NOT NULL OR session.expires_at <= time_now
      OR account.disabled_at IS NOT NULL THEN 'over'
    WHEN token.generation = session.generation THEN 'refreshed'
    WHEN token.generation = session.generation - 1 AND time_now < session.refreshed_at
      + careforall.setting_interval('careforall.refresh_grace', '10 seconds') THEN 'forgiven'
    ELSE 'reused' END;

  IF outcome = 'reused' THEN
    UPDATE careforall.sessions s SET ended_at = time_now, end_reason = 'token_reused'
    WHERE s.id = session.id;
  ELSIF outcome = 'refreshed' THEN
    UPDATE careforall.sessions s SET
      generation = s.generation + 1,
      refreshed_at = time_now,
      expires_at = LEAST(s.ends_at, time_now
        + careforall.setting_interval('careforall.session_idle', '14 days', '15 minutes'))
    WHERE s.id = session.id
    RETURNING s.* INTO session;
  END IF;
  IF outcome IN ('refreshed', 'forgiven') THEN
    UPDATE careforall.refresh_tokens t SET used_at = COALESCE(t.used_at, time_now)
    WHERE t.token_hash = token.token_hash;
    INSERT INTO careforall.refresh_tokens (token_hash, session_id, generation, issued_at)
    VALUES (token_hash_new, session.id, session.generation, time_now);
    max_age_s := extract(epoch FROM session.expires_at - time_now)::integer;
    doc := careforall.account_json(account);
  END IF;
  RETURN NEXT;
END
$$;

COMMENT ON FUNCTION careforall.session_refresh(bytea, bytea) IS
  'Trades a refresh token for a new one: refreshed, forgiven, unknown, over, or reused, which ends the session.';
