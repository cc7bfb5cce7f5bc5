-- SPDX-License-Identifier: Apache-2.0
-- Every limit there is, with its use where shared memory holds it.

-- A limit that nothing has touched since the server started is not loaded: its use
-- is then NULL here, and is counted from the tables at the first pledge.
CREATE OR REPLACE VIEW careforall.limits_status AS
SELECT
  t.kind,
  t.campaign,
  t.name,
  t.capacity,
  l.used,
  l.available,
  round(100.0 * l.used / NULLIF(t.capacity, 0), 1) AS used_percent,
  COALESCE(l.state, 'not loaded') AS state,
  l.pins,
  t.id AS limit_id
FROM (
  SELECT 'campaign_cap' AS kind, c.slug AS campaign,
         'cap, minor units of ' || c.currency AS name, c.cap_minor AS capacity, c.id
  FROM careforall.campaigns c WHERE c.cap_minor IS NOT NULL
  UNION ALL
  SELECT 'reward', c.slug, r.title, r.quantity, r.id
  FROM careforall.rewards r JOIN careforall.campaigns c ON c.id = r.campaign_id
  WHERE r.quantity IS NOT NULL
  UNION ALL
  SELECT 'pool', c.slug, p.name, p.capacity, p.id
  FROM careforall.pools p JOIN careforall.campaigns c ON c.id = p.campaign_id
  WHERE p.capacity IS NOT NULL
) t
LEFT JOIN careforall.limits() l ON l.kind = t.kind AND l.id = t.id;

COMMENT ON VIEW careforall.limits_status IS
  'Caps, rewards and pools with a capacity, and how much of it is held or used.';

COMMENT ON COLUMN careforall.limits_status.kind IS
  'campaign_cap, reward or pool.';
COMMENT ON COLUMN careforall.limits_status.campaign IS
  'Slug of the campaign.';
COMMENT ON COLUMN careforall.limits_status.name IS
  'Name of the reward or pool; unit of a cap.';
COMMENT ON COLUMN careforall.limits_status.capacity IS
  'Most units that may be held and used together.';
COMMENT ON COLUMN careforall.limits_status.used IS
  'Units held or used now; NULL if not loaded.';
COMMENT ON COLUMN careforall.limits_status.available IS
  'Units left; NULL if not loaded.';
COMMENT ON COLUMN careforall.limits_status.used_percent IS
  'Part of the capacity in use.';
COMMENT ON COLUMN careforall.limits_status.state IS
  'ready, loading, or not loaded since the server started.';
COMMENT ON COLUMN careforall.limits_status.pins IS
  'Transactions that are at work on it.';
COMMENT ON COLUMN careforall.limits_status.limit_id IS
  'Id of the campaign, reward or pool.';
