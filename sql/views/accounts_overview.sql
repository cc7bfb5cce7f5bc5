-- SPDX-License-Identifier: Apache-2.0
-- Accounts without secrets, personal data masked.

CREATE OR REPLACE VIEW careforall.accounts_overview WITH (security_barrier) AS
SELECT
  a.created_at,
  a.id AS account_id,
  careforall.email_masked(a.email) AS email,
  a.role,
  CASE
    WHEN a.disabled_at IS NOT NULL THEN 'disabled'
    WHEN f.blocked_until > careforall.clock() THEN 'log-in slowed'
    ELSE 'ok' END AS status,
  s.open_sessions,
  s.last_seen_at,
  COALESCE(f.failures, 0) AS failed_logins,
  (SELECT count(*) FROM careforall.campaigns c WHERE c.owner_id = a.id) AS campaigns,
  a.password_changed_at,
  a.disabled_at,
  a.version
FROM careforall.accounts a
CROSS JOIN LATERAL (
  SELECT max(n.refreshed_at) AS last_seen_at, count(*) FILTER (
      WHERE n.ended_at IS NULL AND LEAST(n.expires_at, n.ends_at) > careforall.clock()) AS open_sessions
  FROM careforall.sessions n WHERE n.account_id = a.id) s
LEFT JOIN careforall.login_failures f ON f.email_hash = careforall.login_key(a.email);

COMMENT ON VIEW careforall.accounts_overview IS
  'Who can log in, with masked addresses, open sessions and failed log-ins; no password hash, token or name.';
