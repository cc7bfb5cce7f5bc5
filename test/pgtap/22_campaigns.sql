-- SPDX-License-Identifier: Apache-2.0
-- Goal: campaigns can be run by functions alone, and refuse what makes no sense.
-- Method: every admin function through its good way, each refusal, and the audit
-- row and version of each change.
\ir setup.psql
SELECT plan(37);

SELECT careforall.campaign_create('shop', 'Shop', 'community', 'Owner', 'EUR', 100000, 'for a test', cap_minor => 50000) AS campaign \gset
SELECT is((SELECT state FROM careforall.campaigns WHERE slug = 'shop'), 'draft', 'a new campaign is a draft');
SELECT throws_ok($$SELECT careforall.campaign_create('shop', 'Shop', 'community', 'Owner', 'EUR', 1, 'same slug')$$, '23505', NULL, 'a slug is taken once');
SELECT throws_ok($$SELECT careforall.campaign_create('coin', 'Coin', 'community', 'Owner', 'XQX', 1, 'no such money')$$, '23514', NULL, 'the currency must exist');
SELECT throws_ok($$SELECT careforall.campaign_create('no-reason', 'No', 'community', 'Owner', 'EUR', 1, ' ')$$, '22023', NULL, 'a reason is required to create');

SELECT throws_ok(format($$SELECT careforall.campaign_%s('shop', 'wrong state')$$, f), 'PL002', NULL, 'a draft cannot ' || f)
FROM unnest(ARRAY['pause', 'resume', 'close']) f;
SELECT throws_ok($$SELECT careforall.campaign_publish('nowhere', 'no such campaign')$$, 'PL005', 'campaign "nowhere" does not exist', 'the campaign must exist');
SELECT throws_ok($$SELECT careforall.campaign_publish('shop', NULL)$$, '22023', NULL, 'a reason is required to publish');
SELECT is((SELECT state FROM careforall.campaign_publish('shop', 'ready to go')), 'active', 'publish');
SELECT throws_ok($$SELECT careforall.campaign_publish('shop', 'again')$$, 'PL002', 'cannot publish campaign "shop": it is active', 'publish once');
SELECT is((SELECT state FROM careforall.campaign_pause(:'campaign', 'by its id')), 'paused', 'pause, by id');
SELECT is((SELECT outcome FROM careforall.pledge_create(:'campaign', 1000, 'EUR', 'A', 'a@example.org')), 'campaign_paused', 'paused: no pledges');
SELECT is((SELECT state FROM careforall.campaign_resume('shop', 'all is well')), 'active', 'resume');
SELECT results_eq($$SELECT type FROM careforall.outbox WHERE aggregate_type = 'campaign' AND campaign_id = (SELECT id FROM careforall.campaigns WHERE slug = 'shop') ORDER BY id$$,
  ARRAY['campaign.created', 'campaign.published', 'campaign.paused', 'campaign.resumed'], 'each change has its event');
SELECT results_eq($$SELECT action FROM careforall.audit_log WHERE target_id = (SELECT id::text FROM careforall.campaigns WHERE slug = 'shop') ORDER BY id$$,
  ARRAY['campaign.create', 'campaign.publish', 'campaign.pause', 'campaign.resume'], 'each change has its audit row');

SELECT pg_temp.new_pledge(:'campaign', 30000) \g /dev/null
SELECT throws_ok($$SELECT careforall.campaign_cap_set('shop', 29999, 'too low')$$, 'PL007', 'cap of campaign "shop" cannot be lowered to 299.99 EUR', 'a cap below its use is refused');
SELECT results_eq($$SELECT cap_before, cap_after FROM careforall.campaign_cap_set('shop', 30000, 'no more')$$, $$VALUES ('500.00 EUR', '300.00 EUR')$$, 'a cap may be what is used');
SELECT is((SELECT outcome FROM careforall.pledge_create(:'campaign', 100, 'EUR', 'A', 'a@example.org')), 'limit_reached', 'and then nothing more fits');
SELECT is((SELECT cap_after FROM careforall.campaign_cap_set('shop', NULL, 'open end')), 'unlimited', 'NULL is unlimited');
SELECT is((SELECT outcome FROM careforall.pledge_create(:'campaign', 100, 'EUR', 'A', 'a@example.org')), 'created', 'and then it fits');
SELECT throws_ok($$SELECT careforall.campaign_cap_set('shop', -1, 'negative')$$, NULL, NULL, 'a negative cap is refused');

