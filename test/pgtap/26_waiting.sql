-- SPDX-License-Identifier: Apache-2.0
-- Goal: who waits for a place is told a true place and nothing of others, can leave, is
-- seen and invited by those who run the campaign only, and goes without a trace; a reward
-- or pool can be closed at what is in use. Method: queues of a reward and of campaigns in
-- every state, the same address twice, the right and the wrong accounts and tokens.
\ir setup.psql
SELECT no_plan();

CREATE FUNCTION pg_temp.new_account(email text, role text DEFAULT 'donor') RETURNS uuid LANGUAGE sql AS $$
  SELECT a.account_id FROM careforall.account_add(email, 'Name', role,
    '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaA', '', sha256(email::bytea), 'pgTAP') a
$$;
CREATE FUNCTION pg_temp.try(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE statement;
  RETURN 'done';
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE;
END
$$;
SELECT pg_temp.new_account('mara@example.org') AS mara, pg_temp.new_account('other@example.org') AS other,
  pg_temp.new_account('owner@example.org', 'owner') AS owner, pg_temp.new_account('viewer@example.org') AS viewer \gset
SELECT pg_temp.new_campaign('queue', 10000) AS campaign, pg_temp.new_campaign('second') AS second \gset
UPDATE careforall.campaigns SET owner_id = :'owner' WHERE id IN (:'campaign', :'second');
SELECT careforall.team_add(:'owner', :'campaign', 'viewer@example.org', 'viewer') \g /dev/null
SELECT careforall.pool_create('queue', 'Seats', 5, 'for a test') AS pool \gset
SELECT careforall.reward_create('queue', 'Seat', 500, 'for a test', quantity => 1, pool_id => :'pool') AS seat \gset
SELECT careforall.reward_create('queue', 'Card', 500, 'for a test') AS card \gset
SELECT careforall.reward_create('second', 'Else', 500, 'for a test', quantity => 0) AS elsewhere \gset
CREATE FUNCTION pg_temp.joining(campaign text, reward text, email text, actor text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
  SELECT format('SELECT * FROM careforall.waiting_join(%L, %L, %L, %L, %L, %L)', actor, campaign, reward, 'Name of ' || email, email,
    '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01')
$$;

-- Where nobody has to wait, or cannot.
SELECT is(pg_temp.try(pg_temp.joining(campaign, reward, 'a@example.org')), code, what)
FROM (VALUES (:'campaign', :'seat', 'PL006', 'a place is free'),
  (:'campaign', NULL, 'PL006', 'the campaign has room'),
  (:'campaign', :'card', 'PL006', 'without a quantity there is always a place'),
  (:'campaign', :'elsewhere', 'PL005', 'a reward of another campaign'),
  (:'campaign', :'mara', 'PL005', 'an unknown reward'),
  (:'mara', NULL, 'PL005', 'an unknown campaign')) t (campaign, reward, code, what);
SELECT careforall.campaign_create('soon', 'Soon', 'community', 'Owner', 'EUR', 1000, 'for a test', starts_at => now() + interval '1 day') AS soon,
  careforall.campaign_create('draft', 'Draft', 'community', 'Owner', 'EUR', 1000, 'for a test') AS draft \gset
SELECT is(pg_temp.try(pg_temp.joining(:'draft', NULL, 'a@example.org')), 'PL005', 'a draft is not there');
SELECT careforall.campaign_publish('soon', 'for a test') \g /dev/null
SELECT is(pg_temp.try(pg_temp.joining(:'soon', NULL, 'a@example.org')), 'PL003', 'nobody waits before the start');
SELECT is((SELECT count(*) FROM careforall.waiting_entries), 0::bigint, 'nobody waits');

-- A reward that is sold out: the place told is that of the entry.
SELECT pg_temp.new_pledge(:'campaign', 700, reward => :'seat') AS pledge \gset
SELECT doc ->> 'id' AS first, doc ->> 'token' AS token, doc, location FROM careforall.waiting_join(NULL, :'campaign', :'seat', 'Anna', 'Anna@example.org', NULL) \gset
SELECT is(:'location', '/api/v1/waiting/' || :'first', 'the entry has an address');
SELECT matches(:'token'::text, '^[A-Za-z0-9_-]{43}$', 'a token like that of a pledge');
SELECT is((SELECT array_agg(k) FROM json_object_keys(:'doc') k), '{id,campaign,reward,state,position,is_free,joined_at,invited_at,token}'::text[], 'members of an entry, in order');
SELECT is(:'doc'::jsonb - '{id,token,joined_at}'::text[], format('{"campaign": {"id": "%s", "slug": "queue", "title": "Title of queue"},
  "reward": {"id": "%s", "title": "Seat"}, "state": "waiting", "position": 1, "is_free": false, "invited_at": null}', :'campaign', :'seat')::jsonb, 'and what they hold');
SELECT doc ->> 'id' AS second_entry FROM careforall.waiting_join(NULL, :'campaign', :'seat', 'Ben', 'ben@example.org', NULL) \gset
SELECT doc ->> 'id' AS again, doc ->> 'token' AS again_token, doc AS again_doc FROM careforall.waiting_join(NULL, :'campaign', :'seat', 'X', 'anna@EXAMPLE.org', NULL) \gset
SELECT doc AS fresh_doc FROM careforall.waiting_join(NULL, :'campaign', :'seat', 'Y', 'new@example.org', NULL) \gset
SELECT is(:'again_doc'::jsonb - '{id,token,joined_at,position}'::text[], :'fresh_doc'::jsonb - '{id,token,joined_at,position}'::text[], 'an address in the queue and one that is not are answered alike');
SELECT results_eq(format('SELECT %L::json ->> %L, %L::json ->> %L', :'again_doc', 'position', :'fresh_doc', 'position'), $$VALUES ('3', '4')$$, 'each at the end of the queue');
SELECT is((SELECT count(*) FROM careforall.waiting_entries WHERE token_hash = sha256(:'token'::bytea)), 1::bigint, 'only the hash of the token is kept');

-- The private link and the account.
SELECT is(doc ->> 'position', '1', 'the token opens the entry') FROM careforall.waiting_read(:'first', :'token', NULL);
SELECT is(doc ->> 'token', NULL, 'and is told once') FROM careforall.waiting_read(:'first', :'token', NULL);
SELECT is(pg_temp.try(format('SELECT careforall.%s(%L, %L, %L)', verb, entry, token, actor)), code, what || ': ' || verb)
FROM (VALUES (:'first', :'again_token', NULL, 'PL005', 'the token of another entry'),
  (:'first', 'x', NULL, 'PL005', 'no token at all'),
  (:'first', NULL, :'mara', 'PL005', 'an account that did not join'),
  (:'first', :'again_token', :'mara', 'PL005', 'an account does not make a wrong token good'),
  (:'mara', :'token', NULL, 'PL005', 'no such entry'),
  (:'first', NULL, NULL, 'PL011', 'neither')) t (entry, token, actor, code, what), unnest('{waiting_read,waiting_leave}'::text[]) verb;
SELECT doc ->> 'id' AS mine, COALESCE(status, 201) AS mine_status FROM careforall.waiting_join(:'mara', :'campaign', :'seat', 'Mara', 'mara@example.org', NULL) \gset
SELECT is(:mine_status, 201, 'an account joins as others do');
SELECT results_eq(format($$SELECT doc ->> 'id', doc ->> 'token', status FROM careforall.waiting_join(%L, %L, %L, 'M', 'm@example.org', NULL)$$, :'mara', :'campaign', :'seat'),
  format('VALUES (%L, NULL, 200)', :'mine'), 'and once');
SELECT is(doc ->> 'id', :'mine', 'it reads its entry') FROM careforall.waiting_read(:'mine', NULL, :'mara');

-- The team.
CREATE FUNCTION pg_temp.listed(actor text, campaign text, queue text DEFAULT NULL, state text DEFAULT NULL) RETURNS text[] LANGUAGE sql AS $$
  SELECT array_agg(l.doc ->> 'email' ORDER BY l.id) FROM careforall.waiting_list(actor::uuid, campaign::uuid, queue, state, NULL, 10) l
$$;
SELECT is(pg_temp.listed(:'owner', :'campaign'), '{Anna@example.org,ben@example.org,new@example.org,mara@example.org}', 'each address once, who came first comes first');
SELECT is(careforall.waiting_count(:'owner', :'campaign', NULL, NULL), 4::bigint, 'and counted once');
SELECT is(pg_temp.listed(:'viewer', :'campaign'), '{NULL,NULL,NULL,NULL}', 'who may only look sees no address');
SELECT is(pg_temp.listed(:'owner', :'campaign', 'campaign'), NULL, 'nobody waits for the campaign');
SELECT is(pg_temp.listed(:'owner', :'campaign', upper(:'seat'), 'waiting'), pg_temp.listed(:'owner', :'campaign'), 'all for the seat');
SELECT is(pg_temp.listed(:'owner', :'campaign', NULL, 'invited'), NULL, 'nobody is invited');
SELECT is((SELECT array_agg(l.id) FROM careforall.waiting_list(:'owner', :'campaign', NULL, NULL, :'first', 1) l), ARRAY[:'second_entry']::uuid[], 'page by page');
SELECT is(pg_temp.try(format(statement, actor)), code, what || ': ' || statement)
FROM (VALUES (:'mara', 'PL010', 'a donor'), (NULL, 'PL011', 'nobody')) t (actor, code, what),
  unnest(ARRAY[format('SELECT careforall.waiting_list(%%L, %L, NULL, NULL, NULL, 1)', :'campaign'),
    format('SELECT careforall.waiting_count(%%L, %L, NULL, NULL)', :'campaign'),
    format('SELECT careforall.campaign_places(%%L, %L)', :'campaign'),
    format('SELECT careforall.waiting_export_begin(%%L, %L, %L, NULL)', :'campaign', 'csv'),
    format('SELECT careforall.waiting_export_page(%%L, %L, %L, NULL, NULL, NULL, 1)', :'campaign', 'csv'),
    format('SELECT careforall.waiting_invite_for(%%L, %L, %L)', :'campaign', :'first'),
    format('SELECT careforall.waiting_remove_for(%%L, %L, %L)', :'campaign', :'first')]) statement;
SELECT is(pg_temp.try(format('SELECT careforall.%s(%L, %L, %L)', verb, actor, campaign, entry)), code, what || ': ' || verb)
FROM (VALUES (:'viewer', :'campaign', :'first', 'PL010', 'who may only look'),
  (:'owner', :'second', :'first', 'PL005', 'an entry of another campaign'),
  (:'owner', :'campaign', :'owner', 'PL005', 'no entry')) t (actor, campaign, entry, code, what), unnest('{waiting_invite_for,waiting_remove_for}'::text[]) verb;

-- A place comes free, somebody is invited and gives.
SELECT is(doc #>> '{rewards,0,is_free}', 'false', 'no place is free') FROM careforall.campaign_places(:'viewer', :'campaign');
SELECT careforall.pledge_apply(:'pledge', 'cancel') \g /dev/null
SELECT is(doc::jsonb #> '{rewards,0}', format('{"id": "%s", "name": "Seat", "capacity": 1, "held": 0, "taken": 0, "free": 1, "remaining": 1, "waiting": 4, "invited": 0, "is_free": true}', :'seat')::jsonb,
  'the place that was given back is free') FROM careforall.campaign_places(:'viewer', :'campaign');
SELECT is(doc ->> 'is_free', 'true', 'as who waits sees, too') FROM careforall.waiting_read(:'first', :'token', NULL);
SELECT is(doc ->> 'state', 'invited', 'the first is invited') FROM careforall.waiting_invite_for(:'owner', :'campaign', :'first');
SELECT lives_ok(format('SELECT careforall.waiting_invite_for(%L, %L, %L)', :'owner', :'campaign', :'first'), 'again');
SELECT results_eq(format('SELECT doc ->> %L, doc ->> %L FROM careforall.waiting_read(%L, %L, NULL)', 'state', 'position', :'first', :'token'), $$VALUES ('invited', NULL)$$, 'and sees it');
SELECT results_eq(format('SELECT doc ->> %L, doc ->> %L FROM careforall.waiting_read(%L, %L, NULL)', 'state', 'position', :'again', :'again_token'), $$VALUES ('waiting', '2')$$, 'who used the same address later does not');
SELECT is(pg_temp.listed(:'owner', :'campaign', NULL, 'invited'), '{Anna@example.org}', 'listed as invited');
SELECT pg_temp.new_pledge(:'campaign', 700, email => 'anna@example.org', reward => :'seat') AS given \gset
SELECT is(pg_temp.try(format($$SELECT careforall.waiting_invite(%L, 'x')$$, :'second_entry')), '22023', 'by hand a reason is needed');
SELECT is(state, 'invited', 'by hand as well') FROM careforall.waiting_invite(:'second_entry', 'they called');
SELECT results_eq(format('SELECT doc ->> %L, doc ->> %L FROM careforall.waiting_list(%L, %L, NULL, NULL, NULL, 2)', 'email', 'has_given', :'owner', :'campaign'),
  $$VALUES ('Anna@example.org', 'true'), ('ben@example.org', 'false')$$, 'who has given is marked');
SELECT is((SELECT array_agg(target_id || ' ' || reason ORDER BY id) FROM careforall.audit_log WHERE action = 'waiting.invite'),
  ARRAY[:'first' || ' invited through the API', :'second_entry' || ' they called'], 'each once in the audit log');

-- Addresses by hand: masked, or with a reason.
SELECT results_eq('SELECT email, position, is_repeat FROM careforall.waiting_overview ORDER BY entry_id LIMIT 3',
  $$VALUES ('A***@e***.org', NULL::bigint, false), ('b***@e***.org', NULL, false), ('a***@E***.org', 1, true)$$, 'the view masks');
SELECT is(pg_temp.try(format($$SELECT careforall.waiting_reveal(%L, '')$$, :'first')), '22023', 'no address without a reason');
SELECT is(pg_temp.try(format($$SELECT careforall.waiting_reveal(%L, 'because')$$, :'owner')), 'PL005', 'nor of nobody');
SELECT results_eq(format($$SELECT person_name, email FROM careforall.waiting_reveal(%L, 'to write')$$, :'first'), $$VALUES ('Anna', 'Anna@example.org')$$, 'with one');
SELECT is((SELECT count(*) FROM careforall.audit_log WHERE action = 'waiting.reveal' AND reason = 'to write'), 1::bigint, 'and noted');

-- Leaving and removing.
SELECT lives_ok(format('SELECT careforall.waiting_leave(%L, %L, NULL)', :'first', :'token'), 'the first leaves');
SELECT is(pg_temp.try(format('SELECT careforall.waiting_read(%L, %L, NULL)', :'first', :'token')), 'PL005', 'and is not there any more');
SELECT is(pg_temp.listed(:'owner', :'campaign'), '{ben@example.org,anna@EXAMPLE.org,new@example.org,mara@example.org}', 'the later entry of the address is listed then');
SELECT careforall.waiting_join(NULL, :'campaign', :'seat', 'Z', 'Anna@example.org', NULL) \g /dev/null
SELECT results_eq(format($$SELECT removed, result FROM careforall.waiting_remove(%L, 'asked to', true)$$, :'again'), $$VALUES (2::bigint, 'dry run: nothing changed')$$, 'removing can be tried');
SELECT is((SELECT count(*) FROM careforall.waiting_entries WHERE lower(email) = 'anna@example.org'), 2::bigint, 'which removes nothing');
SELECT is(removed, 2::bigint, 'removing takes all of the address') FROM careforall.waiting_remove(:'again', 'asked to');
SELECT is((SELECT detail ->> 'entries' FROM careforall.audit_log WHERE action = 'waiting.remove'), '2', 'as the log says');
SELECT lives_ok(format('SELECT careforall.waiting_remove_for(%L, %L, %L)', :'owner', :'campaign', :'second_entry'), 'the team removes');
SELECT lives_ok(format('SELECT careforall.waiting_leave(%L, NULL, %L)', :'mine', :'mara'), 'an account leaves');
SELECT is(pg_temp.listed(:'owner', :'campaign'), '{new@example.org}', 'one is left');

-- The export is the list.
SELECT is(slug, 'queue', 'an export is named after its campaign') FROM careforall.waiting_export_begin(:'viewer', :'campaign', 'csv', '{}');
SELECT is((SELECT detail ->> 'with_emails' FROM careforall.audit_log WHERE action = 'waiting.export'), 'false', 'noted with what it shows');
SELECT results_eq(format($$SELECT state_now, has_given, reward, person_name, email FROM careforall.waiting_export_page(%L, %L, 'csv', NULL, NULL, NULL, 9)$$, :'owner', :'campaign'),
  $$VALUES ('waiting', 'false', 'Seat', 'Y', 'new@example.org')$$, 'columns of a file');

-- Events: one for each, without a hole, and without a word about the person.
SELECT results_eq(format('SELECT type, aggregate_version, data ->> %L, traceparent FROM careforall.outbox WHERE aggregate_id = %L ORDER BY id', 'is_repeat', entry), expected, what)
FROM (VALUES (:'first', $$VALUES ('waiting.joined', 1::bigint, 'false', NULL::text), ('waiting.invited', 2, 'false', NULL), ('waiting.left', 3, 'false', NULL)$$, 'joined, invited, left'),
  (:'again', $$VALUES ('waiting.joined', 1::bigint, 'true', NULL::text), ('waiting.left', 2, 'false', NULL)$$, 'a repeat is marked')) t (entry, expected, what);
SELECT is_empty($$SELECT FROM careforall.outbox WHERE aggregate_type = 'waiting' AND data::text ~* 'anna|ben|mara|example|name'$$, 'no personal data in events');

-- The campaign itself: when it is full, when it is paused, not when it is over.
SELECT pg_temp.new_pledge(:'campaign', 9250) AS big \gset
SELECT is(pg_temp.try(pg_temp.joining(:'campaign', NULL, 'full@example.org')), 'done', 'a full campaign is waited for');
SELECT is(pg_temp.try(pg_temp.joining(:'campaign', :'card', 'full@example.org')), 'done', 'and so is a reward that the cap has no room for');
SELECT is((SELECT traceparent FROM careforall.outbox WHERE type = 'waiting.joined' ORDER BY id DESC LIMIT 1), '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', 'the event has the trace of its request');
SELECT is(pg_temp.listed(:'owner', :'campaign', 'campaign'), '{full@example.org}', 'in a queue of its own');
SELECT is(doc #>> '{campaign,is_free}', 'false', 'full') FROM careforall.campaign_places(:'owner', :'campaign');
SELECT careforall.campaign_cap_set('queue', 20000, 'for a test') \g /dev/null
SELECT is(doc #>> '{campaign,is_free}', 'true', 'until the cap is raised') FROM careforall.campaign_places(:'owner', :'campaign');
SELECT careforall.campaign_pause('second', 'for a test') \g /dev/null
SELECT is(pg_temp.try(pg_temp.joining(:'second', NULL, 'paused@example.org')), 'done', 'a paused one is waited for');
SELECT careforall.campaign_close('second', 'for a test') \g /dev/null
SELECT throws_ok(pg_temp.joining(:'second', NULL, 'closed@example.org'), 'PL003', NULL, 'a closed one is not');

-- Closing.
SELECT results_eq(format($$SELECT reward, quantity_before, quantity_after, result FROM careforall.reward_close(%L, 'enough', true)$$, :'card'), $$VALUES ('Card', 'unlimited', '0', 'dry run: nothing changed')$$, 'tried only');
SELECT is((SELECT quantity FROM careforall.rewards WHERE id = :'card'), NULL, 'nothing changed');
SELECT pg_temp.new_pledge(:'campaign', 700, reward => :'card') \g /dev/null
SELECT is(quantity_after, '1', 'a reward is closed at what is in use') FROM careforall.reward_close(:'card', 'enough');
SELECT is((SELECT p.outcome FROM careforall.pledge_create(:'campaign', 700, 'EUR', 'N', 'n@example.org', :'card') p), 'limit_reached', 'nobody gets one more');
SELECT is(capacity_after, '1', 'and a pool') FROM careforall.pool_close(:'pool', 'enough');
SELECT is(pg_temp.try(format($$SELECT careforall.pool_close(%L, 'enough')$$, :'seat')), 'PL005', 'a reward is no pool');
SELECT is(pg_temp.try(format($$SELECT careforall.reward_close(%L, 'no')$$, :'card')), '22023', 'by hand a reason is needed');
SELECT careforall.reward_quantity_set(:'card', 9, 'for a test') \g /dev/null
SELECT is(pg_temp.try(format('SELECT careforall.reward_close_for(%L, %L, %L)', actor, :'campaign', reward)), code, what)
FROM (VALUES (:'viewer', :'card', 'PL010', 'who may only look closes nothing'), (:'owner', :'elsewhere', 'PL005', 'nor a reward of another campaign')) t (actor, reward, code, what);
SELECT is(doc ->> 'quantity', '1', 'the team closes') FROM careforall.reward_close_for(:'owner', :'campaign', :'card');
SELECT is(doc ->> 'capacity', '1', 'a pool as well') FROM careforall.pool_close_for(:'owner', :'campaign', :'pool');
SELECT is((SELECT count(*) FROM careforall.audit_log WHERE action IN ('reward.close', 'pool.close')), 4::bigint, 'all of it is in the audit log');

-- Erasing a person takes them off every list.
SELECT is(how_many, 2::bigint, 'an erasure counts entries') FROM careforall.donor_erase('FULL@example.org', 'asked by mail') WHERE what = 'waiting lists';
SELECT is((SELECT count(*) FROM careforall.waiting_entries WHERE email = 'full@example.org'), 2::bigint, 'which a dry run leaves');
SELECT careforall.donor_erase('FULL@example.org', 'asked by mail', false) \g /dev/null
SELECT is((SELECT count(*) FROM careforall.waiting_entries WHERE email = 'full@example.org'), 0::bigint, 'and takes them off');

SELECT is_empty('SELECT * FROM careforall.verify() WHERE violations > 0', 'all invariants hold');
SELECT finish();
ROLLBACK;
