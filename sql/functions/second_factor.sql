-- SPDX-License-Identifier: Apache-2.0
-- The second factor of accounts: enrolled, used, removed.
--
-- Secrets come here encrypted and leave so: the API has the key, decides which 30
-- seconds (step) a code is of, and this decides whether that step is still unused. A
-- recovery code comes as its hash. Every attempt counts as one of the log-in does,
-- from its beginning until it succeeds.

-- What an account sees of its second factor.
CREATE OR REPLACE FUNCTION careforall.second_factor_json(account careforall.accounts)
RETURNS json
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT json_build_object(
    'is_enrolled', f.enrolled_at IS NOT NULL,
    'enrolled_at', careforall.json_time(f.enrolled_at),
    'is_required', EXISTS (SELECT FROM careforall.second_factor_policy p WHERE p.role = account.role),
    'recovery_codes_left', (
      SELECT count(*) FROM careforall.recovery_codes c
      WHERE c.account_id = account.id AND c.used_at IS NULL))
  FROM (VALUES (account.id)) a (id)
  LEFT JOIN careforall.second_factors f ON f.account_id = a.id
$$;

CREATE OR REPLACE FUNCTION careforall.second_factor_read(actor uuid)
RETURNS TABLE (doc json)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT careforall.second_factor_json(a)
  FROM careforall.accounts a
  WHERE a.id = actor AND careforall.account_require(actor, 'donor') IS NOT NULL
$$;

-- Uses the second factor of an account up: the code of a step, or a recovery code.
-- True also if the account has none; each code is right once. Internal.
CREATE OR REPLACE FUNCTION careforall.second_factor_use(
  account_id uuid, step bigint, code_hash bytea)
RETURNS boolean
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
  IF NOT EXISTS (SELECT FROM careforall.second_factors f
                 WHERE f.account_id = account_id AND f.enrolled_at IS NOT NULL) THEN
    RETURN true;
  ELSIF code_hash IS NOT NULL THEN
    UPDATE careforall.recovery_codes c SET used_at = careforall.clock()
    WHERE c.code_hash = code_hash AND c.account_id = account_id AND c.used_at IS NULL;
    IF FOUND THEN
      PERFORM careforall.actor_set(account_id);
      PERFORM careforall.audit_add('account.recovery_code', 'account', account_id::text,
        'a recovery code was used');
      RETURN true;
    END IF;
    RETURN false;
  END IF;
  UPDATE careforall.second_factors f SET last_step = step
  WHERE f.account_id = account_id AND f.last_step < step;
  RETURN FOUND;
END
$$;

