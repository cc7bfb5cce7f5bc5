-- SPDX-License-Identifier: Apache-2.0
-- Goal: a private link opens its pledge for as long as the policy says and no longer, on
-- every way in; it is renewed and the policy changed by those who may, with a reason, and
-- accounts are not touched by any of it. Method: the clock at both sides of each bound; it runs
-- on, so the side before is a minute away and the other one the bound itself.
\ir setup.psql
SELECT no_plan();

CREATE FUNCTION pg_temp.new_account(email text, role text DEFAULT 'donor') RETURNS uuid LANGUAGE sql AS $$
  SELECT a.account_id FROM careforall.account_add(email, 'Name', role,
    '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaA', '', sha256(email::bytea), 'pgTAP') a
$$;
SELECT careforall.clock_set('2026-03-01 12:00:00+00') \g /dev/null
SELECT pg_temp.new_account('mara@example.org') AS mara, pg_temp.new_account('owner@example.org', 'owner') AS owner,
  pg_temp.new_account('admin@example.org', 'admin') AS admin \gset
SELECT pg_temp.new_campaign('links') AS campaign \gset
UPDATE careforall.campaigns SET owner_id = :'owner' WHERE id = :'campaign';
SELECT pg_temp.new_pledge(:'campaign', 700) AS paid, pg_temp.new_pledge(:'campaign', 800) AS open,
  pg_temp.new_pledge(:'campaign', 900) AS failed, pg_temp.new_pledge(:'campaign', 600) AS asked,
  pg_temp.new_pledge(:'campaign', 500, email => 'gone@example.org') AS erased \gset
SELECT pledge_id AS own FROM careforall.pledge_create(:'campaign', 400, 'EUR', 'Mara', 'mara@example.org', account_id => :'mara') \gset
SELECT pg_temp.pay(p::uuid) FROM unnest(ARRAY[:'paid', :'asked', :'erased', :'own']) p \g /dev/null
SELECT careforall.pledge_apply(:'failed', 'cancel') \g /dev/null
SELECT careforall.update_add(:'owner', :'campaign', '{"title": "P", "body": "B"}') \g /dev/null
SELECT doc ->> 'id' AS news FROM careforall.update_add(:'owner', :'campaign', '{"title": "T", "body": "B", "visibility": "backers"}') \gset

CREATE FUNCTION pg_temp.at(moment text) RETURNS void LANGUAGE sql AS $$ SELECT careforall.clock_set(moment::timestamptz) $$;
-- Sets the clock to the end of the link of a pledge, or a minute before.
CREATE FUNCTION pg_temp.near_end(pledge text, shift interval) RETURNS void LANGUAGE sql AS $$
  SELECT careforall.clock_set(careforall.pledge_link_until(p, careforall.link_lifetime()) + shift)
  FROM careforall.pledges p WHERE p.id = pledge::uuid
$$;
-- Every way in by the link of a pledge.
CREATE FUNCTION pg_temp.ways(pledge text, campaign text, actor text DEFAULT NULL) RETURNS TABLE (way text, call text) LANGUAGE sql AS $$
  VALUES ('read', format('SELECT careforall.pledge_read(%L, true, NULL)', pledge)),
    ('live', format('SELECT careforall.pledge_public(%L)', pledge)),
    ('refunds', format('SELECT careforall.pledge_refunds(%L, true, NULL)', pledge)),
    ('receipts', format('SELECT careforall.receipt_list(%L, true, NULL)', pledge)),
    ('receipt', format('SELECT careforall.receipt_issue(%L, true, NULL, NULL, ''en'', NULL, sha256(''key''))', pledge)),
    ('news', format('SELECT careforall.pledge_news_withdraw(%L, true, NULL)', pledge)),
    ('updates', format('SELECT careforall.update_list(NULL, %L, %L, NULL, 9)', pledge, campaign)),
    ('update', format('SELECT careforall.update_find(NULL, %L, %L, (SELECT u.id FROM careforall.campaign_updates u ORDER BY u.id LIMIT 1))', pledge, campaign)),
    ('refund request', format('SELECT careforall.refund_request_create(%L, true, NULL, ''please'')', pledge)),
    ('cancel', format('SELECT careforall.pledge_withdraw(%L, true, NULL, NULL)', pledge)),
    ('claim', format('SELECT careforall.pledge_claim(%L, true, %L)', pledge, actor))
