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
