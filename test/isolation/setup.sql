-- SPDX-License-Identifier: Apache-2.0
-- Helpers of the isolation specs. Pledges cannot be deleted, so each permutation
-- begins with a campaign of its own.
CREATE TABLE present (campaign uuid, reward uuid, pledge uuid);

CREATE FUNCTION begin_anew(cap bigint, quantity int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM present;
  INSERT INTO present (campaign, reward) VALUES (careforall.uuid7(), careforall.uuid7());
  INSERT INTO careforall.campaigns (id, slug, title, category, owner_name, currency, goal_minor, cap_minor)
  SELECT campaign, 'c-' || campaign, 'C', 'test', 'Ann', 'EUR', 1, cap FROM present;
  INSERT INTO careforall.rewards (id, campaign_id, title, min_amount_minor, quantity)
  SELECT p.reward, p.campaign, 'R', 100, begin_anew.quantity FROM present p;
  UPDATE careforall.campaigns SET state = 'active' WHERE id = (SELECT campaign FROM present);
END $$;

CREATE FUNCTION pledge(amount bigint, k text DEFAULT NULL, reward boolean DEFAULT false, body text DEFAULT 'f')
RETURNS text LANGUAGE sql AS $$
  SELECT r.outcome FROM present p, careforall.pledge_create(p.campaign, amount, 'EUR', 'B', 'b@x.y',
    CASE WHEN pledge.reward THEN p.reward END, key_hash => sha256((p.campaign || k)::bytea),
    fingerprint => sha256(body::bytea)) AS r
$$;

CREATE FUNCTION figures(OUT used bigint, OUT available bigint, OUT pins int) LANGUAGE sql AS $$
  SELECT l.used, l.available, l.pins FROM careforall.limits() l, present p
  WHERE l.kind = 'campaign_cap' AND l.id = p.campaign
$$;

CREATE FUNCTION held() RETURNS bigint LANGUAGE sql AS $$
  SELECT coalesce(sum(g.held_minor), 0)::bigint FROM careforall.pledges g, present p WHERE g.campaign_id = p.campaign
$$;

CREATE FUNCTION violations() RETURNS text LANGUAGE sql AS $$
  SELECT coalesce(string_agg(v.name, ' '), 'none') FROM careforall.verify() v WHERE v.violations > 0
$$;
