-- SPDX-License-Identifier: Apache-2.0
-- Goal: donors, the people who run a campaign, and strangers each see and do with
-- pledges what is theirs. Method: one of each kind calls every function of the API.
\ir setup.psql
SELECT no_plan();

CREATE FUNCTION pg_temp.new_account(email text, role text DEFAULT 'donor') RETURNS uuid LANGUAGE sql AS $$
  SELECT a.account_id FROM careforall.account_add(email, 'Name', role,
    '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaA', '', sha256(email::bytea), 'pgTAP') a
$$;
SELECT pg_temp.new_account('donor@example.org') AS donor, pg_temp.new_account('owner@example.org', 'owner') AS owner,
  pg_temp.new_account('editor@example.org') AS editor, pg_temp.new_account('viewer@example.org') AS viewer,
  pg_temp.new_account('stranger@example.org', 'owner') AS stranger, pg_temp.new_account('admin@example.org', 'admin') AS admin \gset
SELECT pg_temp.new_campaign('team') AS campaign, pg_temp.new_campaign('other') AS other \gset
UPDATE careforall.campaigns SET owner_id = :'owner' WHERE id = :'campaign';
INSERT INTO careforall.campaign_members (campaign_id, account_id, role)
VALUES (:'campaign', :'editor', 'editor'), (:'campaign', :'viewer', 'viewer');

SELECT pledge_id AS pledge FROM careforall.pledge_create(:'campaign', 5180, 'EUR', 'Amina', 'amina@example.org',
  display => 'none', fee_minor => 180, account_id => :'donor') \gset
SELECT pg_temp.new_pledge(:'campaign', 700, name => 'Bert', email => 'bert@example.com') AS guest \gset
SELECT pg_temp.new_pledge(:'other', 900) AS elsewhere \gset
CREATE TEMP TABLE who (n serial, name text, id uuid);
INSERT INTO who (name, id) VALUES ('donor', :'donor'), ('owner', :'owner'), ('editor', :'editor'), ('viewer', :'viewer'),
  ('stranger', :'stranger'), ('admin', :'admin'), ('guest', NULL);
