-- SPDX-License-Identifier: Apache-2.0
-- Goal: erasing a donor leaves nothing that names them in any table, and the books as
-- they were. Method: a donor with telling words in every place; then every table of the
-- schema is searched as text.
\ir setup.psql
SELECT plan(31);

SELECT pg_temp.new_campaign('erase') AS campaign \gset
SELECT pg_temp.new_pledge(:'campaign', 1000, 'name_amount_message', 'Tellingname', 'tellingbox@hiddenhost.org', 'Tellingwords') AS kept \gset
SELECT pg_temp.new_pledge(:'campaign', 2000, 'name', 'Tellingname', 'TellingBox@hiddenhost.org', 'Tellingwords') AS other \gset
SELECT pg_temp.new_pledge(:'campaign', 4000, 'name_amount_message', 'Somebodyelse', 'else@elsewhere.org', 'Otherwords') AS stranger \gset
INSERT INTO careforall.accounts (email, name, password_hash)
VALUES ('tellingbox@hiddenhost.org', 'Tellingname', '$argon2id$v=19$tellinghash') RETURNING id AS account \gset
INSERT INTO careforall.sessions (account_id, user_agent, expires_at, ends_at)
VALUES (:'account', 'Tellingbrowser', now() + interval '1 day', now() + interval '1 day');

SELECT throws_ok($$SELECT * FROM careforall.donor_erase('tellingbox@hiddenhost.org', 'asked by mail', false)$$, 'PL002',
  'cannot erase the donor: 2 of their pledges have money under way', 'not while something is pending');
SELECT pg_temp.pay(:'kept') \g /dev/null
SELECT pg_temp.pay(:'stranger') \g /dev/null
SELECT careforall.pledge_apply(:'other', 'cancel') \g /dev/null
UPDATE careforall.inbox SET payload = '{"billing":"Tellingname"}' WHERE pledge_id = :'kept';
INSERT INTO careforall.refund_requests (pledge_id, campaign_id, message) VALUES (:'kept', :'campaign', 'Tellingwords');
INSERT INTO careforall.news_consents (pledge_id, event, campaign_id, text_version, language, via) VALUES (:'kept', 'given', :'campaign', '1', 'en', 'gift');
INSERT INTO careforall.payment_dead_letters (kind, target_id, pledge_id, attempts, code, message)
VALUES ('refund', :'kept', :'kept', 3, 'card_gone', 'no card of Tellingname');
INSERT INTO careforall.outbox_parked (outbox_id, event_id, xid, aggregate_type, aggregate_id, aggregate_version, campaign_id,
  type, data, occurred_at, recorded_at, consumer, reason)
SELECT id, event_id, xid, aggregate_type, aggregate_id, aggregate_version, campaign_id, type, data, occurred_at, recorded_at, 'relay', 'for a test'
FROM careforall.outbox WHERE aggregate_id = :'kept' AND type = 'pledge.confirmed';

INSERT INTO careforall.accounts (email, name, role, password_hash) VALUES ('files@example.org', 'F', 'admin', '$argon2id$v=19$x') RETURNING id AS exporter \gset
SELECT doc ->> 'id' AS made FROM careforall.task_create(:'exporter', jsonb_build_object('kind', 'pledge_export', 'campaign', :'campaign')) \gset
SELECT count(*) FROM careforall.task_step() \g /dev/null
SELECT doc ->> 'id' AS making FROM careforall.task_create(:'exporter', jsonb_build_object('kind', 'pledge_export', 'campaign', :'campaign')) \gset
SELECT matches(convert_from(data, 'UTF8'), 'tellingbox@', 'an exported file names the donor') FROM careforall.task_file_part(:'exporter', :'made', 0);
SELECT set_config('careforall.actor', '', true) \g /dev/null

