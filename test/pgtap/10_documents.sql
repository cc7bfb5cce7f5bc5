-- SPDX-License-Identifier: Apache-2.0
-- Goal: the public documents have exactly the members of the API, in order, with
-- right figures, and hide what the donor hides. Method: pledges in every state on
-- one campaign; each figure compared with a recount.
\ir setup.psql
SELECT plan(46);

SELECT pg_temp.new_campaign('doc', 500000) AS campaign \gset
SELECT careforall.pool_create('doc', 'Seats', 3, 'for a test') AS pool \gset
SELECT careforall.reward_create('doc', 'Seat', 2000, 'for a test', quantity => 10, pool_id => :'pool') AS seat \gset
SELECT careforall.reward_create('doc', 'Card', 500, 'for a test') AS card \gset
SELECT careforall.reward_create('doc', 'Box', 3000, 'for a test', quantity => 5) AS box \gset

SELECT pg_temp.new_pledge(:'campaign', 2500, 'name_amount_message', 'Priya', 'priya@example.org', 'Hello', :'seat') AS open \gset
SELECT pg_temp.new_pledge(:'campaign', 3100, 'name_message', 'Jonas', 'jonas@example.org', 'Good luck', :'box') AS nomoney \gset
SELECT pg_temp.new_pledge(:'campaign', 700, 'name', 'Mateo', 'mateo@example.org', 'Hidden words', :'card') AS nameonly \gset
SELECT pg_temp.new_pledge(:'campaign', 900, 'none', 'Leila', 'leila@example.org', 'Hidden words') AS nothing \gset
SELECT pg_temp.new_pledge(:'campaign', 4000, 'name_amount_message', 'Pending', 'pending@example.org', 'not yet', :'seat') AS pending \gset
SELECT pg_temp.new_pledge(:'campaign', 5000, 'name_amount_message', 'Failing', 'failing@example.org', 'never', :'seat') AS failing \gset
SELECT pg_temp.pay(:'open'), pg_temp.pay(:'nomoney'), pg_temp.pay(:'nameonly'), pg_temp.pay(:'nothing') \g /dev/null
SELECT outcome FROM careforall.pledge_apply(:'failing', 'payment_failed', 'card_declined') \g /dev/null

CREATE FUNCTION pg_temp.members(doc json) RETURNS text[] LANGUAGE sql AS $$
  SELECT array_agg(k) FROM json_object_keys(doc) k
$$;
SELECT careforall.campaign_public(:'campaign') AS doc \gset
SELECT is(pg_temp.members(:'doc'), '{id,slug,title,summary,story,category,image,owner,state,currency,goal,cap,min_pledge,max_pledge,starts_at,ends_at,archived_at,news_offered,version,totals,rewards,created_at,updated_at}'::text[],
  'members of a campaign, in order');
SELECT is(pg_temp.members(:'doc'::json -> 'totals'),
  '{raised,confirmed_count,pending,pending_count,sequence}'::text[], 'members of totals, in order');
SELECT is(pg_temp.members(:'doc'::json -> 'rewards' -> 0),
  '{id,title,description,min_amount,quantity,remaining,pool_id}'::text[], 'members of a reward, in order');