$$;
CREATE FUNCTION pg_temp.opens(pledge text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  PERFORM careforall.pledge_read(pledge::uuid, true, NULL);
  RETURN true;
EXCEPTION WHEN SQLSTATE 'PL033' THEN
  RETURN false;
END
$$;

-- The default: 24 months after the last that happened.
SELECT is(careforall.link_lifetime(), interval '2 years', 'links open for 24 months');
SELECT is(careforall.pledge_link_until(p, careforall.link_lifetime()), h.occurred_at + interval '24 months', 'from its payment on')
FROM careforall.pledges p JOIN careforall.pledge_history h ON h.pledge_id = p.id AND h.event = 'payment_succeeded' WHERE p.id = :'paid';
SELECT is(doc ->> 'link_expires_at', careforall.json_time(careforall.pledge_link_until(p, '24 months')), 'the donor sees until when')
FROM careforall.pledges p, careforall.pledge_read(p.id, true, NULL) WHERE p.id = :'paid';
SELECT is(doc ->> 'link_expires_at', NULL, 'a pending one has no end') FROM careforall.pledge_read(:'open', true, NULL);
SELECT pg_temp.near_end(:'paid', '-1 minute') \g /dev/null
SELECT lives_ok(call, way || ': a minute before it opens') FROM pg_temp.ways(:'paid', :'campaign', :'mara') WHERE way NOT IN ('receipt', 'refund request', 'cancel', 'claim');
SELECT pg_temp.near_end(:'failed', '-1 minute') \g /dev/null
SELECT ok(pg_temp.opens(:'failed'), 'and that of one that failed');
SELECT pg_temp.near_end(:'paid', '0') \g /dev/null
SELECT throws_ok(call, 'PL033', 'this private link has expired', way || ': then it does not') FROM pg_temp.ways(:'paid', :'campaign', :'mara');
SELECT pg_temp.near_end(:'failed', '0') \g /dev/null
SELECT ok(NOT pg_temp.opens(:'failed'), 'nor that of one that failed');
SELECT pg_temp.at('2060-01-01 12:00:00+00') \g /dev/null
SELECT lives_ok(call, way || ': that of a pending one opens for ever') FROM pg_temp.ways(:'open', :'campaign', :'mara') WHERE way NOT IN ('receipt', 'refund request', 'cancel', 'claim');
SELECT is((SELECT count(*) FROM careforall.pledge_claims) + (SELECT count(*) FROM careforall.refund_requests), 0::bigint, 'nothing was done by it');
SELECT throws_ok(format('SELECT careforall.pledge_read(%L, true, NULL)', careforall.uuid7()), 'PL005', NULL, 'an unknown pledge is unknown, not expired');
SELECT is((SELECT count(*) FROM careforall.update_list(NULL, careforall.uuid7(), :'campaign', NULL, 9)), 1::bigint, 'a pledge of elsewhere is no backer');

-- What a refusal tells, and accounts.
CREATE FUNCTION pg_temp.told(pledge text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  detail text;
BEGIN
  PERFORM careforall.pledge_read(pledge::uuid, true, NULL);
  RETURN NULL;
EXCEPTION WHEN SQLSTATE 'PL033' THEN
  GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
  RETURN detail;
END
$$;
SELECT is(pg_temp.told(:'paid'), jsonb_build_object('expired_at', careforall.json_time(careforall.pledge_link_until(p, '24 months')), 'has_account', false),
  'it is told since when') FROM careforall.pledges p WHERE p.id = :'paid';
SELECT is(pg_temp.told(:'own') -> 'has_account', 'true', 'and whether an account has the pledge');
SELECT is(doc ->> 'id', :'own', 'the account sees it all the same') FROM careforall.pledge_read(:'own', false, :'mara');
SELECT is(doc ->> 'id', :'own', 'with its old link as well') FROM careforall.pledge_read(:'own', true, :'mara');
SELECT is((SELECT count(*) FROM careforall.me_pledges(:'mara', NULL, NULL, 9)), 1::bigint, 'and in its list');
SELECT is((SELECT count(*) FROM careforall.update_list(:'mara', :'own', :'campaign', NULL, 9)), 2::bigint, 'and the news for backers');
SELECT is((SELECT count(*) FROM careforall.update_list(:'owner', :'paid', :'campaign', NULL, 9)), 2::bigint, 'those who run the campaign too');
SELECT lives_ok(format('SELECT careforall.pledge_claim(%L, true, %L)', :'own', :'mara'), 'what it has it may claim again');

-- What happens to a pledge is the beginning anew; an answer that is due has no end.
SELECT pg_temp.at('2028-02-01 12:00:00+00') \g /dev/null
SELECT careforall.refund_request_create(:'asked', true, NULL, 'please') \g /dev/null
SELECT pg_temp.at('2040-01-01 12:00:00+00') \g /dev/null
SELECT ok(pg_temp.opens(:'asked'), 'a donor who waits for an answer can look');
SELECT careforall.refund_request_decide(:'owner', q.id, 'declined', NULL, NULL, 'no') FROM careforall.refund_requests q WHERE q.pledge_id = :'asked' \g /dev/null
SELECT pg_temp.near_end(:'asked', '-1 minute') \g /dev/null
SELECT is(careforall.pledge_link_until(p, '24 months'), q.decided_at + interval '24 months', 'the answer is the beginning')
FROM careforall.pledges p JOIN careforall.refund_requests q ON q.pledge_id = p.id WHERE p.id = :'asked';
SELECT ok(pg_temp.opens(:'asked'), '24 months from the answer');
SELECT pg_temp.near_end(:'asked', '0') \g /dev/null
SELECT ok(NOT pg_temp.opens(:'asked'), 'and no longer');
INSERT INTO careforall.refunds (pledge_id, campaign_id, amount_minor, currency, kind, reason, requested_by)
VALUES (:'asked', :'campaign', 1, 'EUR', 'manual', 'test', 'x') RETURNING id AS refund \gset
SELECT ok(pg_temp.opens(:'asked'), 'nor is there an end while a refund is under way');
UPDATE careforall.refunds SET state = 'failed', settled_at = careforall.clock() WHERE id = :'refund';
SELECT pg_temp.near_end(:'asked', '-1 minute') \g /dev/null
SELECT is(careforall.pledge_link_until(p, '24 months'), r.settled_at + interval '24 months', 'its end is the beginning')
FROM careforall.pledges p JOIN careforall.refunds r ON r.pledge_id = p.id WHERE p.id = :'asked';
SELECT ok(pg_temp.opens(:'asked'), '24 months from its end');
SELECT pg_temp.near_end(:'asked', '0') \g /dev/null
SELECT ok(NOT pg_temp.opens(:'asked'), 'and no longer');

-- A donor who was erased: the link lives on by nothing, and is not renewed.
SELECT pg_temp.at('2027-03-01 12:00:00+00') \g /dev/null
SELECT careforall.pledge_link_until(p, '24 months') AS until FROM careforall.pledges p WHERE p.id = :'erased' \gset
SELECT careforall.donor_erase('gone@example.org', 'asked by mail', false) \g /dev/null
SELECT is(careforall.pledge_link_until(p, '24 months'), :'until', 'erasing the donor makes a link no longer') FROM careforall.pledges p WHERE p.id = :'erased';
SELECT throws_ok(format($$SELECT careforall.pledge_link_renew(%L, 'asked by phone', '2 years')$$, :'erased'), 'PL006', NULL, 'and it is not renewed');

-- Renewals.
SELECT set_config('careforall.actor', '', true), pg_temp.at('2028-04-01 12:00:00+00') \g /dev/null
SELECT throws_ok(call, code, NULL, what) FROM (VALUES
  (format($$SELECT careforall.pledge_link_renew(%L, '')$$, :'paid'), '22023', 'a reason is needed'),
  (format($$SELECT careforall.pledge_link_renew(%L, 'asked', '23 hours')$$, :'paid'), '22023', 'not for less than a day'),
  (format($$SELECT careforall.pledge_link_renew(%L, 'asked', '11 years')$$, :'paid'), '22023', 'nor for more than ten years'),
  (format($$SELECT careforall.pledge_link_renew(%L, 'asked', NULL)$$, :'paid'), '22023', 'nor for nothing'),
  (format($$SELECT careforall.pledge_link_renew(%L, 'asked')$$, careforall.uuid7()), 'PL005', 'an unknown pledge'),
  (format($$SELECT careforall.pledge_link_renew(%L, 'asked')$$, :'open'), 'PL006', 'one that has no end'),
  (format($$SELECT careforall.admin_pledge_link_renew(%L, %L, NULL, 'asked', false)$$, :'mara', :'paid'), 'PL010', 'a donor may not'),
  (format($$SELECT careforall.admin_pledge_link_renew(%L, %L, NULL, 'asked', false)$$, :'owner', :'paid'), 'PL010', 'nor the owner of the campaign'),
  (format($$SELECT careforall.admin_pledge_link_renew(NULL, %L, NULL, 'asked', false)$$, :'paid'), 'PL011', 'nor nobody')) t (call, code, what);
SELECT throws_ok(format($$SELECT pg_temp.run_as('careforall_support', 'SELECT careforall.pledge_link_renew(''%s'', ''asked'')')$$, :'paid'), '42501', NULL, 'support staff may not');
SELECT throws_ok(format($$SELECT pg_temp.run_as('careforall_api', 'SELECT careforall.pledge_link_renew(''%s'', ''asked'')')$$, :'paid'), '42501', NULL, 'nor the API, past its administrators');
SELECT results_eq(format($$SELECT date_trunc('minute', until_before), date_trunc('minute', until_after), result
  FROM careforall.pledge_link_renew(%L, 'asked by phone', dry_run => true)$$, :'paid'),
  $$VALUES ('2028-03-01 12:00:00+00'::timestamptz, '2028-05-01 12:00:00+00'::timestamptz, 'dry run: nothing changed')$$, 'a dry run says what would be');
SELECT is_empty('TABLE careforall.pledge_link_renewals', 'nothing of all that was kept');
SELECT is(pg_temp.run_as('careforall_admin', format($$SELECT careforall.pledge_link_renew(%L, 'asked by phone')$$, :'paid')), 1::bigint, 'administrators may');
SELECT results_eq($$SELECT pledge_id::text, date_trunc('minute', valid_until), reason, renewed_by FROM careforall.pledge_link_renewals$$,
  format($$VALUES (%L, '2028-05-01 12:00:00+00'::timestamptz, 'asked by phone', 'postgres')$$, :'paid'), 'who, why and until when is kept');
SELECT results_eq($$SELECT target_id, reason, left(detail ->> 'from', 17), left(detail ->> 'to', 17) FROM careforall.audit_log WHERE action = 'pledge.link_renew'$$,
  format($$VALUES (%L, 'asked by phone', '2028-03-01T12:00:', '2028-05-01T12:00:')$$, :'paid'), 'and audited');
SELECT lives_ok(call, way || ': it opens again') FROM pg_temp.ways(:'paid', :'campaign', :'mara') WHERE way NOT IN ('receipt', 'refund request', 'cancel', 'claim');
SELECT throws_ok(format($$SELECT careforall.pledge_link_renew(%L, 'asked', '29 days')$$, :'paid'), 'PL006', NULL, 'a shorter one is none');
SELECT pg_temp.near_end(:'paid', '-1 minute') \g /dev/null
SELECT ok(pg_temp.opens(:'paid'), 'until a minute before');
SELECT pg_temp.near_end(:'paid', '0') \g /dev/null
SELECT ok(NOT pg_temp.opens(:'paid'), 'and no longer');
SELECT is(left(pg_temp.told(:'paid') ->> 'expired_at', 17), '2028-05-01T12:00:', 'which is told');
SELECT is(left(doc ->> 'until', 17), '2028-05-11T12:00:', 'through the API for as many days as asked')
FROM careforall.admin_pledge_link_renew(:'admin', :'paid', 10, 'asked by mail', false) r;
SELECT results_eq(format($$SELECT (l ->> 'is_expired')::boolean, l ->> 'expires_at' = l #>> '{renewals,0,until}', json_array_length(l -> 'renewals'),
  l #>> '{renewals,0,reason}', l #>> '{renewals,0,by,id}', l #>> '{renewals,1,reason}'
  FROM (SELECT doc -> 'link' AS l FROM careforall.admin_pledge(%L, %L)) d$$, :'admin', :'paid'),
  format($$VALUES (false, true, 2, 'asked by mail', %L, 'asked by phone')$$, :'admin'), 'administrators see the link of a pledge, and who renewed it');
SELECT throws_ok('UPDATE careforall.pledge_link_renewals SET reason = ''other''', 'PL006', NULL, 'a renewal is not changed');
SELECT throws_ok('DELETE FROM careforall.pledge_link_renewals', 'PL006', NULL, 'nor taken back');
SELECT throws_ok('TRUNCATE careforall.pledge_link_renewals', 'PL006', NULL, 'nor all of them');
SELECT lives_ok(format('SELECT careforall.refund_request_create(%L, true, NULL, ''please'')', :'paid'), 'what a link is for works again');

-- Another policy.
SELECT set_config('careforall.actor', '', true), pg_temp.at('2027-03-01 12:05:00+00') \g /dev/null
SELECT throws_ok(format($$SELECT careforall.link_lifetime_set(%L, 'because')$$, lifetime), '22023', NULL, lifetime || ' is no lifetime')
FROM unnest('{29 days,1 second,-1 day,101 years}'::text[]) lifetime;
SELECT throws_ok($$SELECT careforall.link_lifetime_set('1 year', '')$$, '22023', NULL, 'a reason is needed');
SELECT throws_ok($$SELECT pg_temp.run_as('careforall_support', 'SELECT careforall.link_lifetime_set(''1 year'', ''because'')')$$, '42501', NULL, 'support staff may not');
SELECT is(pg_temp.run_as('careforall_readonly', 'SELECT careforall.link_lifetime()'), 1::bigint, 'but everybody may look');
-- Of six pledges three are over for a year; one waits for its payment, one for an answer, one was answered later.
SELECT results_eq($$SELECT * FROM careforall.link_lifetime_set('12 months', 'the rule of 2027', dry_run => true)$$,
  $$VALUES (interval '2 years', interval '1 year', 3::bigint, 'dry run: nothing changed')$$, 'a dry run says how many links would end');
SELECT is(careforall.link_lifetime(), interval '2 years', 'and changes nothing');
SELECT ok(pg_temp.opens(:'failed'), 'they open');
SELECT is((SELECT result FROM careforall.link_lifetime_set('12 months', 'the rule of 2027')), 'done', 'it is set');
SELECT ok(NOT pg_temp.opens(:'failed'), 'they do not');
SELECT results_eq('SELECT lifetime, reason, changed_by FROM careforall.link_policy', $$VALUES (interval '1 year', 'the rule of 2027', 'postgres')$$, 'by whom is kept');
SELECT is((SELECT detail FROM careforall.audit_log WHERE action = 'link_lifetime.set'), '{"from": "2 years", "to": "1 year"}', 'and audited');
SELECT is((SELECT links_that_end FROM careforall.link_lifetime_set('0', 'for ever')), 0::bigint, '0 ends none');
SELECT pg_temp.at('2126-01-01 12:00:00+00') \g /dev/null
SELECT ok(pg_temp.opens(:'failed'), 'for ever');
SELECT is(doc ->> 'link_expires_at', NULL, 'which the donor sees') FROM careforall.pledge_read(:'failed', true, NULL);
SELECT is((SELECT lifetime_after FROM careforall.link_lifetime_set(NULL, 'back again')), interval '2 years', 'NULL is the default');
SELECT ok(NOT pg_temp.opens(:'failed'), 'which holds again');
SELECT is_empty('TABLE careforall.link_policy', 'of which nothing is kept');

SELECT careforall.clock_reset() \g /dev/null
SELECT is_empty('SELECT * FROM careforall.verify() WHERE violations > 0', 'all invariants hold');
SELECT finish();
ROLLBACK;
