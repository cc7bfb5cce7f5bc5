-- SPDX-License-Identifier: Apache-2.0
-- Goal: an account takes over the pledge of a guest with its private link, once and for
-- ever, and has then all that an account has of a pledge; nobody else gets at one.
-- Method: guests' and accounts' pledges claimed by the right and the wrong, with the link
-- and without; lists, rights and erasure afterwards.
\ir setup.psql
SELECT no_plan();

CREATE FUNCTION pg_temp.new_account(email text, role text DEFAULT 'donor') RETURNS uuid LANGUAGE sql AS $$
  SELECT a.account_id FROM careforall.account_add(email, 'Name', role,
    '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaA', '', sha256(email::bytea), 'pgTAP') a
$$;
SELECT pg_temp.new_account('mara@example.org') AS mara, pg_temp.new_account('other@example.org') AS other,
  pg_temp.new_account('owner@example.org', 'owner') AS owner \gset
SELECT pg_temp.new_campaign('claims') AS campaign \gset
UPDATE careforall.campaigns SET owner_id = :'owner' WHERE id = :'campaign';
SELECT pg_temp.new_pledge(:'campaign', 700, email => 'guest@example.org') AS guest \gset
SELECT pledge_id AS own FROM careforall.pledge_create(:'campaign', 800, 'EUR', 'Mara', 'mara@example.org', account_id => :'mara') \gset
SELECT pg_temp.new_pledge(:'campaign', 900, email => 'guest@example.org') AS second \gset
CREATE FUNCTION pg_temp.mine(actor text, state text DEFAULT NULL) RETURNS uuid[] LANGUAGE sql AS $$
  SELECT array_agg(m.id) FROM careforall.me_pledges(actor::uuid, state, NULL, 10) m
$$;
CREATE FUNCTION pg_temp.claiming(pledge text, by_link boolean, actor text) RETURNS text LANGUAGE sql AS $$
  SELECT format('SELECT careforall.pledge_claim(%L, %L, %L)', pledge, by_link, actor)
$$;

-- Who may not.
SELECT throws_ok(pg_temp.claiming(pledge, by_link, actor), code, NULL, what)
FROM (VALUES (:'guest', false, :'mara', 'PL005', 'without the link there is no such pledge'),
  (:'guest', false, :'owner', 'PL005', 'nor for those who run the campaign'),
  (:'guest', true, NULL, 'PL011', 'a guest has nowhere to put it'),
  (:'mara', true, :'mara', 'PL005', 'an unknown pledge'),
  (:'own', true, :'other', 'PL006', 'what an account has made stays there, link or not'),
  (:'own', false, :'other', 'PL005', 'and is not there without')) t (pledge, by_link, actor, code, what);
SELECT is((SELECT count(*) FROM careforall.pledge_claims), 0::bigint, 'nothing was claimed');

-- The donor.
SELECT is(doc ->> 'has_account', 'false', 'no account has it') FROM careforall.pledge_read(:'guest', true, NULL);
SELECT is(doc ->> 'has_account', 'true', 'with the link it is taken over') FROM careforall.pledge_claim(:'guest', true, :'mara');
SELECT lives_ok(pg_temp.claiming(:'guest', true, :'mara'), 'again');
SELECT lives_ok(pg_temp.claiming(:'guest', false, :'mara'), 'and without the link');
SELECT lives_ok(pg_temp.claiming(:'own', true, :'mara'), 'its own it has already');
SELECT throws_ok(pg_temp.claiming(:'guest', true, :'other'), 'PL006', NULL, 'nobody takes it from there');
SELECT results_eq('SELECT pledge_id, account_id FROM careforall.pledge_claims', format('VALUES (%L::uuid, %L::uuid)', :'guest', :'mara'), 'one claim');
SELECT results_eq($$SELECT target_id, detail FROM careforall.audit_log WHERE action = 'pledge.claim'$$,
  format($$VALUES (%L, '{"acts_for": "account:%s"}'::jsonb)$$, :'guest', :'mara'), 'and one entry of it');

-- What it has of it then.
SELECT is(pg_temp.mine(:'mara'), ARRAY[:'own', :'guest']::uuid[], 'both are in the list, the newest first');
SELECT is(pg_temp.mine(:'other'), NULL, 'and in no other');
SELECT is((SELECT array_agg(m.id) FROM careforall.me_pledges(:'mara', NULL, NULL, 1) m), ARRAY[:'own']::uuid[], 'page by page');
SELECT is((SELECT array_agg(m.id) FROM careforall.me_pledges(:'mara', NULL, :'own', 1) m), ARRAY[:'guest']::uuid[], 'to the end');
SELECT is((SELECT array_agg(m.id) FROM careforall.me_pledges(:'mara', NULL, :'guest', 1) m), NULL, 'and no further');
SELECT is(doc ->> 'id', :'guest', 'it opens without the link') FROM careforall.pledge_read(:'guest', false, :'mara');
SELECT is(doc ->> 'id', :'guest', 'and still with it') FROM careforall.pledge_read(:'guest', true, NULL);
SELECT throws_ok(format('SELECT careforall.pledge_read(%L, false, %L)', :'guest', :'other'), 'PL005', NULL, 'for others it is not there');
SELECT careforall.update_add(:'owner', :'campaign', '{"title": "T", "body": "B", "visibility": "backers"}') \g /dev/null
SELECT is((SELECT count(*) FROM careforall.update_list(:'mara', NULL, :'campaign', NULL, 9)), 0::bigint, 'a pending one shows no news for backers');
SELECT pg_temp.pay(:'guest') \g /dev/null
SELECT is((SELECT count(*) FROM careforall.update_list(:'mara', NULL, :'campaign', NULL, 9)), 1::bigint, 'a confirmed one does');
SELECT is((SELECT count(*) FROM careforall.update_list(:'other', NULL, :'campaign', NULL, 9)), 0::bigint, 'but to its account only');
SELECT is(pg_temp.mine(:'mara', 'confirmed'), ARRAY[:'guest']::uuid[], 'the list is narrowed by state');
SELECT is((SELECT doc #>> '{donor,account_id}' FROM careforall.admin_pledge_json(p) doc), :'mara', 'administrators see whose it is')
FROM careforall.pledges p WHERE p.id = :'guest';

-- Erasing the account erases what it has claimed, and nothing else of that address.
SELECT careforall.pledge_apply(:'own', 'cancel') \g /dev/null
SELECT is((SELECT how_many FROM careforall.donor_erase('mara@example.org', 'asked by mail', false) WHERE what = 'pledges'), 2::bigint, 'made and claimed ones');
SELECT results_eq($$SELECT id, donor_email FROM careforall.pledges WHERE amount_minor IN (700, 900) ORDER BY id$$,
  format($$VALUES (%L::uuid, 'erased@erased.invalid'), (%L::uuid, 'guest@example.org')$$, :'guest', :'second'), 'are erased');

SELECT is_empty('SELECT * FROM careforall.verify() WHERE violations > 0', 'all invariants hold');
SELECT finish();
ROLLBACK;