SELECT is(:'doc'::jsonb -> 'goal', '{"amount": 100000, "currency": "EUR"}', 'money is amount and currency');
SELECT is(:'doc'::jsonb -> 'max_pledge', 'null', 'no upper bound is null');
SELECT is(:'doc'::jsonb -> 'image', 'null', 'no image is null');
SELECT matches(:'doc'::jsonb ->> 'created_at', '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$', 'times have milliseconds and Z');
SELECT is(:'doc'::jsonb -> 'totals' -> 'raised' ->> 'amount', (2500 + 3100 + 700 + 900)::text, 'raised counts confirmed pledges');
SELECT is(:'doc'::jsonb -> 'totals' ->> 'confirmed_count', '4', 'count of confirmed pledges');
SELECT is(:'doc'::jsonb -> 'totals' -> 'pending' ->> 'amount', '4000', 'pending counts pending pledges');
SELECT is(:'doc'::jsonb -> 'totals' ->> 'pending_count', '1', 'count of pending pledges');
SELECT is(:'doc'::jsonb -> 'totals' -> 'sequence', 'null', 'no sequence from PostgreSQL');
SELECT is((:'doc'::jsonb -> 'rewards' -> 0 ->> 'remaining')::integer, 1, 'remaining takes the pool into account');
SELECT is((:'doc'::jsonb -> 'rewards' -> 1 -> 'remaining'), 'null', 'unlimited remains null');
SELECT is((:'doc'::jsonb -> 'rewards' -> 2 ->> 'remaining')::integer, 4, 'remaining of a reward without pool');
SELECT is(:'doc'::jsonb -> 'rewards' -> 0 ->> 'title', 'Seat', 'rewards stand in their order');