-- Begins a change of the second factor: what the password, and a code if there is a
-- factor already, must be checked against. Wrong ones slow down as those of a log-in do.
CREATE OR REPLACE FUNCTION careforall.second_factor_begin(actor uuid)
RETURNS TABLE (retry_after_s integer, password_hash text, pepper_id text, email text,
  sealed bytea, key_id text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  PERFORM careforall.account_require(second_factor_begin.actor, 'donor');
  SELECT a.password_hash, a.pepper_id, a.email, f.sealed, f.key_id
  INTO password_hash, pepper_id, email, sealed, key_id
  FROM careforall.accounts a
  LEFT JOIN careforall.second_factors f ON f.account_id = a.id
  WHERE a.id = second_factor_begin.actor;
  retry_after_s := careforall.login_attempt(email);
  RETURN NEXT;
END
$$;

-- Locks the account and checks that its password is still the one that was found right
-- and that the code has not been used; then its failures are forgotten. Internal.
CREATE OR REPLACE FUNCTION careforall.second_factor_prove(
  actor uuid, seen_hash text, step bigint, code_hash bytea)
RETURNS careforall.accounts
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  account careforall.accounts;
BEGIN
  PERFORM careforall.account_require(actor, 'donor');
  SELECT * INTO account FROM careforall.accounts a
  WHERE a.id = actor AND a.password_hash = seen_hash FOR NO KEY UPDATE;
  IF NOT FOUND OR NOT careforall.second_factor_use(actor, step, code_hash) THEN
    RETURN NULL;
  END IF;
  DELETE FROM careforall.login_failures f WHERE f.email_hash = careforall.login_key(account.email);
  PERFORM careforall.actor_set(actor);
  RETURN account;
END
$$;

-- Keeps a new secret until its first code comes. No row if the proof is not right.
CREATE OR REPLACE FUNCTION careforall.second_factor_offer(
  actor uuid, seen_hash text, step bigint, code_hash bytea, sealed bytea, key_id text)
RETURNS TABLE (doc json)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
  IF (careforall.second_factor_prove(actor, seen_hash, step, code_hash)).id IS NOT NULL THEN
    INSERT INTO careforall.second_factors AS f (account_id, offered, offered_key_id, offered_at)
    VALUES (actor, sealed, key_id, careforall.clock())
    ON CONFLICT ON CONSTRAINT second_factors_pkey DO UPDATE
    SET offered = EXCLUDED.offered, offered_key_id = EXCLUDED.offered_key_id,
      offered_at = EXCLUDED.offered_at;
    RETURN NEXT;
  END IF;
END
$$;

-- The secret that waits for its first code; no row if none does.
CREATE OR REPLACE FUNCTION careforall.second_factor_offered(actor uuid)
RETURNS TABLE (sealed bytea, key_id text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT f.offered, f.offered_key_id FROM careforall.second_factors f
  WHERE f.account_id = actor AND f.offered_at > careforall.clock() - interval '15 minutes'
    AND careforall.account_require(actor, 'donor') IS NOT NULL
$$;

-- Takes the offered secret into use, with new recovery codes, and ends every other
-- session. No row if it is not the one that was offered last.
CREATE OR REPLACE FUNCTION careforall.second_factor_confirm(
  actor uuid, session uuid, sealed bytea, step bigint, code_hashes bytea[])
RETURNS TABLE (doc json)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
  PERFORM careforall.account_require(actor, 'donor');
  UPDATE careforall.second_factors f
  SET sealed = f.offered, key_id = f.offered_key_id, last_step = step,
    enrolled_at = careforall.clock(), offered = NULL, offered_key_id = '', offered_at = NULL
  WHERE f.account_id = actor AND f.offered = sealed
    AND f.offered_at > careforall.clock() - interval '15 minutes';
  IF FOUND THEN
    DELETE FROM careforall.recovery_codes c WHERE c.account_id = actor;
    INSERT INTO careforall.recovery_codes (code_hash, account_id)
    SELECT h.code_hash, actor FROM unnest(code_hashes) h (code_hash);
    PERFORM careforall.sessions_end(actor, session, 'ended_by_user');
    PERFORM careforall.actor_set(actor);
    PERFORM careforall.audit_add('account.second_factor_set', 'account', actor::text,
      'changed by its owner');
    RETURN NEXT;
  END IF;
END
$$;

-- Takes the second factor of an account away, and says whether it had one. Internal.
CREATE OR REPLACE FUNCTION careforall.second_factor_drop(account_id uuid)
RETURNS boolean
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  was_enrolled boolean;
BEGIN
  DELETE FROM careforall.recovery_codes c WHERE c.account_id = account_id;
  DELETE FROM careforall.second_factors f WHERE f.account_id = account_id
  RETURNING f.enrolled_at IS NOT NULL INTO was_enrolled;
  RETURN COALESCE(was_enrolled, false);
END
$$;

-- Removes the actor's own, and ends every other session. No row if the proof is not right.
CREATE OR REPLACE FUNCTION careforall.second_factor_remove(
  actor uuid, session uuid, seen_hash text, step bigint, code_hash bytea)
RETURNS TABLE (doc json)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
  IF (careforall.second_factor_prove(actor, seen_hash, step, code_hash)).id IS NOT NULL THEN
    IF careforall.second_factor_drop(actor) THEN
      PERFORM careforall.sessions_end(actor, session, 'ended_by_user');
      PERFORM careforall.audit_add('account.second_factor_removed', 'account', actor::text,
        'changed by its owner');
    END IF;
    RETURN NEXT;
  END IF;
END
$$;

-- Takes the second factor of an account away for somebody who has lost it, and ends
-- its sessions. Gives how many. Internal.
CREATE OR REPLACE FUNCTION careforall.second_factor_reset(
  account careforall.accounts, why text, OUT had_one boolean, OUT sessions_ended integer)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  had_one := careforall.second_factor_drop(account.id);
  sessions_ended := careforall.sessions_end(account.id, NULL, 'ended_by_admin');
  PERFORM careforall.audit_add('account.second_factor_reset', 'account', account.id::text, why,
    jsonb_build_object('had_one', had_one, 'sessions', sessions_ended));
END
$$;

-- The same for administrators; nobody resets their own. No row if there is no such account.
CREATE OR REPLACE FUNCTION careforall.user_second_factor_reset(
  actor uuid, account_id uuid, reason text)
RETURNS TABLE (doc json, etag text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  why     text := careforall.reason_check(reason);
  account careforall.accounts;
BEGIN
  PERFORM careforall.account_require(actor, 'admin');
  PERFORM careforall.actor_set(actor);
  SELECT * INTO account FROM careforall.accounts a WHERE a.id = account_id FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RETURN;
  ELSIF account.id = actor THEN
    RAISE EXCEPTION 'another administrator resets the second factor of an administrator'
      USING ERRCODE = 'PL010';
  END IF;
  PERFORM careforall.second_factor_reset(account, why);
  RETURN QUERY SELECT careforall.account_admin_json(account), careforall.account_etag(account);
END
$$;

-- The same from psql.
CREATE OR REPLACE FUNCTION careforall.account_second_factor_reset(
  email text, reason text, dry_run boolean DEFAULT false)
RETURNS TABLE (account_id uuid, had_one boolean, sessions_ended integer, result text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  why     text := careforall.reason_check(account_second_factor_reset.reason);
  account careforall.accounts := careforall.account_of(account_second_factor_reset.email);
BEGIN
  account_id := account.id;
  result := 'done';
  BEGIN
    SELECT r.had_one, r.sessions_ended INTO had_one, sessions_ended
    FROM careforall.second_factor_reset(account, why) r;
    PERFORM careforall.dry_run_end(account_second_factor_reset.dry_run);
  EXCEPTION WHEN SQLSTATE 'DRYRN' THEN
    result := 'dry run: nothing changed';
  END;
  RETURN NEXT;
END
$$;

-- Makes the second factor needed for a role, or not. accounts_without have the rights of
-- donors from then on, until they have set one up.
CREATE OR REPLACE FUNCTION careforall.second_factor_policy_set(
  role text, is_required boolean, reason text, dry_run boolean DEFAULT false)
RETURNS TABLE (for_role text, required_before boolean, required_after boolean, accounts_without bigint, result text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  why text := careforall.reason_check(reason);
BEGIN
  IF role IS NULL OR role NOT IN ('owner', 'admin') THEN
    RAISE EXCEPTION 'unrecognized role: "%"', role
      USING ERRCODE = 'invalid_parameter_value', HINT = 'It is owner or admin.';
  ELSIF is_required IS NULL THEN
    RAISE EXCEPTION 'invalid policy: NULL'
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Give true or false.';
  END IF;
  for_role := role;
  required_before := EXISTS (SELECT FROM careforall.second_factor_policy p WHERE p.role = role);
  required_after := is_required;
  accounts_without := (
    SELECT count(*) FROM careforall.accounts a
    WHERE a.role = role AND a.disabled_at IS NULL AND NOT EXISTS (
      SELECT FROM careforall.second_factors f
      WHERE f.account_id = a.id AND f.enrolled_at IS NOT NULL));
  result := 'done';
  BEGIN
    DELETE FROM careforall.second_factor_policy p WHERE p.role = role;
    IF is_required THEN
      INSERT INTO careforall.second_factor_policy (role, reason, changed_by)
      VALUES (role, why, careforall.actor_name());
    END IF;
    PERFORM careforall.audit_add('second_factor_policy.set', 'second_factor_policy', role, why,
      jsonb_build_object('from', required_before, 'to', required_after));
    PERFORM careforall.dry_run_end(dry_run);
  EXCEPTION WHEN SQLSTATE 'DRYRN' THEN
    result := 'dry run: nothing changed';
  END;
  RETURN NEXT;
END
$$;

COMMENT ON FUNCTION careforall.second_factor_json(careforall.accounts) IS
  'What an account sees of its second factor.';
COMMENT ON FUNCTION careforall.second_factor_read(uuid) IS
  'The actor''s second factor: whether there is one, whether one is needed, how many recovery codes are left.';
COMMENT ON FUNCTION careforall.second_factor_use(uuid, bigint, bytea) IS
  'Uses a code or a recovery code of an account up; false if it was used before.';
COMMENT ON FUNCTION careforall.second_factor_begin(uuid) IS
  'Begins a change of the second factor: what password and code must be checked against, or how long to wait.';
COMMENT ON FUNCTION careforall.second_factor_prove(uuid, text, bigint, bytea) IS
  'Locks an account whose password and code were found right; NULL if that is no longer so.';
COMMENT ON FUNCTION careforall.second_factor_offer(uuid, text, bigint, bytea, bytea, text) IS
  'Keeps a new secret until its first code comes; no row if the proof is not right.';
COMMENT ON FUNCTION careforall.second_factor_offered(uuid) IS
  'The secret that waits for its first code.';
COMMENT ON FUNCTION careforall.second_factor_confirm(uuid, uuid, bytea, bigint, bytea[]) IS
  'Takes the offered secret into use with new recovery codes and ends every other session; audited.';
COMMENT ON FUNCTION careforall.second_factor_drop(uuid) IS
  'Takes the second factor of an account away.';
COMMENT ON FUNCTION careforall.second_factor_remove(uuid, uuid, text, bigint, bytea) IS
  'Removes the actor''s own second factor; no row if the proof is not right; audited.';
COMMENT ON FUNCTION careforall.second_factor_reset(careforall.accounts, text) IS
  'Takes the second factor of an account away and ends its sessions; audited.';
COMMENT ON FUNCTION careforall.user_second_factor_reset(uuid, uuid, text) IS
  'Resets the second factor of an account for an administrator, for the API; audited.';
COMMENT ON FUNCTION careforall.account_second_factor_reset(text, text, boolean) IS
  'Takes the second factor of an account away for somebody who has lost it, and ends its sessions. Reason required, audited; dry_run checks and changes nothing.';
COMMENT ON FUNCTION careforall.second_factor_policy_set(text, boolean, text, boolean) IS
  'Makes the second factor needed for owners or administrators, or not. Reason required, audited; dry_run checks and changes nothing.';
