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
  a.version,
  f2.enrolled_at AS second_factor_since,
  EXISTS (SELECT FROM careforall.second_factor_policy p WHERE p.role = a.role) AS second_factor_needed
FROM careforall.accounts a
CROSS JOIN LATERAL (
  SELECT max(n.refreshed_at) AS last_seen_at, count(*) FILTER (
      WHERE n.ended_at IS NULL AND LEAST(n.expires_at, n.ends_at) > careforall.clock()) AS open_sessions
  FROM careforall.sessions n WHERE n.account_id = a.id) s
LEFT JOIN careforall.login_failures f ON f.email_hash = careforall.login_key(a.email)
LEFT JOIN careforall.second_factors f2 ON f2.account_id = a.id;

COMMENT ON VIEW careforall.accounts_overview IS
  'Who can log in, with masked addresses, open sessions and failed log-ins; no password hash, token or name.';

COMMENT ON COLUMN careforall.accounts_overview.second_factor_since IS
  'Since when log-ins need a second factor; NULL if there is none.';
COMMENT ON COLUMN careforall.accounts_overview.second_factor_needed IS
  'Whether the role needs one: without it the account has the rights of a donor.';
COMMENT ON COLUMN careforall.accounts_overview.created_at IS
  'When it was registered.';
COMMENT ON COLUMN careforall.accounts_overview.account_id IS
  'Id of the account.';
COMMENT ON COLUMN careforall.accounts_overview.email IS
  'The address, masked.';
COMMENT ON COLUMN careforall.accounts_overview.role IS
  'donor, owner or admin.';
COMMENT ON COLUMN careforall.accounts_overview.status IS
  'ok, disabled, or log-in slowed after failed ones.';
COMMENT ON COLUMN careforall.accounts_overview.open_sessions IS
  'Sessions that are neither ended nor over.';
COMMENT ON COLUMN careforall.accounts_overview.last_seen_at IS
  'When a session was last refreshed.';
COMMENT ON COLUMN careforall.accounts_overview.failed_logins IS
  'Failed log-ins since the last good one.';
COMMENT ON COLUMN careforall.accounts_overview.campaigns IS
  'Campaigns that it owns.';
COMMENT ON COLUMN careforall.accounts_overview.password_changed_at IS
  'When the password was last set.';
COMMENT ON COLUMN careforall.accounts_overview.disabled_at IS
  'Since when it cannot log in.';
COMMENT ON COLUMN careforall.accounts_overview.version IS
  'Grows by one with each change.';
