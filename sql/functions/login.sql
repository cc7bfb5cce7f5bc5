-- SPDX-License-Identifier: Apache-2.0
-- Logging in, in two steps, since the password is checked outside the database:
-- login_begin() gives what it must be checked against, login_finish() opens the
-- session if nothing has changed meanwhile.
--
-- Guessing is slowed down by e-mail address, the same whether there is such an
-- account or not. An attempt counts as failed from its beginning until it
-- succeeds, so that many at once get no more guesses than one after another.

-- How long the next attempt must wait after so many failures: nothing for ten,
-- then twice as long with each, five minutes at most. Nobody is shut out for good.
CREATE OR REPLACE FUNCTION careforall.login_delay(failures integer)
RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN failures <= 10 THEN interval '0'
  ELSE LEAST(interval '1 second' * 2 ^ LEAST(failures - 11, 10), interval '5 minutes') END;

CREATE OR REPLACE FUNCTION careforall.login_key(email text)
RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN sha256(convert_to(lower(email), 'UTF8'));

-- Counts an attempt. Gives 0, or the seconds to wait if it may not be made now.
CREATE OR REPLACE FUNCTION careforall.login_attempt(email text)
RETURNS integer
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  time_now timestamptz := careforall.clock();
  row_now  careforall.login_failures;
BEGIN
  INSERT INTO careforall.login_failures AS f (email_hash, failures, failed_at, blocked_until)
  VALUES (careforall.login_key(email), 1, time_now, '-infinity')
  ON CONFLICT (email_hash) DO UPDATE SET
    failures = CASE WHEN f.failed_at < time_now - interval '1 day' THEN 1 ELSE f.failures + 1 END,
    failed_at = time_now,
    -- Without a delay nothing is blocked, not even an attempt that was begun before
    -- this one and had to wait for the row.
    blocked_until = CASE
      WHEN f.failed_at < time_now - interval '1 day' OR f.failures < 10 THEN '-infinity'
      ELSE time_now + careforall.login_delay(f.failures + 1) END
  WHERE f.blocked_until <= time_now;
  IF FOUND THEN
    RETURN 0;
  END IF;
  SELECT f.* INTO row_now FROM careforall.login_failures f
  WHERE f.email_hash = careforall.login_key(email);
  RETURN GREATEST(ceil(extract(epoch FROM row_now.blocked_until - time_now))::integer, 1);
END
$$;

-- Begins a log-in: one row always. The account is NULL if there is none, or none
-- that may log in; sealed is the encrypted secret of its second factor, NULL if it has none.
DROP FUNCTION IF EXISTS careforall.login_begin(text);
CREATE FUNCTION careforall.login_begin(email text)
RETURNS TABLE (retry_after_s integer, account_id uuid, password_hash text, pepper_id text,
  sealed bytea, key_id text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  retry_after_s := careforall.login_attempt(login_begin.email);
  IF retry_after_s = 0 THEN
    SELECT a.id, a.password_hash, a.pepper_id, f.sealed, f.key_id
    INTO account_id, password_hash, pepper_id, sealed, key_id
    FROM careforall.accounts a
    LEFT JOIN careforall.second_factors f ON f.account_id = a.id
    WHERE lower(a.email) = lower(login_begin.email) AND a.disabled_at IS NULL;
  END IF;
  RETURN NEXT;
END
$$;

-- Opens a session with its first refresh token and gives its id. An account has at
-- most 50 sessions; the oldest ends. Internal.
CREATE OR REPLACE FUNCTION careforall.session_open(account_id uuid, token_hash bytea, user_agent text)
RETURNS uuid
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  time_now timestamptz := careforall.clock();
  lives    interval := careforall.setting_interval('careforall.session_lifetime', '90 days', '1 hour');
  idle     interval := careforall.setting_interval('careforall.session_idle', '14 days', '15 minutes');
  new_id   uuid;
BEGIN
  UPDATE careforall.sessions s SET ended_at = time_now, end_reason = 'too_many'
  WHERE s.id IN (
    SELECT o.id FROM careforall.sessions o
    WHERE o.account_id = session_open.account_id AND o.ended_at IS NULL
      AND o.expires_at > time_now
    ORDER BY o.id DESC
    OFFSET 49);
  INSERT INTO careforall.sessions AS s (
    account_id, user_agent, created_at, refreshed_at, expires_at, ends_at)
  VALUES (
    session_open.account_id, left(COALESCE(session_open.user_agent, ''), 200), time_now, time_now,
    time_now + LEAST(idle, lives), time_now + lives)
  RETURNING s.id INTO new_id;
  INSERT INTO careforall.refresh_tokens (token_hash, session_id, generation, issued_at)
  VALUES (session_open.token_hash, new_id, 1, time_now);
  RETURN new_id;
END
$$;

-- Opens a session for a password that was found right against seen_hash. No row if
-- the password was changed or the account disabled meanwhile, or if the account has a
-- second factor and neither step (of a code) nor code_hash (of a recovery code) is one
-- that still works. new_hash replaces a hash whose parameters are no longer good enough;
-- NULL keeps it.
CREATE OR REPLACE FUNCTION careforall.login_finish(
  account uuid, seen_hash text, new_hash text, new_pepper_id text, token_hash bytea,
  user_agent text, step bigint DEFAULT NULL, code_hash bytea DEFAULT NULL)
RETURNS TABLE (account_id uuid, session_id uuid, max_age_s integer, doc json)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  person careforall.accounts;
BEGIN
  SELECT * INTO person FROM careforall.accounts a
  WHERE a.id = login_finish.account AND a.password_hash = seen_hash AND a.disabled_at IS NULL
  FOR NO KEY UPDATE;
  IF NOT FOUND
    OR NOT careforall.second_factor_use(person.id, login_finish.step, login_finish.code_hash) THEN
    RETURN;
  END IF;
  IF new_hash IS NOT NULL THEN
    UPDATE careforall.accounts a SET password_hash = new_hash, pepper_id = new_pepper_id
    WHERE a.id = person.id;
  END IF;
  DELETE FROM careforall.login_failures f WHERE f.email_hash = careforall.login_key(person.email);
  account_id := person.id;
  session_id := careforall.session_open(person.id, token_hash, user_agent);
  max_age_s := careforall.session_max_age(session_id);
  doc := careforall.account_json(person);
  RETURN NEXT;
END
$$;

-- How many seconds a session lives on without being refreshed.
CREATE OR REPLACE FUNCTION careforall.session_max_age(session uuid)
RETURNS integer
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT extract(epoch FROM s.expires_at - careforall.clock())::integer
  FROM careforall.sessions s WHERE s.id = session
$$;

COMMENT ON FUNCTION careforall.login_delay(integer) IS
  'How long the next log-in must wait after so many failures.';
COMMENT ON FUNCTION careforall.login_key(text) IS
  'What failed log-ins of an e-mail address are counted under.';
COMMENT ON FUNCTION careforall.login_attempt(text) IS
  'Counts a log-in attempt; gives the seconds to wait if it may not be made now, else 0.';
COMMENT ON FUNCTION careforall.login_begin(text) IS
  'Begins a log-in: what the password must be checked against, or how long to wait.';
COMMENT ON FUNCTION careforall.session_open(uuid, bytea, text) IS
  'Opens a session with its first refresh token.';
COMMENT ON FUNCTION careforall.login_finish(uuid, text, text, text, bytea, text, bigint, bytea) IS
  'Opens a session after the password, and the code of a second factor, was found right; no row if that is no longer so.';
COMMENT ON FUNCTION careforall.session_max_age(uuid) IS
  'How many seconds a session lives on without being refreshed.';
