-- SPDX-License-Identifier: Apache-2.0
-- Goal: a receipt is issued for money that came, first as the original, then as a copy or
-- a replacement, to those who may have it, in their language and time zone; what was
-- issued stays on record. Method: each way to ask, by the right and the wrong, with
-- refunds in between; the rows by hand.
\ir setup.psql
SELECT no_plan();

CREATE FUNCTION pg_temp.new_account(email text, role text DEFAULT 'donor') RETURNS uuid LANGUAGE sql AS $$
  SELECT a.account_id FROM careforall.account_add(email, 'Name', role,
    '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaA', '', sha256(email::bytea), 'pgTAP') a
$$;
CREATE FUNCTION pg_temp.issue(pledge text, key text, by_link boolean DEFAULT true, actor text DEFAULT NULL,
  language text DEFAULT NULL, spoken text DEFAULT NULL, time_zone text DEFAULT NULL) RETURNS jsonb LANGUAGE sql AS $$
  SELECT i.doc::jsonb || jsonb_build_object('is_replay', i.is_replay) FROM careforall.receipt_issue(
    pledge::uuid, by_link, actor::uuid, language, spoken, time_zone, sha256(key::bytea)) i
$$;
CREATE FUNCTION pg_temp.give_back(pledge uuid, amount bigint, event text) RETURNS void LANGUAGE sql AS $$
  SELECT careforall.payment_event_apply('stripe', event, 'refund_succeeded', 'pi_' || pledge, pledge,
    (SELECT r.refund_id FROM careforall.pledge_refund(pledge, amount, 'for a test') r), amount, 'EUR', NULL, '{}', NULL)
$$;
SELECT pg_temp.new_account('owner@example.org', 'owner') AS owner, pg_temp.new_account('viewer@example.org') AS viewer,
  pg_temp.new_account('mara@example.org') AS mara, pg_temp.new_account('other@example.org') AS other, pg_temp.new_campaign('receipts') AS campaign \gset
UPDATE careforall.campaigns SET owner_id = :'owner' WHERE id = :'campaign';
INSERT INTO careforall.campaign_members (campaign_id, account_id, role) VALUES (:'campaign', :'viewer', 'viewer');
SELECT pg_temp.new_pledge(:'campaign', 10000, name => 'Ada') AS pledge, pg_temp.new_pledge(:'campaign', 500) AS failed, pg_temp.new_pledge(:'campaign', 700) AS german \gset

-- Not before the money, not for everybody.
SELECT throws_ok(format('SELECT pg_temp.issue(%L, ''k'')', :'pledge'), 'PL002', NULL, 'a pending pledge has none');
SELECT pg_temp.pay(:'pledge'), pg_temp.pay(:'german'), careforall.pledge_apply(:'failed', 'cancel') \g /dev/null
SELECT throws_ok(format('SELECT pg_temp.issue(%L, ''k'')', :'failed'), 'PL002', NULL, 'nor a failed one');
SELECT throws_ok(format('SELECT pg_temp.issue(%L, ''k'', false, %L)', pledge, actor), state, NULL, what)
FROM (VALUES (:'pledge', :'mara', 'PL005', 'not another donor'), (:'pledge', :'viewer', 'PL010', 'not who may only look'), (:'pledge', NULL, 'PL005', 'not nobody'),
  (careforall.uuid7()::text, :'owner', 'PL005', 'not of no pledge'), (:'pledge', careforall.uuid7()::text, 'PL011', 'not an account that is none')) t (pledge, actor, state, what);
SELECT throws_ok(format('SELECT pg_temp.issue(%L, ''k'', time_zone => %L)', :'pledge', zone), 'PL013', NULL, 'no time zone ' || zone)
FROM (VALUES ('Europe/Atlantis'), ('UTC+3'), ('CEST'), ('')) t (zone);
SELECT is_empty('SELECT * FROM careforall.receipts', 'and nothing was issued');