SELECT careforall.pool_create('shop', 'Seats', 4, 'for a test') AS pool \gset
SELECT careforall.reward_create('shop', 'Seat', 1000, 'for a test', quantity => 3, pool_id => :'pool') AS seat \gset
SELECT pg_temp.new_campaign('other') AS other \gset
SELECT throws_ok(format($$SELECT careforall.reward_create('other', 'Seat', 1000, 'foreign pool', pool_id => %L)$$, :'pool'), 'PL005', NULL, 'a pool of another campaign is refused');
SELECT pg_temp.new_pledge(:'campaign', 1000, reward => :'seat'), pg_temp.new_pledge(:'campaign', 1000, reward => :'seat') \g /dev/null
SELECT throws_ok(format($$SELECT careforall.reward_quantity_set(%L, 1, 'too low')$$, :'seat'), 'PL007', NULL, 'a quantity below its use is refused');
SELECT throws_ok(format($$SELECT careforall.pool_capacity_set(%L, 1, 'too low')$$, :'pool'), 'PL007', NULL, 'a pool below its use is refused');
SELECT version AS before FROM careforall.campaigns WHERE slug = 'shop' \gset
SELECT results_eq(format($$SELECT campaign_slug, reward, quantity_before, quantity_after FROM careforall.reward_quantity_set(%L, 2, 'that is all')$$, :'seat'),
  $$VALUES ('shop', 'Seat', '3', '2')$$, 'a quantity may be what is used');
SELECT is((SELECT version FROM careforall.campaigns WHERE slug = 'shop'), :before + 1::bigint, 'the campaign has a new version');
SELECT is((SELECT data #>> '{campaign,rewards,0,quantity}' FROM careforall.outbox WHERE type = 'campaign.updated' ORDER BY id DESC LIMIT 1), '2', 'and its event tells the new quantity');
SELECT is((SELECT outcome FROM careforall.pledge_create(:'campaign', 1000, 'EUR', 'A', 'a@example.org', :'seat')), 'limit_reached', 'no seat is left');
SELECT is((SELECT capacity_after FROM careforall.pool_capacity_set(:'pool', NULL, 'no limit')), 'unlimited', 'a pool without limit');
SELECT throws_ok($$SELECT careforall.reward_quantity_set('00000000-0000-7000-8000-000000000000', 1, 'no such reward')$$, 'PL005', NULL, 'the reward must exist');
SELECT throws_ok($$SELECT careforall.pool_capacity_set('00000000-0000-7000-8000-000000000000', 1, 'no such pool')$$, 'PL005', NULL, 'the pool must exist');

SELECT is((SELECT state FROM careforall.campaign_close('shop', 'all sold')), 'closed', 'close');
SELECT throws_ok($$SELECT careforall.campaign_resume('shop', 'open again')$$, 'PL002', NULL, 'closed is for ever');
SELECT throws_ok($$SELECT careforall.campaign_dates_set('shop', NULL, NULL, 'open again')$$, 'PL002', NULL, 'also by its dates');
SELECT careforall.campaign_create('over', 'Over', 'community', 'Owner', 'EUR', 100, 'for a test',
  starts_at => careforall.clock() - interval '2 days', ends_at => careforall.clock() - interval '1 day') \g /dev/null
SELECT throws_ok($$SELECT careforall.campaign_publish('over', 'too late')$$, 'PL003', NULL, 'a campaign that has ended cannot be published');

SELECT is_empty('SELECT * FROM careforall.verify() WHERE violations > 0', 'all invariants hold');
SELECT finish();
ROLLBACK;
