-- SPDX-License-Identifier: Apache-2.0
-- Campaigns and their rewards with figures. No personal data.

CREATE OR REPLACE VIEW careforall.campaign_overview AS
SELECT
  c.slug,
  c.state,
  careforall.money_text(t.raised_minor, c.currency) AS raised,
  careforall.money_text(c.goal_minor, c.currency) AS goal,
  round(100.0 * t.raised_minor / c.goal_minor, 1) AS funded_percent,
  t.confirmed_count,
  careforall.money_text(w.pending_minor, c.currency) AS pending,
  w.pending_count,
  COALESCE(careforall.money_text(c.cap_minor, c.currency), 'unlimited') AS cap,
  date_trunc('second', c.starts_at) AS starts_at,
  date_trunc('second', c.ends_at) AS ends_at,
  c.title,
  c.category,
  c.currency::text AS currency,
  t.raised_minor,
  w.pending_minor,
  c.version,
  c.id AS campaign_id,
  date_trunc('second', c.archived_at) AS archived_at
FROM careforall.campaigns c
CROSS JOIN LATERAL (
  SELECT COALESCE(sum(f.confirmed_minor - f.refunded_minor), 0)::bigint AS raised_minor,
         COALESCE(sum(f.confirmed_count), 0)::bigint AS confirmed_count
  FROM (SELECT s.confirmed_minor, s.refunded_minor, s.confirmed_count
        FROM careforall.campaign_totals s WHERE s.campaign_id = c.id
        UNION ALL
        SELECT d.confirmed_minor, d.refunded_minor, d.confirmed_count
        FROM careforall.campaign_total_deltas d WHERE d.campaign_id = c.id) f) t
CROSS JOIN LATERAL (
  SELECT COALESCE(sum(p.amount_minor), 0)::bigint AS pending_minor, count(*) AS pending_count
  FROM careforall.pledges p
  WHERE p.campaign_id = c.id AND p.state = 'pending') w
ORDER BY c.created_at DESC, c.id DESC;

CREATE OR REPLACE VIEW careforall.reward_overview AS
SELECT
  c.slug AS campaign,
  r.title AS reward,
  careforall.money_text(r.min_amount_minor, c.currency) AS from_amount,
  COALESCE(r.quantity::text, 'unlimited') AS quantity,
  l.name AS pool,
  COALESCE(l.capacity::text, CASE WHEN l.id IS NOT NULL THEN 'unlimited' END) AS pool_capacity,
  r.id AS reward_id,
  l.id AS pool_id,
  c.id AS campaign_id
FROM careforall.rewards r
JOIN careforall.campaigns c ON c.id = r.campaign_id
LEFT JOIN careforall.pools l ON l.id = r.pool_id
ORDER BY c.slug, r.position, r.id;

COMMENT ON VIEW careforall.campaign_overview IS
  'Campaigns with their public figures, money as people read it.';
COMMENT ON VIEW careforall.reward_overview IS
  'Rewards with their capacities and pools; how much is in use is in limits_status.';

COMMENT ON COLUMN careforall.campaign_overview.slug IS
  'Name in addresses.';
COMMENT ON COLUMN careforall.campaign_overview.state IS
  'draft, active, paused or closed.';
COMMENT ON COLUMN careforall.campaign_overview.raised IS
  'Confirmed minus refunded money.';
COMMENT ON COLUMN careforall.campaign_overview.goal IS
  'What is to be raised.';
COMMENT ON COLUMN careforall.campaign_overview.funded_percent IS
  'Raised money in percent of the goal.';
COMMENT ON COLUMN careforall.campaign_overview.confirmed_count IS
  'Pledges that are confirmed now.';
COMMENT ON COLUMN careforall.campaign_overview.pending IS
  'Money of pledges that are pending.';
COMMENT ON COLUMN careforall.campaign_overview.pending_count IS
  'Pledges that are pending.';
COMMENT ON COLUMN careforall.campaign_overview.cap IS
  'Most money that may be pledged.';
COMMENT ON COLUMN careforall.campaign_overview.starts_at IS
  'From when it takes pledges.';
COMMENT ON COLUMN careforall.campaign_overview.ends_at IS
  'Until when it takes pledges; NULL is without end.';
COMMENT ON COLUMN careforall.campaign_overview.title IS
  'Its title.';
COMMENT ON COLUMN careforall.campaign_overview.category IS
  'Its category.';
COMMENT ON COLUMN careforall.campaign_overview.currency IS
  'ISO 4217 code of its amounts.';
COMMENT ON COLUMN careforall.campaign_overview.raised_minor IS
  'Raised money in minor units.';
COMMENT ON COLUMN careforall.campaign_overview.pending_minor IS
  'Pending money in minor units.';
COMMENT ON COLUMN careforall.campaign_overview.version IS
  'Grows by one with each event.';
COMMENT ON COLUMN careforall.campaign_overview.campaign_id IS
  'Id of the campaign.';
COMMENT ON COLUMN careforall.campaign_overview.archived_at IS
  'Since when it is left out of lists; NULL unless it is archived.';

COMMENT ON COLUMN careforall.reward_overview.campaign IS
  'Slug of the campaign.';
COMMENT ON COLUMN careforall.reward_overview.reward IS
  'Title of the reward.';
COMMENT ON COLUMN careforall.reward_overview.from_amount IS
  'The smallest pledge for one place.';
COMMENT ON COLUMN careforall.reward_overview.quantity IS
  'Places, or unlimited.';
COMMENT ON COLUMN careforall.reward_overview.pool IS
  'The pool that it shares places with others of.';
COMMENT ON COLUMN careforall.reward_overview.pool_capacity IS
  'Places of the pool, or unlimited.';
COMMENT ON COLUMN careforall.reward_overview.reward_id IS
  'Id of the reward, for reward_quantity_set().';
COMMENT ON COLUMN careforall.reward_overview.pool_id IS
  'Id of the pool, for pool_capacity_set().';
COMMENT ON COLUMN careforall.reward_overview.campaign_id IS
  'Id of the campaign.';
