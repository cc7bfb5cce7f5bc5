-- SPDX-License-Identifier: Apache-2.0
-- Goal: no money above the limit goes back unless two people agreed. Method: every way
-- to ask for a refund, in one piece and in parts, and every person deciding.
\ir setup.psql
SELECT no_plan();

CREATE FUNCTION pg_temp.new_account(email text, role text DEFAULT 'donor') RETURNS uuid LANGUAGE sql AS $$
  SELECT a.account_id FROM careforall.account_add(email, 'Name', role,
    '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaA', '', sha256(email::bytea), 'pgTAP') a
$$;
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
SELECT pg_temp.new_account('owner@example.org', 'owner') AS owner, pg_temp.new_account('editor@example.org') AS editor,
  pg_temp.new_account('viewer@example.org') AS viewer, pg_temp.new_account('stranger@example.org', 'owner') AS stranger,
  pg_temp.new_account('admin@example.org', 'admin') AS admin \gset
SELECT pg_temp.new_campaign('two') AS campaign \gset
UPDATE careforall.campaigns SET owner_id = :'owner' WHERE id = :'campaign';
INSERT INTO careforall.campaign_members (campaign_id, account_id, role)
VALUES (:'campaign', :'editor', 'editor'), (:'campaign', :'viewer', 'viewer');
CREATE FUNCTION pg_temp.paid(campaign uuid, amount bigint) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
  id uuid := pg_temp.new_pledge(campaign, amount);
BEGIN
  PERFORM pg_temp.pay(id);
  RETURN id;
