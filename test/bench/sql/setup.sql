-- SPDX-License-Identifier: Apache-2.0
-- The rows that a pledge writes, in tables of the same shape without any rule, and
-- the campaigns that are pledged to: number 1 is the hot one, with a cap.

CREATE SCHEMA bench;
CREATE TABLE bench.pledges (LIKE careforall.pledges INCLUDING ALL);
CREATE TABLE bench.pledge_history (LIKE careforall.pledge_history INCLUDING ALL);
CREATE TABLE bench.idempotency_keys (LIKE careforall.idempotency_keys INCLUDING ALL);
CREATE TABLE bench.outbox (LIKE careforall.outbox INCLUDING DEFAULTS);
CREATE INDEX ON bench.outbox (xid);
CREATE INDEX ON bench.outbox (aggregate_id, aggregate_version);

CREATE TABLE bench.ids (n integer PRIMARY KEY, id uuid NOT NULL);
CREATE TABLE bench.caps (
  n integer PRIMARY KEY, cap bigint NOT NULL, used bigint NOT NULL DEFAULT 0,
  version bigint NOT NULL DEFAULT 0);

WITH made AS (
  INSERT INTO careforall.campaigns (id, slug, title, category, owner_name, currency, goal_minor, cap_minor)
  SELECT ('00000000-0000-7000-8000-' || to_char(n, 'FM000000000000'))::uuid,
    'bench-' || n, 'Bench ' || n, 'health', 'Bench', 'EUR', 100000, 9007199254740991
  FROM generate_series(1, 100) n
  RETURNING id, slug)
INSERT INTO bench.ids SELECT split_part(slug, '-', 2)::integer, id FROM made;
UPDATE careforall.campaigns SET state = 'active' WHERE slug LIKE 'bench-%';
INSERT INTO bench.caps SELECT n, 9007199254740991 FROM generate_series(1, 100) n;

-- One pledge's rows, as the engine writes them, by plain statements.
CREATE FUNCTION bench.event_json(pledge uuid, campaign uuid) RETURNS json LANGUAGE sql
RETURN json_build_object('pledge_id', pledge, 'campaign_id', campaign, 'reward_id', NULL, 'pool_id', NULL,
  'quantity', 0, 'amount_minor', 1000, 'currency', 'EUR', 'state', 'pending', 'state_reason', NULL, 'version', 1,
  'refunded_minor', 0, 'held_minor', 1000, 'held_places', 0,
  'delta', json_build_object('confirmed_minor', 0, 'confirmed_count', 0, 'refunded_minor', 0, 'held_minor', 1000,
    'held_places', 0, 'pending_minor', 1000, 'pending_count', 1),
  'display', 'name', 'name', 'Ada', 'message', NULL, 'show_amount', false,
  'created_at', '2026-01-01T00:00:00.000Z', 'occurred_at', '2026-01-01T00:00:00.000Z');
ANALYZE;