SELECT throws_ok($$SELECT * FROM careforall.donor_erase('nobody@hiddenhost.org', 'asked by mail')$$, 'PL005', NULL, 'somebody unknown');
SELECT throws_ok($$SELECT * FROM careforall.donor_erase('tellingbox@hiddenhost.org', '')$$, '22023', NULL, 'a reason is needed');
UPDATE careforall.accounts SET role = 'owner' WHERE id = :'account';
SELECT throws_ok($$SELECT * FROM careforall.donor_erase('tellingbox@hiddenhost.org', 'asked by mail')$$, 'PL002',
  'cannot erase the account: it is an account of an owner', 'an owner is not erased');
UPDATE careforall.accounts SET role = 'donor' WHERE id = :'account';
INSERT INTO careforall.campaign_members (campaign_id, account_id, role) VALUES (:'campaign', :'account', 'viewer');
SELECT throws_ok($$SELECT * FROM careforall.donor_erase('tellingbox@hiddenhost.org', 'asked by mail')$$, 'PL002',
  'cannot erase the account: it is in the team of a campaign', 'nor a member of a team');
DELETE FROM careforall.campaign_members WHERE account_id = :'account';

-- Where the donor is named, by table; what only the outbox shows has been public.
CREATE FUNCTION pg_temp.named(word text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  place text;
  hit boolean;
BEGIN
  FOR place IN SELECT c.relname FROM pg_class c
    WHERE c.relnamespace = 'careforall'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1
  LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM careforall.%I t WHERE t::text ILIKE %L)', place, '%' || word || '%') INTO hit;
    IF hit THEN RETURN NEXT place; END IF;
  END LOOP;
END
$$;
SELECT set_eq($$SELECT pg_temp.named('telling')$$, ARRAY['accounts', 'inbox', 'outbox', 'outbox_parked', 'payment_dead_letters', 'pledges', 'refund_requests', 'sessions'], 'the donor is in all these');

CREATE TEMP TABLE books AS SELECT * FROM careforall.campaign_overview WHERE campaign_id = :'campaign';
CREATE TEMP TABLE paid AS SELECT id, amount_minor, state, refunded_minor, held_minor, created_at, payment_id FROM careforall.pledges WHERE campaign_id = :'campaign';
CREATE TEMP TABLE told AS SELECT coalesce(max(id), 0) AS id FROM careforall.outbox;

SELECT results_eq($$SELECT what, how_many FROM careforall.donor_erase('tellingbox@hiddenhost.org', 'asked by mail')$$,
  $$VALUES ('pledges', 2::bigint), ('requests for refunds', 1), ('consents to news', 1), ('provider events', 1), ('dead letters', 1), ('parked events', 1), ('waiting lists', 0), ('export files', 2), ('account', 1)$$, 'a dry run says what would go');
SELECT set_eq($$SELECT pg_temp.named('telling')$$, ARRAY['accounts', 'inbox', 'outbox', 'outbox_parked', 'payment_dead_letters', 'pledges', 'refund_requests', 'sessions'], 'and takes nothing');
SELECT is((SELECT count(*) FROM careforall.audit_log WHERE action = 'donor.erase'), 0::bigint, 'and is not audited');

SELECT results_eq($$SELECT what, how_many FROM careforall.donor_erase(' TELLINGBOX@hiddenhost.org ', 'asked by mail', false)$$,
  $$VALUES ('pledges', 2::bigint), ('requests for refunds', 1), ('consents to news', 1), ('provider events', 1), ('dead letters', 1), ('parked events', 1), ('waiting lists', 0), ('export files', 2), ('account', 1)$$, 'the same is erased, however the address is written');
SELECT throws_ok(format($$SELECT * FROM careforall.task_file(%L, %L)$$, :'exporter', :'made'), 'PL032', NULL, 'the file is gone');
SELECT results_eq(format($$SELECT state, error FROM careforall.tasks WHERE id = %L$$, :'making'),
  $$VALUES ('failed', 'a donor was erased meanwhile; export again')$$, 'the one that was being made is given up');
SELECT set_eq($$SELECT pg_temp.named('telling')$$, ARRAY['outbox'], 'only events that were public name the donor, until their retention is over');
SELECT results_eq(format($$SELECT state, data ->> 'display', data ->> 'name', data ->> 'message', data ->> 'state' FROM careforall.outbox_parked WHERE aggregate_id = %L$$, :'kept'),
  $$VALUES ('parked', 'none', NULL, NULL, 'confirmed')$$, 'a parked event is published without them');
