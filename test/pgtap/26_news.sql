-- SPDX-License-Identifier: Apache-2.0
-- Goal: consent to news is what the donor gave, of an offer, with its text; it is seen
-- where addresses are, ends at the donor's word for the whole campaign, and its history is
-- only added to. Method: each way to give, see, find, end and erase it, by the right and
-- the wrong; the rows by hand.
\ir setup.psql
SELECT no_plan();

CREATE FUNCTION pg_temp.new_account(email text, role text DEFAULT 'donor') RETURNS uuid LANGUAGE sql AS $$
  SELECT a.account_id FROM careforall.account_add(email, 'Name', role,
    '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaA', '', sha256(email::bytea), 'pgTAP') a
$$;
SELECT pg_temp.new_account('owner@example.org', 'owner') AS owner, pg_temp.new_account('viewer@example.org') AS viewer,
  pg_temp.new_account('mara@example.org') AS mara, pg_temp.new_account('admin@example.org', 'admin') AS admin \gset
SELECT pg_temp.new_campaign('news') AS campaign, pg_temp.new_campaign('silent') AS silent, pg_temp.new_campaign('elsewhere') AS elsewhere \gset
UPDATE careforall.campaigns SET owner_id = :'owner' WHERE id = :'campaign';
INSERT INTO careforall.campaign_members (campaign_id, account_id, role) VALUES (:'campaign', :'viewer', 'viewer');
\set agreed '{"text": "1", "language": "de"}'

