-- SPDX-License-Identifier: Apache-2.0
-- Who may log in to the database, and which keys its rows still need.

CREATE OR REPLACE VIEW careforall.logins AS
SELECT
  r.rolname::text COLLATE "default" AS log_in,
  CASE WHEN r.rolsuper THEN 'superuser' ELSE g.groups END AS member_of,
  r.rolvaliduntil AS password_until,
  NULLIF(r.rolconnlimit, -1) AS connection_limit,
  (SELECT count(*) FROM careforall.sessions() s WHERE s.log_in = r.rolname) AS sessions
FROM pg_catalog.pg_roles r
CROSS JOIN LATERAL (
  SELECT string_agg(o.rolname::text COLLATE "default", ', ' ORDER BY o.rolname) AS groups
  FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles o ON o.oid = m.roleid
  WHERE m.member = r.oid AND o.rolname LIKE 'careforall\_%') g
WHERE r.rolcanlogin AND (r.rolsuper OR g.groups IS NOT NULL)
ORDER BY r.rolname;

CREATE OR REPLACE VIEW careforall.keys_status AS
SELECT 'password pepper' AS kind, COALESCE(NULLIF(a.pepper_id, ''), 'none') AS key_id,
  count(*) AS used_by, max(a.password_changed_at) AS newest, NULL::timestamptz AS valid_until
FROM careforall.accounts a
WHERE a.password_hash <> '$argon2id$v=19$erased'
GROUP BY a.pepper_id
UNION ALL
SELECT 'second factor', COALESCE(NULLIF(k.key_id, ''), 'none'), count(*), max(k.since), NULL
FROM careforall.second_factors f
CROSS JOIN LATERAL (VALUES (f.key_id, f.enrolled_at), (f.offered_key_id, f.offered_at)) k (key_id, since)
WHERE k.since IS NOT NULL
GROUP BY k.key_id
UNION ALL
SELECT 'administrator token', t.id::text, 0, t.created_at, t.expires_at
FROM careforall.admin_tokens t
WHERE t.used_at IS NULL AND t.expires_at > careforall.clock();

COMMENT ON VIEW careforall.logins IS
  'Who may log in to the database, and as what; members of more than one group have the rights of all.';
COMMENT ON VIEW careforall.keys_status IS
  'Peppers that passwords and second factors of accounts need, and one-time tokens of administrators that can still be used.';

COMMENT ON COLUMN careforall.logins.log_in IS
  'Name of the role that logs in.';
COMMENT ON COLUMN careforall.logins.member_of IS
  'Groups whose rights it has; superuser has all.';
COMMENT ON COLUMN careforall.logins.password_until IS
  'Until when its password is valid; NULL is for ever.';
COMMENT ON COLUMN careforall.logins.connection_limit IS
  'Connections that it may have; NULL is unlimited.';
COMMENT ON COLUMN careforall.logins.sessions IS
  'Connections that it has now.';

COMMENT ON COLUMN careforall.keys_status.kind IS
  'password pepper, second factor or administrator token.';
COMMENT ON COLUMN careforall.keys_status.key_id IS
  'Id of the key; none stands for accounts without a pepper.';
COMMENT ON COLUMN careforall.keys_status.used_by IS
  'Accounts that need it.';
COMMENT ON COLUMN careforall.keys_status.newest IS
  'The newest use: a password set, or the token made.';
COMMENT ON COLUMN careforall.keys_status.valid_until IS
  'Until when the token can be used.';
