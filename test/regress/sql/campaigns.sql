-- SPDX-License-Identifier: Apache-2.0
-- Goal: the life cycle of campaigns, their versions and events.
-- Method: every pair of states; then changes that must and must not give an event.
CREATE FUNCTION t.campaign_in(n int, state text) RETURNS uuid LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO careforall.campaigns (id, slug, title, category, owner_name, currency, goal_minor)
  VALUES (t.id('c', n), 'campaign-' || n, 'Campaign', 'test', 'Ann', 'EUR', 1);
  IF state <> 'draft' THEN
    UPDATE careforall.campaigns SET state = 'active' WHERE id = t.id('c', n);
  END IF;
  IF state NOT IN ('draft', 'active') THEN
    EXECUTE format('UPDATE careforall.campaigns SET state = %L WHERE id = %L', state, t.id('c', n));
  END IF;
  RETURN t.id('c', n);
END $$;
SELECT f.state AS from_state, x.state AS to_state, t.try(format(
  'UPDATE careforall.campaigns SET state = %L WHERE id = %L', x.state, t.campaign_in((200 + fn * 10 + xn)::int, f.state)))
FROM unnest(ARRAY['draft', 'active', 'paused', 'closed', 'gone']) WITH ORDINALITY AS x (state, xn),
  unnest(ARRAY['draft', 'active', 'paused', 'closed']) WITH ORDINALITY AS f (state, fn)
ORDER BY fn, xn;
SELECT s.state, t.try(format($$INSERT INTO careforall.campaigns
  (slug, title, category, owner_name, currency, goal_minor, state)
  VALUES ('begin-%s', 'x', 'test', 'Ann', 'EUR', 1, %L)$$, s.state, s.state))
FROM unnest(ARRAY['draft', 'active', 'paused', 'closed']) AS s (state);

-- Versions: one for each statement that changes something, also in rewards and pools.
SELECT t.campaign(130, quantity => 5, capacity => 9) IS NOT NULL AS made;
INSERT INTO careforall.rewards (campaign_id, title, min_amount_minor)
SELECT t.id('c', 130), 'More ' || n, 100 FROM generate_series(1, 3) AS n;
UPDATE careforall.campaigns SET title = title WHERE id = t.id('c', 130);
UPDATE careforall.campaigns SET title = 'New' WHERE id = t.id('c', 130);
UPDATE careforall.rewards SET title = title WHERE campaign_id = t.id('c', 130);
UPDATE careforall.rewards SET description = 'text' WHERE campaign_id = t.id('c', 130);
UPDATE careforall.campaigns SET state = 'paused' WHERE id = t.id('c', 130);
UPDATE careforall.campaigns SET state = 'active' WHERE id = t.id('c', 130);
SELECT aggregate_version AS version, type, data ->> 'state' AS state,
  data #>> '{campaign,title}' AS title, json_array_length(data #> '{campaign,rewards}') AS rewards,
  data #>> '{campaign,pools,0,capacity}' AS capacity
FROM careforall.outbox WHERE aggregate_id = t.id('c', 130) ORDER BY id;

-- What must not change.
SELECT c.change, t.try(format('UPDATE careforall.campaigns SET %s WHERE id = %L', c.change, t.id('c', 130)))
FROM unnest(ARRAY['id = careforall.uuid7()', 'version = 99', 'created_at = ''2020-01-01''', 'currency = ''USD''',
  'refund_releases = false']) AS c (change);
SELECT t.try(format('UPDATE careforall.rewards SET campaign_id = %L WHERE id = %L', t.id('c', 120), t.id('a', 130)));
SELECT t.campaign_in(299, 'draft') IS NOT NULL AS made;
SELECT t.try(format('UPDATE careforall.campaigns SET currency = ''USD'' WHERE id = %L', t.id('c', 299)));

-- The static document has the members of the contract, in order.
SELECT string_agg(key, ' ' ORDER BY n) FROM json_object_keys(careforall.campaign_document(t.id('c', 130)))
  WITH ORDINALITY AS k (key, n);
SELECT careforall.campaign_document(careforall.uuid7()) IS NULL AS unknown_is_null;

-- Which pledges each state takes.
SELECT s.state, (careforall.pledge_create(t.campaign_in((290 + n)::int, s.state), 500, 'EUR', 'B', 'b@x.y')).outcome,
  t.try(format($$INSERT INTO careforall.pledges (campaign_id, amount_minor, currency, donor_name, donor_email)
    VALUES (%L, 500, 'EUR', 'B', 'b@x.y')$$, t.id('c', (290 + n)::int)))
FROM unnest(ARRAY['draft', 'active', 'paused', 'closed']) WITH ORDINALITY AS s (state, n);