-- What a statement comes to: its first value, or the SQLSTATE.
CREATE FUNCTION pg_temp.try(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  value text;
BEGIN
  EXECUTE statement INTO value;
  RETURN value;
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE;
END $$;
CREATE FUNCTION pg_temp.all_try(statement text, VARIADIC args text[]) RETURNS text[] LANGUAGE sql AS $$
  SELECT array_agg(pg_temp.try(format(statement, VARIADIC w.id::text || args)) ORDER BY w.n) FROM who w
$$;

-- Reading one pledge.
SELECT is(pg_temp.all_try($$SELECT doc ->> 'id' FROM careforall.pledge_read(%2$L, false, %1$L)$$, :'pledge'),
  ARRAY[:'pledge', NULL, NULL, NULL, 'PL005', NULL, 'PL005'], 'only the account that pledged reads it, beside the link');
SELECT is(pg_temp.all_try($$SELECT doc ->> 'id' FROM careforall.pledge_read(%2$L, true, %1$L)$$, :'pledge'),
  array_fill(:'pledge'::text, ARRAY[7]), 'by the link anybody reads it');
SELECT is(pg_temp.try($$SELECT careforall.pledge_read(careforall.uuid7(), true, NULL)$$), 'PL005', 'an unknown pledge is not there');
SELECT is(pg_temp.try(format($$SELECT careforall.pledge_read(%L, true, careforall.uuid7())$$, :'pledge')), 'PL011', 'nor is an unknown account let by');
SELECT results_eq(format($$SELECT doc #>> '{amount,amount}', doc #>> '{gift,amount}', doc #>> '{fee,amount}', doc ->> 'refund_request',
    (doc -> 'refunds')::text FROM careforall.pledge_read(%L, true, NULL)$$, :'pledge'),
  $$VALUES ('5180', '5000', '180', NULL, '[]')$$, 'amount, gift and fee are shown');
SELECT unalike(doc::text, '%amina@%', 'the e-mail address is not') FROM careforall.pledge_read(:'pledge', true, NULL);

-- Own pledges.
SELECT results_eq(format($$SELECT id FROM careforall.me_pledges(%L, NULL, NULL, 10)$$, :'donor'), ARRAY[:'pledge'::uuid], 'the donor has one');
SELECT is_empty(format($$SELECT id FROM careforall.me_pledges(%L, 'confirmed', NULL, 10)$$, :'donor'), 'which is not confirmed');
SELECT is_empty(format($$SELECT id FROM careforall.me_pledges(%L, NULL, NULL, 10)$$, :'owner'), 'the owner has none');
SELECT is(pg_temp.try($$SELECT id FROM careforall.me_pledges(NULL, NULL, NULL, 10)$$), 'PL011', 'a guest has no list');
SELECT count(careforall.pledge_create(:'campaign', 500 + n, 'EUR', 'Cem', 'cem@example.org', account_id => :'viewer'))
FROM generate_series(1, 7) n \g /dev/null
CREATE TEMP TABLE walked AS
WITH RECURSIVE walk AS (
  SELECT 1 AS n, NULL::uuid AS id
  UNION ALL
  SELECT w.n + 1, (SELECT min(l.id::text)::uuid FROM careforall.me_pledges(:'viewer', NULL, w.id, 2) l) FROM walk w WHERE w.n = 1 OR w.id IS NOT NULL
)
SELECT * FROM walk;
SELECT is((SELECT count(*) FROM walked WHERE id IS NOT NULL), 4::bigint, 'a list of seven is walked in four pages of two');

-- The list of the campaign.
SELECT is(pg_temp.all_try($$SELECT count(*) FROM careforall.campaign_pledges(%1$L, %2$L, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 50)$$, :'campaign'),
  ARRAY['PL010', '9', '9', '9', 'PL010', '9', 'PL011'], 'the team and administrators list');
SELECT is(pg_temp.all_try($$SELECT doc #>> '{donor,email}' FROM careforall.campaign_pledges(%1$L, %2$L, NULL, NULL, NULL, NULL, NULL, 'bert', NULL, NULL, NULL, 50)$$, :'campaign'),
  ARRAY['PL010', 'bert@example.com', 'bert@example.com', NULL, 'PL010', 'bert@example.com', 'PL011'], 'a viewer sees no e-mail address');
SELECT is(pg_temp.all_try($$SELECT count(*) FROM careforall.campaign_pledges(%1$L, %2$L, NULL, NULL, NULL, NULL, NULL, 'EXAMPLE.COM', NULL, NULL, NULL, 50)$$, :'campaign'),
  ARRAY['PL010', '1', '1', '0', 'PL010', '1', 'PL011'], 'and cannot find out by searching for one');
CREATE FUNCTION pg_temp.found(campaign uuid, owner uuid, filters text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
  names text[];
BEGIN
  EXECUTE format('SELECT array_agg(doc #>> ''{donor,name}'' || '' '' || amount_minor) FROM careforall.campaign_pledges(actor => %L, campaign_id => %L, %s)',
    owner, campaign, filters) INTO names;
  RETURN names;
END $$;
CREATE FUNCTION pg_temp.filters(state text DEFAULT NULL, created_from text DEFAULT NULL, created_to text DEFAULT NULL, min text DEFAULT NULL,
  max text DEFAULT NULL, q text DEFAULT NULL, sort text DEFAULT NULL, before_minor text DEFAULT NULL, before_id text DEFAULT NULL, rows int DEFAULT 50)
RETURNS text LANGUAGE sql AS $$
  SELECT format('state => %L, created_from => %L, created_to => %L, min_minor => %L, max_minor => %L, q => %L, sort => %L, before_minor => %L, before_id => %L, max_rows => %L',
    state, created_from, created_to, min, max, q, sort, before_minor, before_id, rows) $$;
SELECT is(pg_temp.found(:'campaign', :'owner', pg_temp.filters(min => '503', max => '505')), '{Cem 505,Cem 504,Cem 503}', 'amounts from and to, newest first');
SELECT is(pg_temp.found(:'campaign', :'owner', pg_temp.filters(sort => 'amount', rows => 3)), '{Amina 5180,Bert 700,Cem 507}', 'largest first');
SELECT is(pg_temp.found(:'campaign', :'owner', pg_temp.filters(sort => 'amount', before_minor => '700', before_id => :'guest', rows => 2)), '{Cem 507,Cem 506}', 'and on from there');
SELECT is(pg_temp.found(:'campaign', :'owner', pg_temp.filters(q => left(:'guest', 36))), '{Bert 700}', 'by its reference');
SELECT is(pg_temp.found(:'campaign', :'owner', pg_temp.filters(q => '%')), NULL, 'a percent sign is only that');
SELECT is(pg_temp.found(:'campaign', :'owner', pg_temp.filters(state => 'confirmed')), NULL, 'by state');
SELECT is(pg_temp.found(:'campaign', :'owner', pg_temp.filters(created_to => created_at::text)), NULL, 'until before it was made') FROM careforall.pledges WHERE id = :'pledge';
SELECT is(pg_temp.found(:'campaign', :'owner', pg_temp.filters(created_from => created_at::text, q => 'amina')), '{Amina 5180}', 'from when it was made')
FROM careforall.pledges WHERE id = :'pledge';

-- Exports.
SELECT is(pg_temp.all_try($$SELECT slug FROM careforall.pledge_export_begin(%1$L, %2$L, 'csv', '{"q": "x"}')$$, :'campaign'),
  ARRAY['PL010', 'team', 'team', 'team', 'PL010', 'team', 'PL011'], 'who lists may export');
SELECT results_eq($$SELECT action, target_id, detail FROM careforall.audit_log WHERE action = 'pledges.export' ORDER BY id DESC LIMIT 1$$,
  format($$VALUES ('pledges.export', %L, jsonb_build_object('format', 'csv', 'filters', '{"q": "x"}'::jsonb, 'with_emails', true, 'acts_for', 'account:' || %L))$$,
    :'campaign', :'admin'), 'which is audited');
SELECT is(pg_temp.all_try($$SELECT array_agg(donor_email) FROM careforall.pledge_export_page(%1$L, %2$L, 'csv', NULL, NULL, NULL, NULL, NULL, 'bert', NULL, 500)$$, :'campaign'),
  ARRAY['PL010', '{bert@example.com}', '{bert@example.com}', '{NULL}', 'PL010', '{bert@example.com}', 'PL011'], 'a viewer exports no e-mail addresses');
SELECT is((SELECT concat_ws('|', doc, amount, gift, fee, refunded, currency, donor_name, state_now) FROM careforall.pledge_export_page(:'owner', :'campaign', 'csv', NULL, NULL, NULL, NULL, NULL, 'amina', NULL, 500)),
  '51.80|50.00|1.80|0.00|EUR|Amina|pending', 'amounts are decimal numbers in a table');
SELECT is((SELECT doc #>> '{gift,amount}' FROM careforall.pledge_export_page(:'owner', :'campaign', 'json', NULL, NULL, NULL, NULL, NULL, 'amina', NULL, 500)), '5000', 'and minor units in JSON');
SELECT is((SELECT array_agg(reference) FROM careforall.pledge_export_page(:'owner', :'campaign', 'csv', NULL, NULL, NULL, NULL, NULL, NULL, :'guest', 500)),
  ARRAY[:'pledge'], 'a page goes on before the last one');

-- By reward: the list and the export.
INSERT INTO careforall.rewards (campaign_id, title, min_amount_minor) VALUES (:'other', 'Seat', 100) RETURNING id AS seat \gset
INSERT INTO careforall.rewards (campaign_id, title, min_amount_minor) VALUES (:'other', 'Card', 100) RETURNING id AS card \gset
SELECT pg_temp.new_pledge(:'other', 901, reward => :'seat') AS seated \gset
SELECT results_eq(format($$SELECT r.n, l.id FROM (VALUES (1, %L::uuid), (2, %L), (3, %L)) r (n, id),
    careforall.campaign_pledges(%L, %L, NULL, NULL, NULL, NULL, NULL, NULL, %L, NULL, NULL, 50, r.id) l$$,
    :'seat', :'card', careforall.uuid7(), :'admin', :'other', s),
  format($$VALUES (1, %L::uuid)$$, :'seated'), 'by reward, ' || s)
FROM (VALUES ('newest'), ('amount')) v (s);
SELECT results_eq(format($$SELECT r.n, p.reference FROM (VALUES (1, %L::uuid), (2, %L)) r (n, id),
    careforall.pledge_export_page(%L, %L, 'csv', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 500, r.id) p$$, :'seat', :'card', :'admin', :'other'),
  format($$VALUES (1, %L)$$, :'seated'), 'the file too');

-- Cancelling.
SELECT is(pg_temp.all_try($$SELECT is_done FROM careforall.pledge_withdraw(%2$L, false, %1$L, NULL)$$, :'elsewhere'),
  ARRAY['PL005', 'PL005', 'PL005', 'PL005', 'PL005', NULL, 'PL005'], 'only the donor cancels');
SELECT is((SELECT is_done FROM careforall.pledge_withdraw(:'elsewhere', true, NULL, NULL)), true, 'by the link; without a payment it is over');
SELECT results_eq(format($$SELECT state, state_reason, version FROM careforall.pledges WHERE id = %L$$, :'elsewhere'), $$VALUES ('failed', 'canceled', 2::bigint)$$, 'the pledge is canceled');
SELECT is((SELECT is_done FROM careforall.pledge_withdraw(:'elsewhere', true, NULL, NULL)), true, 'again: the same');
SELECT is((SELECT actor FROM careforall.pledge_history WHERE pledge_id = :'elsewhere' AND version = 2), 'donor', 'once, by the donor');
SELECT careforall.payment_attach(:'pledge', 'stripe', 'pi_' || :'pledge') \g /dev/null
SELECT is((SELECT is_done FROM careforall.pledge_withdraw(:'pledge', false, :'donor', NULL)), false, 'with a payment under way it is asked for');
SELECT is((SELECT is_done FROM careforall.pledge_withdraw(:'pledge', true, NULL, NULL)), false, 'again: the same');
SELECT is((SELECT array_agg(event || ' ' || actor ORDER BY version) FROM careforall.pledge_history WHERE pledge_id = :'pledge' AND event LIKE 'cancel%'),
  ARRAY['cancel_request account:' || :'donor'], 'once, by the account');
SELECT is(pg_temp.pay(:'pledge'), 'applied', 'the payment was faster');
SELECT throws_ok(format($$SELECT careforall.pledge_withdraw(%L, true, NULL, NULL)$$, :'pledge'), 'PL002', 'The pledge is confirmed and can no longer be canceled.', 'too late');
SELECT is(pg_temp.all_try($$SELECT doc #>> '{amount,amount}' FROM careforall.refund_create(%1$L, %2$L, 100, 'EUR', 'as promised', sha256(('k' || %1$L)::bytea), sha256('f'))$$, :'pledge'),
  ARRAY['PL010', '100', '100', 'PL010', 'PL005', '100', 'PL005'], 'who may edit the campaign gives back');
SELECT results_eq(format($$SELECT requested_by, reason, state FROM careforall.refunds WHERE pledge_id = %L ORDER BY id LIMIT 1$$, :'pledge'),
  format($$VALUES ('account:%s', 'as promised', 'requested')$$, :'owner'), 'the refund names who asked for it');
SELECT is((SELECT count(*) FROM careforall.audit_log WHERE action = 'pledge.refund' AND target_id = :'pledge'), 3::bigint, 'each is audited');
SELECT is((SELECT array_agg(reason) FROM careforall.pledge_history WHERE pledge_id = :'pledge' AND event = 'refund_request'),
  array_fill('requested_by_campaign'::text, ARRAY[3]), 'the donor sees by whom, not why');
SELECT results_eq(format($$SELECT is_replay, doc #>> '{amount,amount}' FROM careforall.refund_create(%1$L, %2$L, 100, 'EUR', 'as promised', sha256(('k' || %1$L)::bytea), sha256('f'))$$, :'owner', :'pledge'),
  $$VALUES (true, '100')$$, 'the key again is the refund again');
SELECT is((SELECT count(*) FROM careforall.refunds WHERE pledge_id = :'pledge'), 3::bigint, 'and not one more');
SELECT throws_ok(format($$SELECT careforall.refund_create(%1$L, %2$L, 100, 'EUR', 'as promised', sha256(('k' || %1$L)::bytea), sha256('g'))$$, :'owner', :'pledge'),
  'PL004', NULL, 'the key for something else is refused');
SELECT is(pg_temp.try(format($$SELECT careforall.refund_create(%1$L, %2$L, %3$L, %4$L, 'as promised', sha256('new'), sha256('f'))$$, :'owner', :'pledge', v.amount, v.currency)),
  v.code, format('refused: %s %s', v.amount, v.currency))
FROM (VALUES (4881, 'EUR', 'PL008'), (0, 'EUR', 'PL008'), (-1, 'EUR', 'PL008'), (100, 'USD', 'PL013')) AS v (amount, currency, code);
SELECT is(pg_temp.try(format($$SELECT careforall.refund_create(%1$L, %2$L, NULL, NULL, 'as promised', sha256('new'), sha256('f'))$$, :'owner', :'guest')), 'PL002', 'nothing came in yet');
SELECT is(pg_temp.try(format($$SELECT careforall.refund_create(%1$L, careforall.uuid7(), NULL, NULL, 'as promised', sha256('new'), sha256('f'))$$, :'admin')), 'PL005', 'an unknown pledge');
SELECT is(pg_temp.all_try($$SELECT json_array_length(doc -> 'items') || coalesce(doc #>> '{items,0,reason}', '') FROM careforall.pledge_refunds(%2$L, false, %1$L)$$, :'pledge'),
  ARRAY['3', '3as promised', '3as promised', '3as promised', 'PL005', '3as promised', 'PL005'], 'the reason is for the team');
SELECT is((SELECT json_array_length(doc -> 'refunds') FROM careforall.pledge_read(:'pledge', true, NULL)), 3, 'the donor sees the refunds');

-- A donor asks for money back.
SELECT results_eq(format($$SELECT doc ->> 'state', status FROM careforall.refund_request_create(%L, true, NULL, 'Please give it back.')$$, :'pledge'),
  $$VALUES ('open', NULL::integer)$$, 'the donor asks');
SELECT results_eq(format($$SELECT doc ->> 'message', status FROM careforall.refund_request_create(%L, false, %L, 'And again.')$$, :'pledge', :'donor'),
  $$VALUES ('Please give it back.', 200)$$, 'to ask again gives what was asked');
SELECT is(pg_temp.try(format($$SELECT careforall.refund_request_create(%L, true, NULL, 'Now!')$$, :'guest')), 'PL002', 'what has not come in cannot be given back');
SELECT is(pg_temp.try(format($$SELECT careforall.refund_request_create(%L, false, %L, 'Mine?')$$, :'pledge', :'stranger')), 'PL005', 'others ask for nothing');
SELECT is(pg_temp.try(format($$SELECT doc FROM careforall.refund_request_create(%L, false, %L, 'Mine?')$$, :'pledge', :'owner')), NULL, 'nor does the owner');
SELECT id AS request FROM careforall.refund_requests WHERE pledge_id = :'pledge' \gset
SELECT is(pg_temp.all_try($$SELECT doc #>> '{request,message}' || (doc #>> '{pledge,donor,name}') FROM careforall.refund_request_list(%1$L, %2$L, 'open', NULL, 10)$$, :'campaign'),
  ARRAY['PL010', 'Please give it back.Amina', 'Please give it back.Amina', 'Please give it back.Amina', 'PL010', 'Please give it back.Amina', 'PL011'], 'the team sees it');
SELECT is(pg_temp.all_try($$SELECT count(*) || ' of ' || careforall.refund_request_count(%1$L, NULL, 'open') FROM careforall.refund_request_list(%1$L, NULL, 'open', NULL, 10)$$, ''),
  ARRAY['0 of 0', '1 of 1', '1 of 1', '1 of 1', '0 of 0', '1 of 1', 'PL011'], 'in the list of all campaigns too');
SELECT is(pg_temp.try(format($$SELECT careforall.refund_request_decide(%L, %L, 'accepted', 999999, 'EUR', '')$$, :'owner', :'request')), 'PL008', 'not more than is left');
SELECT is(pg_temp.all_try($$SELECT doc ->> 'state' FROM careforall.refund_request_decide(%1$L, %2$L, 'accepted', NULL, NULL, 'ok')$$, :'request'),
  ARRAY['PL005', 'accepted', 'accepted', 'PL010', 'PL005', 'accepted', 'PL011'], 'who may edit decides, once');
SELECT results_eq(format($$SELECT amount_minor, reason FROM careforall.refunds WHERE pledge_id = %L ORDER BY id DESC LIMIT 1$$, :'pledge'),
  $$VALUES (4880::bigint, 'ok (donor asked)')$$, 'all that was left is asked back');
SELECT is((SELECT count(*) FROM careforall.refunds WHERE pledge_id = :'pledge'), 4::bigint, 'in one refund');
SELECT is(pg_temp.try(format($$SELECT careforall.refund_request_decide(%L, %L, 'declined', NULL, NULL, '')$$, :'owner', :'request')), 'PL002', 'and it cannot be declined any more');
SELECT results_eq(format($$SELECT doc #>> '{refund_request,state}', doc #>> '{refund_request,note}' FROM careforall.pledge_read(%L, true, NULL)$$, :'pledge'),
  $$VALUES ('accepted', 'ok')$$, 'the donor sees the answer');
SELECT is(pg_temp.try(format($$SELECT careforall.refund_request_create(%L, true, NULL, 'More?')$$, :'pledge')), 'PL002', 'nothing is left to ask for');
SELECT is(pg_temp.pay(:'guest'), 'applied', 'another pledge');
CREATE FUNCTION pg_temp.ask_in_vain(pledge uuid, owner uuid) RETURNS text LANGUAGE sql AS $$
  SELECT careforall.refund_request_create(pledge, true, NULL, 'Please');
  SELECT doc ->> 'state' FROM careforall.refund_requests q, careforall.refund_request_decide(owner, q.id, 'declined', NULL, NULL, 'no')
  WHERE q.pledge_id = pledge AND q.state = 'open'
$$;
SELECT is(pg_temp.ask_in_vain(:'guest', :'owner'), 'declined', 'declined') FROM generate_series(1, 5) n;
SELECT is(pg_temp.try(format($$SELECT careforall.refund_request_create(%L, true, NULL, 'A sixth time')$$, :'guest')), 'PL006', 'at some point it is enough');
SELECT is((SELECT state FROM careforall.pledges WHERE id = :'guest'), 'confirmed', 'a declined request changes nothing');

-- The public feed.
SELECT is((SELECT count(*) FROM careforall.campaign_gifts(:'campaign', NULL, 10)), 2::bigint, 'two gifts have come in');
SELECT is((SELECT gift::json ->> 'name' FROM careforall.campaign_gifts(:'campaign', NULL, 10) WHERE pledge_id = :'pledge'), NULL, 'with the names that may be shown');
SELECT careforall.campaign_create('not-yet', 'Not yet', 'community', 'Owner', 'EUR', 5000, 'for a test') AS draft \gset
SELECT is(pg_temp.try(format('SELECT careforall.campaign_gifts(%L, NULL, 10)', c)), 'PL005', 'no feed of a campaign that is not public')
FROM (VALUES (:'draft'::uuid), (careforall.uuid7())) AS v (c);

SELECT lives_ok('SELECT * FROM careforall.projector_snapshot(NULL, NULL, NULL)', 'a draft does not stop the read model from being filled');

SELECT is_empty('SELECT * FROM careforall.verify() WHERE violations > 0', 'all invariants hold');
SELECT finish();
ROLLBACK;