-- The offer is the campaign's, and off unless somebody turns it on.
SELECT is(careforall.campaign_public(:'campaign')::jsonb ->> 'news_offered', 'false', 'nobody is asked at first');
SELECT is((SELECT doc ->> 'news_offered' FROM careforall.campaign_edit(:'owner', :'campaign', '*', '{"news_offered": true}')), 'true', 'the team turns it on');
SELECT throws_ok(format($$SELECT careforall.campaign_edit(%L, %L, '*', '{"news_offered": "yes"}')$$, :'owner', :'campaign'), 'PL013', NULL, 'with true or false');
SELECT is((SELECT o.data #>> '{campaign,news_offered}' FROM careforall.outbox o WHERE o.campaign_id = :'campaign' ORDER BY o.id DESC LIMIT 1), 'true', 'its event tells it');
SELECT careforall.campaign_copy('news', 'News again', 'for a test') AS copy \gset
SELECT is((SELECT news_offered FROM careforall.campaigns WHERE id = :'copy'), true, 'a copy has it too');
UPDATE careforall.campaigns SET news_offered = true WHERE id = :'elsewhere';

-- Given with a pledge.
SELECT pg_temp.new_pledge(:'campaign', 700, email => 'Ada@example.org') AS first, pg_temp.new_pledge(:'campaign', 800, email => 'ada@example.org') AS second,
  pg_temp.new_pledge(:'campaign', 900, email => 'bert@example.org') AS other, pg_temp.new_pledge(:'campaign', 950, email => 'ada@example.org') AS without,
  pg_temp.new_pledge(:'silent', 700, email => 'ada@example.org') AS unasked, pg_temp.new_pledge(:'elsewhere', 700, email => 'ada@example.org') AS apart \gset
SELECT is(careforall.news_wanted(:'first'), NULL, 'nobody agrees by giving alone');
SELECT is(careforall.news_consent_give(pledge, :'agreed'), given, what)
FROM (VALUES (:'first'::uuid, true, 'agreed'), (:'first', false, 'once'), (:'second', true, 'with a second gift'), (:'other', true, 'by another donor'),
  (:'apart', true, 'for another campaign'), (:'unasked', false, 'not where it is not offered'), (careforall.uuid7(), false, 'not for no pledge')) t (pledge, given, what);
SELECT throws_ok(format($$SELECT careforall.news_consent_give(%L, '{"language": "de"}')$$, :'without'), '23514', NULL, 'not without its text');
SELECT is(doc -> 'news' ->> 'wanted' || (doc -> 'news' ->> 'text') || (doc -> 'news' ->> 'language'), 'true1de', 'the donor sees what it was')
FROM careforall.pledge_read(:'first', true, NULL);
SELECT is(doc ->> 'news', NULL, 'or that it was nothing') FROM careforall.pledge_read(:'without', true, NULL);

-- Seen and found where addresses are.
CREATE FUNCTION pg_temp.found(actor text, news boolean) RETURNS bigint[] LANGUAGE sql AS $$
  SELECT COALESCE(array_agg(p.amount_minor ORDER BY p.amount_minor), '{}') FROM careforall.campaign_pledges(actor::uuid,
    (SELECT id FROM careforall.campaigns WHERE slug = 'news'), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 20, NULL, news) p
$$;
SELECT is(pg_temp.found(:'owner', true), '{700,800,900}', 'the owner finds who wants news');
SELECT is(pg_temp.found(:'owner', false), '{950}', 'and who does not');
SELECT is(pg_temp.found(:'owner', NULL), '{700,800,900,950}', 'or both');
SELECT is(pg_temp.found(:'viewer', true) || pg_temp.found(:'viewer', false), '{}', 'who may not see addresses finds nobody by it');
SELECT is(array_agg(doc ->> 'news' ORDER BY doc ->> 'news'), values, who)
FROM (VALUES (:'owner'::uuid, '{false,true,true,true}'::text[], 'it stands in the owner''s list'), (:'viewer', '{NULL,NULL,NULL,NULL}', 'not in a viewer''s')) t (actor, values, who),
  careforall.campaign_pledges(actor, :'campaign', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 20) p GROUP BY who, values;
SELECT is(array_agg(wants_news ORDER BY wants_news), values, who)
FROM (VALUES (:'owner'::uuid, '{false,true,true,true}'::text[], 'and in the owner''s file'), (:'viewer', '{NULL,NULL,NULL,NULL}', 'not in a viewer''s file')) t (actor, values, who),
  careforall.pledge_export_page(actor, :'campaign', 'csv', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 20) p GROUP BY who, values;
SELECT is((SELECT count(*) FROM careforall.pledge_export_page(:'owner', :'campaign', 'csv', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 20, NULL, true)), 3::bigint, 'a file of those who want news');
SELECT is((SELECT doc #>> '{pledge,news,wanted}' FROM careforall.admin_pledge(:'admin', :'first')), 'true', 'administrators see it of a pledge');

-- Withdrawn by the donor, for the whole campaign and no other.
SELECT throws_ok(format('SELECT careforall.pledge_news_withdraw(%L, %L, %L)', pledge, by_link, actor), 'PL005', NULL, what)
FROM (VALUES (:'first', false, :'owner', 'not by those who run the campaign'), (:'first', false, :'mara', 'not by another account'), (careforall.uuid7()::text, true, NULL, 'not of no pledge')) t (pledge, by_link, actor, what);
SELECT is(doc #>> '{news,wanted}', 'false', 'by the private link') FROM careforall.pledge_news_withdraw(:'second', true, NULL);
SELECT isnt(doc #>> '{news,withdrawn_at}', NULL, 'again, without effect') FROM careforall.pledge_news_withdraw(:'second', true, NULL);
SELECT is(ARRAY[careforall.news_wanted(:'first'), careforall.news_wanted(:'second'), careforall.news_wanted(:'other'), careforall.news_wanted(:'apart')],
  '{f,f,t,t}', 'the same address in the same campaign, and nothing else');
SELECT is(careforall.news_wanted(:'without'), NULL, 'what was never given does not end');
SELECT careforall.pledge_claim(:'apart', true, :'mara') \g /dev/null
SELECT is(doc #>> '{news,wanted}', 'false', 'by the account that has the gift') FROM careforall.pledge_news_withdraw(:'apart', false, :'mara');
SELECT bag_eq($$SELECT campaign, event, text_version, language, via FROM careforall.news_log$$,
  $$VALUES ('news', 'given', '1', 'de', 'gift'), ('news', 'given', '1', 'de', 'gift'), ('news', 'given', '1', 'de', 'gift'), ('elsewhere', 'given', '1', 'de', 'gift'),
    ('news', 'withdrawn', NULL, NULL, 'link'), ('news', 'withdrawn', NULL, NULL, 'link'), ('elsewhere', 'withdrawn', NULL, NULL, 'account')$$, 'the history has it all');

-- By an administrator, who was asked by mail.
SELECT results_eq(format($$SELECT consents_ended, result FROM careforall.news_withdraw(%L, 'asked by mail', true)$$, :'other'), $$VALUES (1::bigint, 'dry run: nothing changed')$$, 'dry');
SELECT is(careforall.news_wanted(:'other'), true, 'which ends nothing');
SELECT throws_ok(format($$SELECT careforall.news_withdraw(%L, ' ')$$, :'other'), '22023', NULL, 'a reason is needed');
SELECT throws_ok(format($$SELECT careforall.news_withdraw(%L, 'asked by mail')$$, :'without'), 'PL005', NULL, 'and a consent');
SELECT results_eq(format($$SELECT consents_ended, result FROM careforall.news_withdraw(%L, 'asked by mail')$$, :'other'), $$VALUES (1::bigint, 'done')$$, 'withdrawn');
SELECT is((SELECT via FROM careforall.news_log WHERE pledge_id = :'other' AND event = 'withdrawn'), 'administrator', 'it says by whom');
SELECT is((SELECT count(*) FROM careforall.audit_log WHERE action = 'news.withdraw' AND reason = 'asked by mail'), 1::bigint, 'and is audited');

-- Only added to; gone with the donor.
SELECT throws_ok(format('UPDATE careforall.news_consents SET language = ''en'' WHERE pledge_id = %L', :'first'), NULL, NULL, 'no row is changed');
SELECT throws_ok('TRUNCATE careforall.news_consents', NULL, NULL, 'nor are all taken away');
SELECT careforall.pledge_apply(id, 'cancel') FROM careforall.pledges WHERE lower(donor_email) = 'ada@example.org' \g /dev/null
SELECT is((SELECT how_many FROM careforall.donor_erase('ada@example.org', 'asked by mail', true) WHERE what = 'consents to news'), 6::bigint, 'erasing says what goes');
SELECT careforall.donor_erase('ada@example.org', 'asked by mail', false) \g /dev/null
SELECT results_eq('SELECT pledge_id FROM careforall.news_consents', format('VALUES (%L::uuid), (%L)', :'other', :'other'), 'and takes it');
SELECT is_empty('SELECT * FROM careforall.verify() WHERE violations > 0', 'all invariants hold');
SELECT finish();
ROLLBACK;
