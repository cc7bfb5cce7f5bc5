-- SPDX-License-Identifier: Apache-2.0
-- What the API asks about accounts and sessions.

-- Who acts in a session that is alive; no row if it is over or its account is
-- disabled. The API asks on each request that carries an access token.
CREATE OR REPLACE FUNCTION careforall.session_find(session uuid)
RETURNS TABLE (account_id uuid, role text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT a.id, careforall.role_now(a.id, a.role)
  FROM careforall.sessions s
  JOIN careforall.accounts a ON a.id = s.account_id
  WHERE s.id = session_find.session AND s.ended_at IS NULL
    AND s.expires_at > careforall.clock() AND a.disabled_at IS NULL
$$;

-- The documents of an account: what it sees of itself, and what administrators see.
CREATE OR REPLACE FUNCTION careforall.account_json(account careforall.accounts)
RETURNS json
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT json_build_object(
    'id', account.id,
    'email', account.email,
    'name', account.name,
    'role', account.role,
    'needs_second_factor', careforall.second_factor_missing(account.id, account.role),
    'created_at', careforall.json_time(account.created_at))
$$;

CREATE OR REPLACE FUNCTION careforall.account_admin_json(account careforall.accounts)
RETURNS json
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT json_build_object(
    'id', account.id,
    'email', account.email,
    'name', account.name,
    'role', account.role,
    'has_second_factor', EXISTS (
      SELECT FROM careforall.second_factors f
      WHERE f.account_id = account.id AND f.enrolled_at IS NOT NULL),
    'needs_second_factor', careforall.second_factor_missing(account.id, account.role),
    'is_disabled', account.disabled_at IS NOT NULL,
    'disabled_at', careforall.json_time(account.disabled_at),
    'password_changed_at', careforall.json_time(account.password_changed_at),
    'last_seen_at', careforall.json_time((
      SELECT max(s.refreshed_at) FROM careforall.sessions s WHERE s.account_id = account.id)),
    'sessions', (
      SELECT count(*) FROM careforall.sessions s
      WHERE s.account_id = account.id AND s.ended_at IS NULL
        AND s.expires_at > careforall.clock()),
    'version', account.version,
    'created_at', careforall.json_time(account.created_at),
    'updated_at', careforall.json_time(account.updated_at))
$$;

CREATE OR REPLACE FUNCTION careforall.account_etag(account careforall.accounts)
RETURNS text
LANGUAGE sql IMMUTABLE
AS $$ SELECT '"' || account.version || '"' $$;

-- The account of the actor.
CREATE OR REPLACE FUNCTION careforall.me_read(actor uuid)
RETURNS TABLE (doc json, etag text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT careforall.account_json(a), careforall.account_etag(a)
  FROM careforall.accounts a
  WHERE a.id = me_read.actor AND careforall.account_require(me_read.actor, 'donor') IS NOT NULL
$$;

-- The sessions of the actor that are alive, the newest first; session is the one
-- that asks.
CREATE OR REPLACE FUNCTION careforall.me_sessions(actor uuid, session uuid)
RETURNS TABLE (doc json)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  PERFORM careforall.account_require(me_sessions.actor, 'donor');
  RETURN QUERY
  SELECT json_build_object('items', COALESCE(json_agg(json_build_object(
      'id', s.id,
      'user_agent', s.user_agent,
      'is_current', s.id = me_sessions.session,
      'created_at', careforall.json_time(s.created_at),
      'refreshed_at', careforall.json_time(s.refreshed_at),
      'expires_at', careforall.json_time(s.expires_at)) ORDER BY s.id DESC), '[]'::json))
  FROM (
    SELECT o.* FROM careforall.sessions o
    WHERE o.account_id = me_sessions.actor AND o.ended_at IS NULL
      AND o.expires_at > careforall.clock()
    ORDER BY o.id DESC
    LIMIT 100) s;
END
$$;

-- One account, for administrators.
CREATE OR REPLACE FUNCTION careforall.account_find(actor uuid, account_id uuid)
RETURNS TABLE (doc json, etag text)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  PERFORM careforall.account_require(account_find.actor, 'admin');
  RETURN QUERY
  SELECT careforall.account_admin_json(a), careforall.account_etag(a)
  FROM careforall.accounts a WHERE a.id = account_find.account_id;
END
$$;

-- Accounts for administrators, the newest first, those before the one given. q is
-- looked for in address and name, whatever the case; role NULL is any.
CREATE OR REPLACE FUNCTION careforall.account_list(
  actor uuid, q text, role text, before uuid, max integer)
RETURNS TABLE (id uuid, doc json)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  pattern text := '%' || regexp_replace(lower(account_list.q), '([\\%_])', '\\\1', 'g') || '%';
BEGIN
  PERFORM careforall.account_require(account_list.actor, 'admin');
  RETURN QUERY
  SELECT a.id, careforall.account_admin_json(a)
  FROM careforall.accounts a
  WHERE (account_list.before IS NULL OR a.id < account_list.before)
    AND (account_list.role IS NULL OR a.role = account_list.role)
    AND (pattern IS NULL OR lower(a.email) LIKE pattern OR lower(a.name) LIKE pattern)
  ORDER BY a.id DESC
  LIMIT LEAST(GREATEST(COALESCE(account_list.max, 20), 1), 101);
END
$$;

COMMENT ON FUNCTION careforall.session_find(uuid) IS
  'Who acts in a live session; no row if it is over.';
COMMENT ON FUNCTION careforall.account_json(careforall.accounts) IS
  'An account as it sees itself.';
COMMENT ON FUNCTION careforall.account_admin_json(careforall.accounts) IS
  'An account as administrators see it.';
COMMENT ON FUNCTION careforall.account_etag(careforall.accounts) IS
  'The ETag of both documents of an account.';
COMMENT ON FUNCTION careforall.me_read(uuid) IS
  'The account of the actor.';
COMMENT ON FUNCTION careforall.me_sessions(uuid, uuid) IS
  'The live sessions of the actor, the newest first.';
COMMENT ON FUNCTION careforall.account_find(uuid, uuid) IS
  'One account, for administrators.';
COMMENT ON FUNCTION careforall.account_list(uuid, text, text, uuid, integer) IS
  'Accounts by part of address or name and by role, the newest first, for administrators.';
