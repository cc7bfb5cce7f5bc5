-- SPDX-License-Identifier: Apache-2.0
-- Accounts changed by their people and by administrators.

-- Locks an account and gives its row; NULL if there is none. Refuses an If-Match
-- that does not fit. Internal.
CREATE OR REPLACE FUNCTION careforall.account_lock(account_id uuid, if_match text)
RETURNS careforall.accounts
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  account careforall.accounts;
BEGIN
  SELECT * INTO account FROM careforall.accounts a
  WHERE a.id = account_lock.account_id FOR NO KEY UPDATE;
  IF FOUND THEN
    PERFORM careforall.etag_require(if_match, careforall.account_etag(account));
  END IF;
  RETURN account;
END
$$;

-- Changes the name of the actor's account.
CREATE OR REPLACE FUNCTION careforall.me_change(actor uuid, if_match text, name text)
RETURNS TABLE (doc json, etag text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  account careforall.accounts;
BEGIN
  PERFORM careforall.account_require(me_change.actor, 'donor');
  account := careforall.account_lock(me_change.actor, if_match);
  IF me_change.name <> account.name THEN
    UPDATE careforall.accounts a SET
      name = me_change.name, version = a.version + 1, updated_at = careforall.clock()
    WHERE a.id = account.id
    RETURNING a.* INTO account;
  END IF;
  RETURN QUERY SELECT careforall.account_json(account), careforall.account_etag(account);
END
$$;

-- Begins a change of the actor's password: what the old one must be checked
-- against. Wrong ones slow down as those of a log-in do.
CREATE OR REPLACE FUNCTION careforall.password_begin(actor uuid)
RETURNS TABLE (retry_after_s integer, password_hash text, pepper_id text, email text, name text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  PERFORM careforall.account_require(password_begin.actor, 'donor');
  SELECT a.password_hash, a.pepper_id, a.email, a.name
  INTO password_hash, pepper_id, email, name
  FROM careforall.accounts a WHERE a.id = password_begin.actor;
  retry_after_s := careforall.login_attempt(email);
  RETURN NEXT;
END
$$;

-- Sets the password after the old one was found right against seen_hash, and ends
-- every other session. No row if the password was changed meanwhile.
CREATE OR REPLACE FUNCTION careforall.password_change(
  actor uuid, session uuid, seen_hash text, new_hash text, new_pepper_id text)
RETURNS TABLE (doc json)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  account careforall.accounts;
BEGIN
  PERFORM careforall.account_require(password_change.actor, 'donor');
  PERFORM careforall.actor_set(password_change.actor);
  UPDATE careforall.accounts a SET
    password_hash = new_hash, pepper_id = new_pepper_id, password_changed_at = careforall.clock(),
    version = a.version + 1, updated_at = careforall.clock()
  WHERE a.id = password_change.actor AND a.password_hash = seen_hash
  RETURNING a.* INTO account;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  DELETE FROM careforall.login_failures f WHERE f.email_hash = careforall.login_key(account.email);
  PERFORM careforall.sessions_end(account.id, password_change.session, 'password_changed');
  PERFORM careforall.audit_add('account.password', 'account', account.id::text,
    'changed by its owner');
  RETURN NEXT;
END
$$;

-- Changes role or access of an account, which the caller has locked; NULL leaves what
-- is. A change is audited and ends the sessions of one that is disabled. Internal.
CREATE OR REPLACE FUNCTION careforall.account_set(
  before careforall.accounts, role text, is_disabled boolean, why text)
RETURNS careforall.accounts
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  after careforall.accounts;
BEGIN
  UPDATE careforall.accounts a SET
    role = COALESCE(account_set.role, a.role),
    disabled_at = CASE WHEN COALESCE(account_set.is_disabled, a.disabled_at IS NOT NULL)
      THEN COALESCE(a.disabled_at, careforall.clock()) END,
    version = a.version + 1,
    updated_at = careforall.clock()
  WHERE a.id = before.id
    AND (a.role, a.disabled_at IS NOT NULL) IS DISTINCT FROM
      (COALESCE(account_set.role, a.role),
       COALESCE(account_set.is_disabled, a.disabled_at IS NOT NULL))
  RETURNING a.* INTO after;
  IF NOT FOUND THEN
    RETURN before;
  END IF;
  IF after.disabled_at IS NOT NULL THEN
    PERFORM careforall.sessions_end(after.id, NULL, 'disabled');
  END IF;
  PERFORM careforall.audit_add('account.change', 'account', after.id::text, why,
    jsonb_build_object('role_before', before.role, 'role_after', after.role,
      'is_disabled_before', before.disabled_at IS NOT NULL,
      'is_disabled_after', after.disabled_at IS NOT NULL));
  RETURN after;
END
$$;

-- Changes role or access of an account; NULL leaves what is. Nobody may do so to
-- themselves, so an administrator always remains. No row if there is no such account.
CREATE OR REPLACE FUNCTION careforall.account_change(
  actor uuid, account_id uuid, if_match text, role text, is_disabled boolean, reason text)
RETURNS TABLE (doc json, etag text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  why    text := careforall.reason_check(account_change.reason);
  before careforall.accounts;
  after  careforall.accounts;
BEGIN
  -- Both rows in one order: of two administrators who disable each other one wins.
  PERFORM FROM careforall.accounts a
  WHERE a.id IN (account_change.actor, account_change.account_id)
  ORDER BY a.id FOR NO KEY UPDATE;
  PERFORM careforall.account_require(account_change.actor, 'admin');
  PERFORM careforall.actor_set(account_change.actor);
  before := careforall.account_lock(account_change.account_id, if_match);
  IF before.id IS NULL THEN
    RETURN;
  ELSIF before.id = account_change.actor THEN
    RAISE EXCEPTION 'nobody may change their own role or access' USING ERRCODE = 'PL010';
  END IF;

  after := careforall.account_set(before, account_change.role, account_change.is_disabled, why);
  RETURN QUERY SELECT careforall.account_admin_json(after), careforall.account_etag(after);
END
$$;

COMMENT ON FUNCTION careforall.account_lock(uuid, text) IS
  'Locks an account and gives its row; refuses an If-Match that does not fit (PL012).';
COMMENT ON FUNCTION careforall.me_change(uuid, text, text) IS
  'Changes the name of the actor''s account.';
COMMENT ON FUNCTION careforall.password_begin(uuid) IS
  'What the old password of the actor must be checked against, or how long to wait.';
COMMENT ON FUNCTION careforall.password_change(uuid, uuid, text, text, text) IS
  'Sets the password of the actor and ends every other session. Audited.';
COMMENT ON FUNCTION careforall.account_set(careforall.accounts, text, boolean, text) IS
  'Changes role or access of a locked account, audited.';
COMMENT ON FUNCTION careforall.account_change(uuid, uuid, text, text, boolean, text) IS
  'Changes role or access of an account, for administrators. Reason required, audited.';