SELECT careforall.totals_fold() \g /dev/null
SELECT is(careforall.campaign_public(:'campaign') ::jsonb -> 'totals', :'doc'::jsonb -> 'totals', 'folding changes no figure');
SELECT outcome FROM careforall.pledge_apply(:'nomoney', 'refund', 'test', 1100) \g /dev/null
SELECT is(careforall.campaign_public(:'campaign') ::jsonb #>> '{totals,raised,amount}', '6100', 'a refund in part lowers raised');
SELECT is(careforall.campaign_public(:'campaign') ::jsonb #>> '{totals,confirmed_count}', '4', 'a refund in part keeps the count');
SELECT is((SELECT f.doc FROM careforall.campaign_find('doc') f), careforall.campaign_public(:'campaign')::text, 'found by slug, the same bytes');
SELECT is((SELECT f.id FROM careforall.campaign_find(:'campaign') f), :'campaign'::uuid, 'found by id');
SELECT is((SELECT f.id FROM careforall.campaign_find(upper(:'campaign')) f), :'campaign'::uuid, 'found by id in capitals');
SELECT is_empty($$SELECT * FROM careforall.campaign_find('no-such-campaign')$$, 'unknown slug: no row');
SELECT is_empty($$SELECT * FROM careforall.campaign_find('%')$$, 'a pattern is no slug');
SELECT f.etag FROM careforall.campaign_find('doc') f \gset
SELECT matches(:'etag'::text, '^"\d+-p[0-9a-f]{16}"$', 'the entity tag is strong and has its quotes');
SELECT is((SELECT f.etag FROM careforall.campaign_find('doc') f), :'etag', 'the same state has the same tag');
SELECT pg_temp.new_pledge(:'campaign', 600) \g /dev/null
SELECT isnt((SELECT f.etag FROM careforall.campaign_find('doc') f), :'etag', 'a pledge changes the tag');

SELECT careforall.campaign_create('hidden', 'Hidden', 'community', 'Owner', 'JPY', 5000, 'for a test') AS draft \gset
SELECT is(careforall.campaign_public(:'draft')::text, NULL, 'a draft has no public document');
SELECT is_empty($$SELECT * FROM careforall.campaign_find('hidden')$$, 'a draft is not found');
SELECT is_empty($$SELECT * FROM careforall.campaign_list(NULL, NULL, 100) l WHERE l.doc::jsonb ->> 'slug' = 'hidden'$$, 'a draft is not listed');
SELECT results_eq($$SELECT min_pledge_minor FROM careforall.campaigns WHERE slug IN ('hidden', 'doc') ORDER BY slug$$,
  ARRAY[100::bigint, 1], 'the smallest pledge is one major unit of the currency');

SELECT pg_temp.new_campaign('page-' || n) FROM generate_series(1, 5) n \g /dev/null
UPDATE careforall.campaigns SET title = title WHERE false;
CREATE TEMPORARY TABLE walked AS
WITH RECURSIVE walk AS (
  SELECT 1 AS n, l.id, l.created_at FROM (SELECT * FROM careforall.campaign_list(NULL, NULL, 1)) l
  UNION ALL
  SELECT w.n + 1, l.id, l.created_at FROM walk w, LATERAL careforall.campaign_list(w.created_at, w.id, 1) l
)
SELECT n, id FROM walk;
SELECT results_eq('SELECT id FROM walked ORDER BY n',
  $$SELECT id FROM careforall.campaigns WHERE state <> 'draft'
    ORDER BY date_trunc('milliseconds', created_at) DESC, id DESC$$, 'pages of one give each campaign once, newest first');
SELECT is((SELECT count(*) FROM careforall.campaign_list(NULL, NULL, 0)), 1::bigint, 'a page has at least one item');
SELECT cmp_ok((SELECT count(*) FROM careforall.campaign_list(NULL, NULL, 100000)), '<=', 100::bigint, 'a page has at most 100 items');

SELECT careforall.pledge_public(:'open') AS pledge \gset
SELECT is(pg_temp.members(:'pledge'), '{id,campaign,reward,quantity,amount,gift,fee,refunded,state,state_reason,cancel_requested_at,display,donor,message,news,has_account,version,hold_expires_at,created_at,updated_at,link_expires_at,refunds,refund_request,history}'::text[],
  'members of a pledge, in order');
SELECT is(pg_temp.members(:'pledge'::json -> 'history' -> 0), '{version,event,from,to,at,reason}'::text[], 'members of a history entry, in order');
SELECT is(:'pledge'::jsonb #>> '{history,-1,to}', 'confirmed', 'history is in order of version');
SELECT is(:'pledge'::jsonb -> 'donor', '{"name": "Priya"}', 'the donor sees the name and no e-mail address');
SELECT unalike(:'pledge'::text, '%example.org%', 'no e-mail address anywhere');
SELECT is(careforall.pledge_public(careforall.uuid7()), NULL, 'unknown pledge: NULL');

SELECT bag_eq(format($$SELECT gift::jsonb - 'id' - 'at' FROM careforall.campaign_gifts(%L, NULL, 10)$$, :'campaign'),
  $$VALUES ('{"name": "Priya", "amount": {"amount": 2500, "currency": "EUR"}, "message": "Hello"}'::jsonb),
           ('{"name": "Jonas", "amount": null, "message": "Good luck"}'),
           ('{"name": "Mateo", "amount": null, "message": null}'),
           ('{"name": null, "amount": null, "message": null}')$$,
  'gifts are the confirmed pledges, as their donors want them shown');
SELECT is((SELECT gift::jsonb ->> 'id' FROM careforall.campaign_gifts(:'campaign', NULL, 10) WHERE pledge_id = :'open'),
  left(encode(sha256(:'open'::bytea), 'hex'), 16), 'the id of a gift is a digest');
SELECT results_eq(format($$SELECT pledge_id FROM careforall.campaign_gifts(%L, %L, 10)$$, :'campaign', :'nameonly'),
  format($$VALUES (%L::uuid), (%L)$$, :'nomoney', :'open'), 'the cursor goes on with older gifts');
SELECT outcome FROM careforall.pledge_apply(:'nameonly', 'refund', 'test', 700) \g /dev/null
SELECT is((SELECT count(*) FROM careforall.campaign_gifts(:'campaign', NULL, 10)), 3::bigint, 'a wholly refunded gift leaves the feed');

SELECT careforall.reward_create('doc', 'Ticket', 100, 'for a test', quantity => 20000) AS ticket \gset
SELECT is(careforall.places_free('reward', careforall.uuid7(), 20000), 20000::bigint, 'a large capacity that is not loaded is counted');
SELECT is((SELECT careforall.reward_remaining(r) FROM careforall.rewards r WHERE r.id = :'ticket'),
  (SELECT l.available FROM careforall.limits() l WHERE l.id = :'ticket'), 'of a loaded one the figure of shared memory is given');

SELECT finish();
ROLLBACK;