-- The original, its repetition, a copy.
SELECT careforall.clock_set('2026-07-01 22:30+00') \g /dev/null
SELECT pg_temp.issue(:'pledge', 'one', language => 'de', spoken => 'ar', time_zone => 'Europe/Berlin') AS one \gset
SELECT is(:'one'::jsonb - '{pledge_id,paid_at,campaign,reward,quantity,exponent}'::text[], '{"number": 1, "kind": "original", "language": "de", "time_zone": "Europe/Berlin",
  "issued_at": "2026-07-02T00:30+02:00", "before_at": null, "donor": "Ada", "currency": "EUR", "amount_minor": 10000, "fee_minor": 0, "refunded_minor": 0, "refunds": [], "is_replay": false}', 'the original');
SELECT is(pg_temp.issue(:'pledge', 'one', language => 'de', time_zone => 'Europe/Berlin'), :'one'::jsonb || '{"is_replay": true}', 'the same request is the same issue');
SELECT throws_ok(format('SELECT pg_temp.issue(%L, ''one'', language => ''en'')', :'pledge'), 'PL004', NULL, 'its key is for it alone');
SELECT is(pg_temp.issue(:'pledge', 'two') - '{issued_at,paid_at}'::text[] @> '{"number": 2, "kind": "copy", "before_at": "2026-07-02T00:30+02:00", "language": "de", "time_zone": "Europe/Berlin"}', true,
  'then a copy, in the language and time zone of before');

-- Given back in part: a replacement; then copies of that.
SELECT pg_temp.give_back(:'pledge', 4000, 'evt_back') \g /dev/null
SELECT pg_temp.issue(:'pledge', 'three', language => 'en', time_zone => 'Asia/Kathmandu') AS three \gset
SELECT is(:'three'::jsonb - '{pledge_id,paid_at,campaign,reward,quantity,exponent}'::text[], '{"number": 3, "kind": "replacement", "language": "en", "time_zone": "Asia/Kathmandu",
  "issued_at": "2026-07-02T04:15+05:45", "before_at": "2026-07-02T04:15+05:45", "donor": "Ada", "currency": "EUR", "amount_minor": 10000, "fee_minor": 0, "refunded_minor": 4000,
  "refunds": [{"amount_minor": 4000, "at": "2026-07-02T04:15+05:45"}], "is_replay": false}', 'what was given back makes a replacement');
SELECT is(pg_temp.issue(:'pledge', 'four', time_zone => 'America/St_Johns') - 'paid_at' @> '{"number": 4, "kind": "copy", "issued_at": "2026-07-01T20:00-02:30", "refunded_minor": 4000}', true, 'of which there are copies');
SELECT pg_temp.give_back(:'pledge', 6000, 'evt_rest') \g /dev/null
SELECT is(pg_temp.issue(:'pledge', 'five') @> '{"number": 5, "kind": "replacement", "refunded_minor": 10000}', true, 'all given back: it says so');
SELECT is(pg_temp.issue(:'pledge', 'three', language => 'en', time_zone => 'Asia/Kathmandu'), :'three'::jsonb || '{"is_replay": true}', 'an issue stays what it was');
SELECT careforall.clock_reset() \g /dev/null

-- Who else: the account that has the pledge, those who run the campaign.
SELECT careforall.pledge_claim(:'german', true, :'mara') \g /dev/null
INSERT INTO careforall.news_consents (pledge_id, event, campaign_id, text_version, language, via) VALUES (:'german', 'given', :'campaign', '1', 'ar-EG', 'gift');
SELECT is(pg_temp.issue(:'german', 'one', false, :'owner', spoken => 'de') @> '{"number": 1, "kind": "original", "language": "ar", "time_zone": "UTC"}', true, 'the owner, in the language of the donor''s consent');
SELECT is(pg_temp.issue(:'german', 'two', false, :'mara') @> '{"number": 2, "kind": "copy"}', true, 'the account');
SELECT is((SELECT array_agg(q.language ORDER BY q.place) FROM (VALUES (1, careforall.receipt_language(:'failed', NULL, 'de')), (2, careforall.receipt_language(:'failed', NULL, 'fr')),
  (3, careforall.receipt_language(:'failed', NULL, NULL)), (4, careforall.receipt_language(:'german', 'en', 'de'))) q (place, language)), '{de,en,en,en}', 'the language of the request, else English; the one asked for before all');