SELECT is_empty(format($$SELECT data FROM careforall.outbox o, told t WHERE o.id > t.id AND o.data::text ILIKE '%%telling%%'$$), 'no new event does');
SELECT bag_eq($$SELECT type, aggregate_id FROM careforall.outbox o, told t WHERE o.id > t.id$$,
  format($$VALUES ('pledge.donor_erased', %L::uuid), ('pledge.donor_erased', %L)$$, :'kept', :'other'), 'each pledge tells the read model');
SELECT results_eq(format($$SELECT data ->> 'display', data ->> 'name', data ->> 'message', (data ->> 'show_amount')::boolean, data -> 'delta' ->> 'confirmed_minor'
    FROM careforall.outbox WHERE aggregate_id = %L ORDER BY id DESC LIMIT 1$$, :'kept'),
  $$VALUES ('none', NULL, NULL, false, '0')$$, 'with nothing to show and no change of money');
SELECT results_eq(format($$SELECT event, from_state, to_state FROM careforall.pledge_history WHERE pledge_id = %L ORDER BY version DESC LIMIT 1$$, :'kept'),
  $$VALUES ('donor_erase', 'confirmed', 'confirmed')$$, 'it stands in the history');
SELECT set_eq($$SELECT id, amount_minor, state, refunded_minor, held_minor, created_at, payment_id FROM careforall.pledges WHERE campaign_id = '$$ || :'campaign' || $$'$$,
  'SELECT * FROM paid', 'money, states and payments are as they were');
SELECT set_eq(format('SELECT * FROM careforall.campaign_overview WHERE campaign_id = %L', :'campaign'), 'SELECT * FROM books', 'so are the totals');
SELECT is_empty('SELECT * FROM careforall.verify() WHERE violations > 0', 'all invariants hold');
SELECT results_eq(format($$SELECT disabled_at IS NOT NULL, name, email FROM careforall.accounts WHERE id = %L$$, :'account'),
  format($$VALUES (true, 'erased', %L)$$, :'account' || '@erased.invalid'), 'the account can never log in');
SELECT is((SELECT donor_name || message FROM careforall.pledges WHERE id = :'stranger'), 'SomebodyelseOtherwords', 'others are as they were');
SELECT is((SELECT count(*) FROM careforall.audit_log WHERE action = 'donor.erase' AND reason = 'asked by mail' AND detail = '{"pledges": 2, "account": true}'), 1::bigint, 'it is audited, without a name');

SELECT throws_ok($$SELECT * FROM careforall.donor_erase('tellingbox@hiddenhost.org', 'asked by mail', false)$$, 'PL005', NULL, 'a second time there is nobody');
SELECT lives_ok($$SELECT * FROM careforall.donor_erase('erased@erased.invalid', 'to see what happens', false)$$, 'what is erased may be erased again');
SELECT is((SELECT version FROM careforall.pledges WHERE id = :'kept'), (SELECT max(version) FROM careforall.pledge_history WHERE pledge_id = :'kept' AND event = 'donor_erase'), 'which changes nothing');

-- By hand, past the function.
SELECT throws_ok(format($$UPDATE careforall.pledges SET donor_name = 'Another' WHERE id = %L$$, :'stranger'), 'PL002',
  'the donor of a pledge can only be erased', 'a donor is not replaced by another');
SELECT pg_temp.new_pledge(:'campaign', 1000, 'name', 'Tellingname', 'pending@hiddenhost.org') AS pending \gset
SELECT throws_ok(format($$UPDATE careforall.pledges SET donor_name = 'erased', display = 'none', message = '' WHERE id = %L$$, :'pending'), 'PL002',
  NULL, 'nor erased while the pledge is pending');
SELECT throws_ok(format($$SELECT careforall.pledge_apply(%L, 'donor_erase')$$, :'stranger'), '22023', NULL, 'and it is no event that can be sent');

SELECT finish();
ROLLBACK;