END $$;
-- Asks as an account over the API; the amount is in cents.
CREATE FUNCTION pg_temp.ask(actor uuid, pledge uuid, amount bigint, key text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
  SELECT pg_temp.try(format($f$SELECT doc ->> 'state' FROM careforall.refund_create(%L, %L, %L, NULL, 'as promised', sha256(%L), sha256('f'))$f$,
    actor, pledge, amount, COALESCE(key, gen_random_uuid()::text)))
$$;
CREATE FUNCTION pg_temp.decide(actor uuid, proposal uuid, decision text, reason text DEFAULT 'looked at it') RETURNS text LANGUAGE sql AS $$
  SELECT pg_temp.try(format($f$SELECT doc ->> 'state' FROM careforall.refund_proposal_decide(%L, %L, %L, %L)$f$,
    actor, proposal, decision, reason))
$$;
CREATE FUNCTION pg_temp.waiting(pledge uuid) RETURNS uuid LANGUAGE sql AS $$
  SELECT q.id FROM careforall.refund_proposals q WHERE q.pledge_id = pledge AND careforall.refund_proposal_state(q) = 'waiting'
$$;
CREATE FUNCTION pg_temp.refunds_of(pledge uuid) RETURNS bigint[] LANGUAGE sql AS $$
  SELECT COALESCE(array_agg(r.amount_minor ORDER BY r.id), '{}') FROM careforall.refunds r WHERE r.pledge_id = pledge
$$;

-- The policy.
SELECT pg_temp.paid(:'campaign', 100000) AS free \gset
SELECT is(pg_temp.ask(:'owner', :'free', 90000), 'requested', 'without a limit one person is enough');
SELECT throws_ok(format($$SELECT careforall.refund_limit_set(%L, %L, %L, %L)$$, v.currency, v.alone, v.why, v.valid), v.state, NULL, 'no limit: ' || v.what)
FROM (VALUES ('ZZZ', 1::bigint, 'for a test', '7 days'::interval, '22023', 'unknown currency'), ('EUR', NULL, 'for a test', '7 days', '22023', 'none'),
  ('EUR', -1, 'for a test', '7 days', '22023', 'negative'), ('EUR', 1, 'no', '7 days', '22023', 'without a reason'),
  ('EUR', 1, 'for a test', '59 minutes', '22023', 'too short'), ('EUR', 1, 'for a test', '91 days', '22023', 'too long')) v (currency, alone, why, valid, state, what);
SELECT results_eq($$SELECT alone_before, alone_after, result FROM careforall.refund_limit_set('EUR', 10000, 'for a test', dry_run => true)$$,
  $$VALUES ('no limit', '100.00 EUR', 'dry run: nothing changed')$$, 'a dry run says what would be');
SELECT is_empty($$SELECT FROM careforall.refund_limits_overview$$, 'and changes nothing');
SELECT throws_ok($$SELECT careforall.refund_limit_remove('EUR', 'for a test')$$, 'PL005', NULL, 'there is none to take away');
SELECT results_eq($$SELECT new_currency, alone_before, alone_after, result FROM careforall.refund_limit_set('EUR', 10000, 'for a test', '2 days')$$,
  $$VALUES ('EUR', 'no limit', '100.00 EUR', 'done')$$, 'a limit is set');
SELECT results_eq($$SELECT currency, alone, valid_for FROM careforall.refund_limits_overview$$, $$VALUES ('EUR', '100.00 EUR', '2 days'::interval)$$, 'and seen');
SELECT results_eq($$SELECT action, target_id, detail ->> 'alone_minor' FROM careforall.audit_log ORDER BY id DESC LIMIT 1$$,
  $$VALUES ('refund_limit.set', 'EUR', '10000')$$, 'and audited');
SELECT is(pg_temp.ask(:'owner', :'free', 1), 'waiting', 'what was given back before the limit counts');

-- One piece: at the limit, above it.
SELECT pg_temp.paid(:'campaign', 50000) AS pledge \gset
SELECT is(pg_temp.ask(:'owner', :'pledge', 10001), 'waiting', 'above the limit it waits');
SELECT is(pg_temp.refunds_of(:'pledge'), '{}'::bigint[], 'and nothing is asked of the provider');
SELECT pg_temp.waiting(:'pledge') AS proposal \gset
SELECT results_eq(format($$SELECT action, reason, detail ->> 'proposal_id', detail ->> 'acts_for' FROM careforall.audit_log WHERE target_id = %L ORDER BY id DESC LIMIT 1$$, :'pledge'),
  format($$VALUES ('refund_proposal.create', 'as promised', %L, 'account:%s')$$, :'proposal', :'owner'), 'it is audited');
SELECT is(pg_temp.ask(:'editor', :'pledge', 20000), 'PL031', 'only one waits at a time');
SELECT is(pg_temp.ask(:'owner', :'pledge', 10000), 'requested', 'the limit itself needs nobody else, also meanwhile');
SELECT is(pg_temp.ask(w.id, :'pledge', 1), 'PL031', w.name || ' gets not a cent more alone, neither who asked nor another one')
FROM (VALUES ('owner', :'owner'::uuid), ('editor', :'editor'), ('admin', :'admin')) w (name, id);

-- Who decides.
SELECT is(pg_temp.decide(w.id, :'proposal', w.decision), w.outcome, w.name || ' cannot have it ' || w.decision)
FROM (VALUES ('the owner, who proposed it,', :'owner'::uuid, 'approved', 'PL010'), ('the owner, who proposed it,', :'owner', 'rejected', 'PL010'),
  ('another one', :'editor', 'withdrawn', 'PL010'), ('a viewer', :'viewer', 'approved', 'PL010'), ('a viewer', :'viewer', 'rejected', 'PL010'),
  ('a stranger', :'stranger', 'approved', 'PL005'), ('nobody', NULL, 'approved', 'PL011')) w (name, id, decision, outcome);
SELECT is(pg_temp.decide(:'editor', :'proposal', 'rejected', ' no '), 'PL013', 'a rejection needs a reason');
SELECT is(pg_temp.decide(:'editor', careforall.uuid7(), 'approved'), 'PL005', 'an unknown proposal');
SELECT is(pg_temp.try(format($$SELECT careforall.refund_approve(%L, 'across desks')$$, :'proposal')), 'PL010', 'a log-in does not approve what an account proposed');
SELECT is(pg_temp.waiting(:'pledge'), :'proposal'::uuid, 'after all this it still waits');
SELECT is(pg_temp.decide(:'editor', :'proposal', 'approved', ''), 'approved', 'another one approves, without words');
SELECT is(pg_temp.refunds_of(:'pledge'), '{10000,10001}'::bigint[], 'and the money goes back');
SELECT is(pg_temp.decide(w.id, :'proposal', 'approved'), 'approved', 'once more approved is what it was') FROM (VALUES (:'editor'::uuid), (:'admin')) w (id);
SELECT is(pg_temp.decide(:'editor', :'proposal', 'rejected'), 'PL002', 'but not rejected any more');
SELECT is(pg_temp.decide(:'owner', :'proposal', 'withdrawn'), 'PL002', 'nor withdrawn');
SELECT is(pg_temp.refunds_of(:'pledge'), '{10000,10001}'::bigint[], 'in one refund');
SELECT results_eq(format($$SELECT r.requested_by, r.reason FROM careforall.refunds r JOIN careforall.refund_proposals q ON q.refund_id = r.id WHERE q.id = %L$$, :'proposal'),
  format($$VALUES ('account:%s', 'as promised')$$, :'owner'), 'the refund names who proposed it');
SELECT results_eq(format($$SELECT action, detail ->> 'acts_for', detail ->> 'proposed_by' FROM careforall.audit_log WHERE target_id = %L AND action LIKE 'refund_proposal.app%%'$$, :'pledge'),
  format($$VALUES ('refund_proposal.approved', 'account:%s', 'account:%s')$$, :'editor', :'owner'), 'the audit names both');
SELECT is(careforall.refund_alone(p), 0::bigint, 'an approved refund does not count against the limit, what was alone does') FROM careforall.pledges p WHERE p.id = :'pledge';

-- The table is the rule: not even its owner writes an approval by one person.
SELECT pg_temp.paid(:'campaign', 50000) AS other \gset
SELECT is(pg_temp.ask(:'owner', :'other', NULL), 'waiting', 'all that is left is an amount too');
SELECT pg_temp.waiting(:'other') AS proposal \gset
SELECT throws_ok(format($$UPDATE careforall.refund_proposals SET state = %L, decided_by = %L, decided_at = now(), refund_id = %L WHERE id = %L$$, v.state, v.who,
  CASE WHEN v.state = 'approved' THEN (SELECT id FROM careforall.refunds LIMIT 1) END, :'proposal'), '23514', NULL, 'the table refuses ' || v.what)
FROM (VALUES ('approved', 'account:' || :'owner', 'one''s own approval'), ('rejected', 'account:' || :'owner', 'one''s own rejection'),
  ('withdrawn', 'account:' || :'editor', 'another one''s withdrawal'), ('approved', 'postgres', 'an approval from another desk'),
  ('approved', NULL, 'an approval by nobody')) v (state, who, what);
SELECT throws_ok(format($$UPDATE careforall.refund_proposals SET %s WHERE id = %L$$, v.change, :'proposal'), 'PL006', NULL, 'what was proposed stays: ' || v.change)
FROM (VALUES ('amount_minor = 1'), ('proposed_by = ''account:x'''), ('expires_at = ''infinity'''), ('pledge_id = pledge_id')) v (change);
SELECT throws_ok('DELETE FROM careforall.refund_proposals', 'PL006', NULL, 'no proposal is deleted');
SELECT throws_ok(format($$SELECT careforall.refund_ask(p, 50000, 'requested_by_admin', 'around it', 'me') FROM careforall.pledges p WHERE id = %L$$, :'other'),
  'PL010', NULL, 'nor does any function ask for so much without a proposal');

-- Rejected, withdrawn, expired: then anew.
SELECT is(pg_temp.decide(:'admin', :'proposal', 'rejected', 'too much'), 'rejected', 'an administrator rejects');
SELECT is(pg_temp.decide(:'editor', :'proposal', 'approved'), 'PL002', 'what is rejected is not approved');
SELECT is(pg_temp.ask(:'editor', :'other', 20000, 'k1'), 'waiting', 'another proposal may come');
SELECT is(pg_temp.decide(:'editor', pg_temp.waiting(:'other'), 'withdrawn', NULL), 'withdrawn', 'who proposed withdraws');
SELECT is(pg_temp.ask(:'editor', :'other', 20000, 'k1'), 'withdrawn', 'the key again is the proposal again');
SELECT is(pg_temp.ask(:'owner', :'other', 20000, 'k2'), 'waiting', 'a third');
SELECT pg_temp.waiting(:'other') AS late \gset
SELECT careforall.clock_set(careforall.clock() + interval '2 days 1 second') \g /dev/null
SELECT is(pg_temp.decide(:'editor', :'late', 'approved'), 'PL002', 'after its time it is not approved');
SELECT is(pg_temp.ask(:'owner', :'other', 20000, 'k2'), 'expired', 'it has expired');
SELECT is((SELECT state FROM careforall.refund_proposals_overview WHERE refund_proposal_id = :'late'), 'expired', 'which the overview says');
SELECT is(pg_temp.ask(:'owner', :'other', 30000, 'k3'), 'waiting', 'and makes room for a new one');
SELECT is(pg_temp.try(format($$SELECT doc FROM careforall.refund_create(%L, %L, 30000, NULL, 'as promised', sha256('k3'), sha256('g'))$$, :'owner', :'other')), 'PL004',
  'the key of a proposal is no key for something else');
SELECT is(pg_temp.refunds_of(:'other'), '{}'::bigint[], 'nothing went back');

-- What an approval finds then.
SELECT pg_temp.waiting(:'other') AS proposal \gset
SELECT outcome FROM careforall.pledge_apply(:'other', 'refund', 'at the provider', 25000) \g /dev/null
SELECT is(pg_temp.decide(:'editor', :'proposal', 'approved'), 'PL008', 'more than is left now is not approved');
SELECT is(pg_temp.waiting(:'other'), :'proposal'::uuid, 'and goes on waiting');

-- A donor's request.
SELECT pg_temp.paid(:'campaign', 30000) AS asked, pg_temp.paid(:'campaign', 30000) AS refused \gset
SELECT doc ->> 'id' AS request FROM careforall.refund_request_create(:'asked', true, NULL, 'Please.') \gset
SELECT results_eq(format($$SELECT doc ->> 'state', doc #>> '{proposal,state}' FROM careforall.refund_request_decide(%L, %L, 'accepted', NULL, NULL, 'Gladly.')$$, w.id, :'request'),
  $$VALUES ('open', 'waiting')$$, 'accepted by ' || w.name || ', a request waits') FROM (VALUES ('one', :'owner'::uuid), ('the same', :'owner'), ('another', :'editor')) w (name, id);
SELECT is((SELECT count(*) FROM careforall.refund_proposals WHERE refund_request_id = :'request'), 1::bigint, 'in one proposal');
SELECT is((SELECT doc #>> '{refund_request,state}' || COALESCE(doc #>> '{refund_request,proposal}', '') FROM careforall.pledge_read(:'asked', true, NULL)), 'open', 'the donor sees an open request');
SELECT is(pg_temp.decide(:'editor', pg_temp.waiting(:'asked'), 'approved'), 'approved', 'the second person approves');
SELECT results_eq(format($$SELECT q.state, q.note, q.decided_by, r.amount_minor FROM careforall.refund_requests q JOIN careforall.refunds r ON r.id = q.refund_id WHERE q.id = %L$$, :'request'),
  format($$VALUES ('accepted', 'Gladly.', 'account:%s', 30000::bigint)$$, :'editor'), 'and the request is accepted, with the words of the first');
SELECT doc ->> 'id' AS request FROM careforall.refund_request_create(:'refused', true, NULL, 'Please.') \gset
SELECT doc FROM careforall.refund_request_decide(:'owner', :'request', 'accepted', NULL, NULL, '') \g /dev/null
SELECT is((SELECT doc ->> 'state' FROM careforall.refund_request_decide(:'editor', :'request', 'declined', NULL, NULL, 'No.')), 'declined', 'another one declines meanwhile');
SELECT is((SELECT array_agg(state || ' ' || decision_reason) FROM careforall.refund_proposals WHERE refund_request_id = :'request'), '{rejected No.}'::text[], 'which rejects the proposal');
SELECT is(pg_temp.refunds_of(:'refused'), '{}'::bigint[], 'and gives nothing back');

-- The desk of the database: log-ins, not what they say they are.
CREATE ROLE cfa_first LOGIN IN ROLE careforall_admin;
CREATE ROLE cfa_second LOGIN IN ROLE careforall_admin;
SELECT pg_temp.paid(:'campaign', 30000) AS pledge \gset
SET LOCAL SESSION AUTHORIZATION cfa_first;
SELECT results_eq(format($$SELECT refund_id, result, left_after FROM careforall.pledge_refund(%L, NULL, 'by hand', true)$$, :'pledge'),
  $$VALUES (NULL::uuid, 'dry run: would wait for a second person', '300.00 EUR')$$, 'a dry run says that it would wait');
SELECT set_config('careforall.actor', 'account:somebody', true) \g /dev/null
SELECT results_eq(format($$SELECT refund_id, result, left_after FROM careforall.pledge_refund(%L, NULL, 'by hand')$$, :'pledge'),
  $$VALUES (NULL::uuid, 'waits for a second person', '300.00 EUR')$$, 'it waits');
SELECT refund_proposal_id AS proposal, proposed_by FROM careforall.refund_proposals_overview WHERE pledge_id = :'pledge' \gset
SELECT is(:'proposed_by'::text, 'cfa_first', 'it was the log-in, whomever it says it acts for');
SELECT set_config('careforall.actor', 'cfa_second', true) \g /dev/null
SELECT throws_ok(format($$SELECT careforall.refund_approve(%L, 'my own')$$, :'proposal'), 'PL010', NULL, 'which does not approve its own');
RESET SESSION AUTHORIZATION;
SELECT is(pg_temp.decide(:'admin', :'proposal', 'approved'), 'PL010', 'nor does an account');
SET LOCAL SESSION AUTHORIZATION cfa_second;
SELECT throws_ok(format($$SELECT careforall.refund_approve(%L, 'no')$$, :'proposal'), '22023', NULL, 'a reason is needed');
SELECT results_eq(format($$SELECT refund_id, result, refund FROM careforall.refund_approve(%L, 'seen it', true)$$, :'proposal'),
  $$VALUES (NULL::uuid, 'dry run: nothing changed', '300.00 EUR')$$, 'a dry run of the approval');
SELECT is((SELECT state FROM careforall.refund_proposals_overview WHERE refund_proposal_id = :'proposal'), 'waiting', 'changes nothing');
SELECT is((SELECT result FROM careforall.refund_approve(:'proposal', 'seen it')), 'approved', 'the other log-in approves');
RESET SESSION AUTHORIZATION;
SELECT is(pg_temp.refunds_of(:'pledge'), '{30000}'::bigint[], 'and the money goes back');

-- To try a refund again that failed is to ask for it again.
SELECT outcome FROM careforall.payment_event_apply('stripe', 'evt_no', 'refund_failed', 'pi_' || :'pledge', :'pledge', (SELECT id FROM careforall.refunds WHERE pledge_id = :'pledge'), 30000, 'EUR', 'expired_card', '{}', NULL) \g /dev/null
SELECT results_eq(format($$SELECT doc ->> 'needs_second_person', doc ->> 'proposal', doc ->> 'refund' FROM careforall.admin_refund_retry(%L, (SELECT id FROM careforall.refunds WHERE pledge_id = %L), 'again', true)$$, :'admin', :'pledge'),
  $$VALUES ('true', NULL::text, NULL::text)$$, 'a dry run of a retry says that it would wait');
SELECT results_eq(format($$SELECT doc #>> '{proposal,proposed_by,id}', doc ->> 'refund' FROM careforall.admin_refund_retry(%L, (SELECT id FROM careforall.refunds WHERE pledge_id = %L), 'again', false)$$, :'admin', :'pledge'),
  format($$VALUES (%L, NULL::text)$$, :'admin'), 'an administrator''s retry is their proposal');
SELECT is(pg_temp.decide(:'admin', pg_temp.waiting(:'pledge'), 'approved'), 'PL010', 'which they do not approve');
SET LOCAL SESSION AUTHORIZATION cfa_first;
SELECT is((SELECT result FROM careforall.refund_reject((SELECT refund_proposal_id FROM careforall.refund_proposals_overview WHERE pledge_id = :'pledge' AND state = 'waiting'), 'not again')),
  'rejected', 'a log-in may reject what an account proposed');
SELECT proposal_id FROM careforall.pledge_refund(:'pledge', NULL, 'mine') \gset
SELECT is((SELECT result FROM careforall.refund_reject(:'proposal_id', 'never mind')), 'withdrawn', 'and withdraws its own');
RESET SESSION AUTHORIZATION;

-- Lists, by who may see them.
SELECT results_eq(format($$SELECT careforall.refund_proposal_count(%L, NULL, 'waiting'), count(*), min(doc ->> 'right') FROM careforall.refund_proposal_list(%1$L, NULL, 'waiting', NULL, 10)$$, w.id),
  format($$VALUES (%L::bigint, %1$L::bigint, %L)$$, w.items, w.has_right), w.name || ' has ' || w.items || ' that wait')
FROM (VALUES ('the owner', :'owner'::uuid, 1, 'own'), ('a viewer', :'viewer', 1, 'view'), ('an administrator', :'admin', 1, 'own'), ('a stranger', :'stranger', 0, NULL)) w (name, id, items, has_right);
SELECT is(pg_temp.try(format($$SELECT doc FROM careforall.refund_proposal_list(%L, %L, NULL, NULL, 10)$$, :'stranger', :'campaign')), 'PL010', 'a stranger not those of a campaign');
SELECT is((SELECT value FROM careforall.metrics() WHERE name = 'refund_proposals_waiting'), 1::double precision, 'the metric counts what waits');
SELECT is((SELECT json_array_length(doc -> 'proposals') FROM careforall.pledge_refunds(:'other', false, :'viewer')), 4, 'the team sees the proposals of a pledge');
SELECT is((SELECT doc -> 'proposals' FROM careforall.pledge_refunds(:'other', true, NULL))::text, NULL, 'its donor does not');
SELECT results_eq(format($$SELECT json_array_length(doc -> 'refund_proposals'), doc #>> '{refundable_alone,amount}' FROM careforall.admin_pledge(%L, %L)$$, :'admin', :'other'),
  $$VALUES (4, '10000')$$, 'administrators see them with the pledge, and what one may do alone');

-- What nobody approved in time is ended by the clock, or by the next who asks; each is audited, once.
SELECT pg_temp.paid(:'campaign', 30000) AS slow \gset
CREATE FUNCTION pg_temp.expired(pledge uuid) RETURNS SETOF text LANGUAGE sql AS
$$ SELECT reason || ' ' || (detail ->> 'amount_minor') FROM careforall.audit_log WHERE action = 'refund_proposal.expired' AND target_id = pledge::text ORDER BY id $$;
SELECT careforall.refund_proposals_expire() \g /dev/null
SELECT is(pg_temp.ask(:'owner', :'slow', 20000), 'waiting', 'one waits');
SELECT is(careforall.refund_proposals_expire(), 0::bigint, 'while it may be approved it stays');
SELECT careforall.clock_set(careforall.clock() + interval '2 days 1 second') \g /dev/null
SELECT is(pg_temp.ask(:'owner', :'slow', 25000), 'waiting', 'the next who asks ends it');
SELECT results_eq(format('SELECT pg_temp.expired(%L)', :'slow'), ARRAY['nobody approved it in time 20000'], 'audited');
SELECT careforall.clock_set(careforall.clock() + interval '2 days 1 second') \g /dev/null
SELECT matches((SELECT result FROM careforall.job_run('holds_expire')), ', \d+ proposed refunds expired$', 'the job ends the other');
SELECT is((SELECT count(*) FROM careforall.refund_proposals WHERE pledge_id = :'slow' AND state = 'expired'), 2::bigint, 'both are over');
SELECT doesnt_match((SELECT result FROM careforall.job_run('holds_expire')), 'proposed', 'again there is none');
SELECT results_eq(format('SELECT pg_temp.expired(%L)', :'slow'), ARRAY['nobody approved it in time 20000', 'nobody approved it in time 25000'], 'each is audited once');

-- Without the limit.
SELECT results_eq($$SELECT alone_before, result FROM careforall.refund_limit_remove('EUR', 'for a test')$$, $$VALUES ('100.00 EUR', 'done')$$, 'the limit goes');
SELECT is(pg_temp.decide(:'owner', :'proposal', 'approved'), 'PL010', 'what waited is still not one''s own to approve') FROM (SELECT pg_temp.waiting(:'other') AS proposal) w;
SELECT is(pg_temp.ask(:'owner', :'other', 20000), 'requested', 'one person is enough again');
SELECT careforall.clock_reset() \g /dev/null
SELECT is_empty('SELECT * FROM careforall.verify() WHERE violations > 0', 'all invariants hold');
SELECT finish();
ROLLBACK;
