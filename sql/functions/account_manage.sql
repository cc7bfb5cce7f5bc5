-- SPDX-License-Identifier: Apache-2.0
-- Accounts changed from psql. Each function takes the address of the account and a
-- reason, and is audited; with dry_run everything is checked and nothing changes.

-- Changes role or access; NULL leaves what is. Internal.
CREATE OR REPLACE FUNCTION careforall.account_manage(
  email text, role text, is_disabled boolean, reason text, dry_run boolean)
RETURNS TABLE (account_id uuid, role_before text, role_after text, status_before text, status_after text,
  open_sessions bigint, result text, what_follows text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  why    text := careforall.reason_check(account_manage.reason);
  before careforall.accounts := careforall.account_of(account_manage.email);
  after  careforall.accounts;
BEGIN
  IF account_manage.role NOT IN ('donor', 'owner', 'admin') THEN
    RAISE EXCEPTION 'unrecognized role: "%"', account_manage.role
      USING ERRCODE = 'invalid_parameter_value', HINT = 'It is donor, owner or admin.';
  END IF;
  result := 'done';
  BEGIN
    after := careforall.account_set(before, account_manage.role, account_manage.is_disabled, why);
    account_id := after.id;
    role_before := before.role;
    role_after := after.role;
    status_before := CASE WHEN before.disabled_at IS NULL THEN 'ok' ELSE 'disabled' END;
    status_after := CASE WHEN after.disabled_at IS NULL THEN 'ok' ELSE 'disabled' END;
    SELECT count(*) INTO open_sessions FROM careforall.sessions s
    WHERE s.account_id = after.id AND s.ended_at IS NULL
      AND LEAST(s.expires_at, s.ends_at) > careforall.clock();
    what_follows := CASE
      WHEN before.version = after.version THEN 'it was so already'
      WHEN NOT EXISTS (SELECT FROM careforall.accounts a WHERE a.role = 'admin' AND a.disabled_at IS NULL)
        THEN 'no administrator is left: careforall.admin_token_create() helps'
      WHEN after.role = 'donor' OR after.disabled_at IS NOT NULL THEN (
        SELECT format('%s campaigns are theirs: careforall.campaign_owner_set() hands one over', count(*))
        FROM careforall.campaigns c WHERE c.owner_id = after.id HAVING count(*) > 0) END;
    PERFORM careforall.dry_run_end(account_manage.dry_run);
  EXCEPTION WHEN SQLSTATE 'DRYRN' THEN
    result := 'dry run: nothing changed';
  END;
  RETURN NEXT;
END
$$;

-- Locks the account of an address and gives its row; refuses an unknown one. Internal.
CREATE OR REPLACE FUNCTION careforall.account_of(email text)
RETURNS careforall.accounts
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  account careforall.accounts;
BEGIN
  SELECT * INTO account FROM careforall.accounts a
  WHERE lower(a.email) = lower(btrim(account_of.email)) FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'nobody has registered with this address'
      USING ERRCODE = 'PL005', HINT = 'Look for the account in careforall.accounts_overview.';
  END IF;
  RETURN account;
END
$$;

CREATE OR REPLACE FUNCTION careforall.account_role_set(
  email text, role text, reason text, dry_run boolean DEFAULT false)
RETURNS TABLE (account_id uuid, role_before text, role_after text, result text, what_follows text)
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT m.account_id, m.role_before, m.role_after, m.result, m.what_follows
  FROM careforall.account_manage(email, role, NULL, reason, dry_run) m
$$;

CREATE OR REPLACE FUNCTION careforall.account_disable(
  email text, reason text, dry_run boolean DEFAULT false)
RETURNS TABLE (account_id uuid, status_before text, status_after text, open_sessions bigint,
  result text, what_follows text)
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT m.account_id, m.status_before, m.status_after, m.open_sessions, m.result, m.what_follows
  FROM careforall.account_manage(email, NULL, true, reason, dry_run) m
$$;

CREATE OR REPLACE FUNCTION careforall.account_enable(
  email text, reason text, dry_run boolean DEFAULT false)
RETURNS TABLE (account_id uuid, status_before text, status_after text, open_sessions bigint,
  result text, what_follows text)
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT m.account_id, m.status_before, m.status_after, m.open_sessions, m.result, m.what_follows
  FROM careforall.account_manage(email, NULL, false, reason, dry_run) m
$$;

-- Ends all sessions of an account, and lets it try to log in at once.
CREATE OR REPLACE FUNCTION careforall.account_sessions_end(
  email text, reason text, dry_run boolean DEFAULT false)
RETURNS TABLE (account_id uuid, sessions_ended integer, result text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  why     text := careforall.reason_check(account_sessions_end.reason);
  account careforall.accounts := careforall.account_of(account_sessions_end.email);
BEGIN
  account_id := account.id;
  result := 'done';
  BEGIN
    sessions_ended := careforall.sessions_end(account.id, NULL, 'ended_by_admin');
    DELETE FROM careforall.login_failures f WHERE f.email_hash = careforall.login_key(account.email);
    PERFORM careforall.audit_add('account.sessions_end', 'account', account.id::text, why,
      jsonb_build_object('sessions', sessions_ended));
    PERFORM careforall.dry_run_end(account_sessions_end.dry_run);
  EXCEPTION WHEN SQLSTATE 'DRYRN' THEN
    result := 'dry run: nothing changed';
  END;
  RETURN NEXT;
END
$$;

COMMENT ON FUNCTION careforall.account_manage(text, text, boolean, text, boolean) IS
  'Changes role or access of the account of an address.';
COMMENT ON FUNCTION careforall.account_of(text) IS
  'Locks the account of an address and gives its row; refuses an unknown one.';
COMMENT ON FUNCTION careforall.account_role_set(text, text, text, boolean) IS
  'Makes an account (by its address) donor, owner or admin. Reason required, audited; dry_run checks and changes nothing.';
COMMENT ON FUNCTION careforall.account_disable(text, text, boolean) IS
  'Takes an account its access and ends its sessions. Reason required, audited; dry_run checks and changes nothing.';
COMMENT ON FUNCTION careforall.account_enable(text, text, boolean) IS
  'Gives a disabled account its access back. Reason required, audited; dry_run checks and changes nothing.';
COMMENT ON FUNCTION careforall.account_sessions_end(text, text, boolean) IS
  'Ends all sessions of an account and forgets its failed log-ins. Reason required, audited; dry_run checks and changes nothing.';