SELECT results_eq($$SELECT action, target_id, reason, detail->>'acts_for', detail->>'number' FROM careforall.audit_log WHERE action LIKE 'receipt%'$$,
  format($$VALUES ('receipt.issue', %L, 'issued for the donor', 'account:%s', '1')$$, :'german', :'owner'), 'only what others than the donor ask for is audited');

-- A link whose time is over issues nothing; an account goes on.
SELECT careforall.clock_set(clock_timestamp() + interval '3 years') \g /dev/null
SELECT throws_ok(format('SELECT pg_temp.issue(%L, ''late'')', :'german'), 'PL033', NULL, 'not by a link that has expired');
SELECT throws_ok(format('SELECT careforall.receipt_list(%L, true, NULL)', :'german'), 'PL033', NULL, 'which does not show them either');
SELECT is(pg_temp.issue(:'german', 'late', false, :'mara') @> '{"number": 3, "kind": "copy"}', true, 'but by the account');
SELECT careforall.clock_reset() \g /dev/null

-- What was issued, for those who may look.
SELECT is((SELECT jsonb_agg(i ->> 'kind') FROM jsonb_array_elements((SELECT doc::jsonb -> 'items' FROM careforall.receipt_list(:'pledge', true, NULL))) i),
  '["original", "copy", "replacement", "copy", "replacement"]', 'the donor sees all of it');
SELECT is((SELECT json_array_length(doc -> 'items') FROM careforall.receipt_list(:'pledge', false, :'viewer')), 5, 'and the team');
SELECT throws_ok(format('SELECT careforall.receipt_list(%L, false, %L)', :'pledge', :'other'), 'PL005', NULL, 'and nobody else');
SELECT bag_eq($$SELECT campaign, number, kind, via, language, amount, refunded, is_current FROM careforall.receipts_log$$,
  $$VALUES ('receipts', 1, 'original', 'link', 'de', '100.00 EUR', '0.00 EUR', false), ('receipts', 2, 'copy', 'link', 'de', '100.00 EUR', '0.00 EUR', false),
    ('receipts', 3, 'replacement', 'link', 'en', '100.00 EUR', '40.00 EUR', false), ('receipts', 4, 'copy', 'link', 'en', '100.00 EUR', '40.00 EUR', false),
    ('receipts', 5, 'replacement', 'link', 'en', '100.00 EUR', '100.00 EUR', true),
    ('receipts', 1, 'original', 'campaign', 'ar', '7.00 EUR', '0.00 EUR', true), ('receipts', 2, 'copy', 'account', 'ar', '7.00 EUR', '0.00 EUR', true), ('receipts', 3, 'copy', 'account', 'ar', '7.00 EUR', '0.00 EUR', true)$$, 'psql shows it');

-- Only added to, with an end; the record stays when the donor is erased.
SELECT throws_ok(format('UPDATE careforall.receipts SET language = ''en'' WHERE pledge_id = %L', :'pledge'), 'PL006', NULL, 'no row is changed');
SELECT throws_ok(format('DELETE FROM careforall.receipts WHERE pledge_id = %L', :'pledge'), 'PL006', NULL, 'none is deleted');
SELECT throws_ok('TRUNCATE careforall.receipts', 'PL006', NULL, 'nor are all');
SELECT careforall.donor_erase('amina@example.org', 'asked by mail', false) \g /dev/null
SELECT is((SELECT count(*) FROM careforall.receipts_log WHERE pledge_id = :'pledge'), 5::bigint, 'an erased donor''s receipts stay on record');
SELECT is(pg_temp.issue(:'pledge', 'one', language => 'de', time_zone => 'Europe/Berlin') ->> 'donor', 'erased', 'without the name');
INSERT INTO careforall.receipts (pledge_id, number, version, refunded_minor, via, language, time_zone, key_hash)
SELECT :'german', n, 2, 0, 'link', 'en', 'UTC', sha256(n::text::bytea) FROM generate_series(4, 1000) n;
SELECT throws_ok(format('SELECT pg_temp.issue(%L, ''beyond'')', :'german'), 'PL006', NULL, 'and there is an end to copies');
SELECT is_empty('SELECT * FROM careforall.verify() WHERE violations > 0', 'all invariants hold');
SELECT finish();
ROLLBACK;
