-- SPDX-License-Identifier: Apache-2.0
-- Goal: what administrators do by psql alone says what it does, does nothing in a dry run,
-- and is audited. Method: each function first dry, then for real, as careforall_admin, who
-- has no right on any table.
\ir setup.psql
SELECT no_plan();

SELECT pg_temp.new_campaign('psql', 5000) AS campaign \gset
SELECT pg_temp.new_pledge(:'campaign', 1000) AS pledge \gset
SELECT careforall.pool_create('psql', 'Seats', 10, 'for a test') AS pool \gset
SELECT careforall.reward_create('psql', 'Seat', 500, 'for a test', '', 10, :'pool') AS reward \gset
INSERT INTO careforall.accounts (email, name, password_hash, role, pepper_id) VALUES
  ('ops@example.org', 'Ops', '$argon2id$v=19$x', 'admin', '00112233445566aa'),
  ('owner@example.org', 'Owner', '$argon2id$v=19$x', 'owner', '');
SELECT careforall.outbox_reader_create('warehouse', 'zero', 'for a test'), careforall.fee_set('EUR', 290, 30, 'for a test') \g /dev/null
INSERT INTO careforall.campaign_members (campaign_id, account_id, role)
SELECT :'campaign', id, 'editor' FROM careforall.accounts WHERE email = 'ops@example.org';
SELECT id AS owner FROM careforall.accounts WHERE email = 'owner@example.org' \gset
UPDATE careforall.campaigns SET owner_id = :'owner' WHERE id = :'campaign';
INSERT INTO careforall.sessions (account_id, expires_at, ends_at) VALUES (:'owner', now() + interval '1 day', now() + interval '1 day');
INSERT INTO careforall.login_failures VALUES (careforall.login_key('owner@example.org'), 12, now(), now() + interval '1 hour');
INSERT INTO careforall.payment_dead_letters (kind, target_id, pledge_id, attempts, code)
VALUES ('payment', :'pledge', :'pledge', 3, 'card_declined') RETURNING id AS letter \gset
INSERT INTO careforall.outbox_parked (outbox_id, event_id, xid, aggregate_type, aggregate_id, aggregate_version, campaign_id, type, data, occurred_at, recorded_at, consumer, reason)
SELECT id, event_id, xid, aggregate_type, aggregate_id, aggregate_version, campaign_id, type, data, occurred_at, recorded_at, 'relay', 'for a test'
FROM careforall.outbox WHERE aggregate_id IN (:'pledge', :'campaign') AND type IN ('pledge.created', 'campaign.created');
SELECT outbox_id AS parked FROM careforall.outbox_parked WHERE aggregate_id = :'campaign' \gset

-- Everything that a change could touch, and how much of it there is.
CREATE FUNCTION pg_temp.everything() RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  place text;
  part text;
  whole text := '';
BEGIN
  FOR place IN SELECT c.relname FROM pg_class c
    WHERE c.relnamespace = 'careforall'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1
  LOOP
    EXECUTE format('SELECT md5(string_agg(t::text, '','' ORDER BY t::text)) FROM careforall.%I t', place) INTO part;
    whole := whole || place || COALESCE(part, '');
  END LOOP;
  RETURN md5(whole);
END
$$;
GRANT USAGE ON SCHEMA public TO careforall_admin;
SELECT pg_temp.everything() AS before \gset
SELECT count(*) AS audited FROM careforall.audit_log \gset

SET LOCAL ROLE careforall_admin;
SELECT is_empty($$SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'careforall'::regnamespace AND c.relkind IN ('r', 'p')
  AND has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')$$, 'no right on any table');
SELECT is((SELECT array_agg(p.proname::text ORDER BY p.proname) FROM pg_proc p
    WHERE p.pronamespace = 'careforall'::regnamespace AND has_function_privilege(p.oid, 'EXECUTE')
      AND 'reason' = ANY (p.proargnames[1:p.pronargs]) AND NOT 'dry_run' = ANY (p.proargnames[1:p.pronargs])),
  ARRAY['admin_token_create', 'campaign_copy', 'campaign_create', 'donor_reveal', 'key_note', 'outbox_replay_cancel', 'pool_create', 'reward_create', 'task_stop', 'waiting_invite', 'waiting_reveal'],
  'all that takes a reason can be tried dry, but what only adds, looks or notes');
-- Dry.
SELECT results_eq(format($$SELECT state, result, what_follows FROM careforall.campaign_%s('psql', 'to see', dry_run => true)$$, a.action),
  format('VALUES (%L, ''dry run: nothing changed'', %L)', a.state, a.follows), 'dry: ' || a.action)
FROM (VALUES ('pause', 'paused', 'takes no new pledge until it is resumed; 1 pending pledges may still be paid'),
  ('close', 'closed', 'takes no pledge ever again; 1 pending pledges may still be paid')) a (action, state, follows);
SELECT results_eq($$SELECT cap_before, cap_after, result FROM careforall.campaign_cap_set('psql', 2000, 'to see', true)$$,
  $$VALUES ('50.00 EUR', '20.00 EUR', 'dry run: nothing changed')$$, 'dry: a cap');
SELECT throws_ok($$SELECT careforall.campaign_cap_set('psql', 500, 'to see', true)$$, 'PL007', NULL, 'dry: a cap below what is held is refused as it would be');
SELECT throws_ok($$SELECT careforall.campaign_resume('psql', 'to see', true)$$, 'PL002', NULL, 'dry: so is what cannot be');
SELECT results_eq(format($$SELECT quantity_before, quantity_after, result FROM careforall.reward_quantity_set(%L, NULL, 'to see', true)$$, :'reward'),
  $$VALUES ('10', 'unlimited', 'dry run: nothing changed')$$, 'dry: places of a reward');
SELECT results_eq(format($$SELECT capacity_before, capacity_after, result FROM careforall.pool_capacity_set(%L, 3, 'to see', true)$$, :'pool'),
  $$VALUES ('10', '3', 'dry run: nothing changed')$$, 'dry: places of a pool');
SELECT results_eq($$SELECT starts_at_now, ends_at_now, result FROM careforall.campaign_dates_set('psql', '2026-01-01Z', '2036-01-01Z', 'to see', true)$$,
  $$VALUES ('2026-01-01Z'::timestamptz, '2036-01-01Z'::timestamptz, 'dry run: nothing changed')$$, 'dry: dates');
SELECT throws_ok($$SELECT careforall.campaign_dates_set('psql', '2036-01-01Z', '2026-01-01Z', 'to see', true)$$, '23514', NULL, 'dry: an end before the start is refused');
SELECT results_eq($$SELECT owner_before, owner_after, result FROM careforall.campaign_owner_set('psql', 'ops@example.org', 'to see', true)$$,
  $$VALUES ('owner@example.org', 'ops@example.org', 'dry run: nothing changed')$$, 'dry: an owner');
SELECT throws_ok($$SELECT careforall.campaign_owner_set('psql', 'nobody@example.org', 'to see', true)$$, 'PL005', NULL, 'dry: who cannot own it is refused');
SELECT results_eq($$SELECT new_basis_points, new_fixed, example, result FROM careforall.fee_set('EUR', 0, 50, 'to see', true)$$,
  $$VALUES (0, '0.50 EUR', 'a gift of 50.00 EUR with its fee is 50.50 EUR', 'dry run: nothing changed')$$, 'dry: a fee');
SELECT throws_ok($$SELECT careforall.fee_set('EUR', 5001, 0, 'to see', true)$$, '22023', NULL, 'dry: what is no fee is refused');
SELECT results_eq($$SELECT old_basis_points, old_fixed, result FROM careforall.fee_remove('EUR', 'to see', true)$$,
  $$VALUES (290, '0.30 EUR', 'dry run: nothing changed')$$, 'dry: no fee');
SELECT throws_ok($$SELECT careforall.fee_remove('JPY', 'to see', true)$$, 'PL005', NULL, 'dry: where there is none it is refused');
SELECT is(careforall.outbox_reader_create('lake', 'now', 'to see', true), 'would_create', 'dry: a reader');
SELECT is(careforall.outbox_reader_create('warehouse', 'now', 'to see', true), 'same', 'dry: one that is there');
SELECT throws_ok($$SELECT careforall.outbox_reader_create('No name', 'now', 'to see', true)$$, '23514', NULL, 'dry: a name that is none is refused');
SELECT is(careforall.outbox_reader_pause('warehouse', 'to see', true), 'would_pause', 'dry: a reader is paused');
SELECT is(careforall.outbox_reader_resume('warehouse', 'to see', true), 'same', 'dry: one that runs');
SELECT is(careforall.outbox_reader_remove('warehouse', 'to see', true), 'would_remove', 'dry: a reader is removed');
SELECT throws_ok($$SELECT careforall.outbox_reader_remove('lake', 'to see', true)$$, 'PL005', NULL, 'dry: one that is not there is refused');
SELECT is(careforall.payment_redrive(:letter, 'to see', true), 'would_redrive', 'dry: payment work');
SELECT is(careforall.outbox_release(:'pledge', 'to see', true), 1::bigint, 'dry: parked events');
SELECT is(careforall.outbox_drop(:parked, 'to see', true), 'would_drop', 'dry: giving one up');
SELECT is(careforall.consumer_pause('relay', 'to see', true), 'would_pause', 'dry: a pause');
SELECT results_eq($$SELECT role_before, role_after, result, what_follows FROM careforall.account_role_set(' OWNER@example.org ', 'donor', 'to see', true)$$,
  $$VALUES ('owner', 'donor', 'dry run: nothing changed', '1 campaigns are theirs: careforall.campaign_owner_set() hands one over')$$, 'dry: a role');
SELECT is((SELECT what_follows FROM careforall.account_disable('ops@example.org', 'to see', true)),
  'no administrator is left: careforall.admin_token_create() helps', 'dry: the last administrator');
SELECT results_eq($$SELECT sessions_ended, result FROM careforall.account_sessions_end('owner@example.org', 'to see', true)$$,
  $$VALUES (1, 'dry run: nothing changed')$$, 'dry: sessions');
RESET ROLE;
SELECT is(pg_temp.everything(), :'before', 'no dry run changed any row of any table');

-- For real.
SET LOCAL ROLE careforall_admin;
SELECT is((SELECT result FROM careforall.campaign_cap_set('psql', 2000, 'less is enough')), 'done', 'a cap');
SELECT is((SELECT result FROM careforall.reward_quantity_set(:'reward', NULL, 'more room')), 'done', 'places of a reward');
SELECT is((SELECT result FROM careforall.pool_capacity_set(:'pool', 3, 'less room')), 'done', 'places of a pool');
SELECT is((SELECT result FROM careforall.campaign_dates_set('psql', NULL, '2036-01-01Z', 'it goes on')), 'done', 'dates');
SELECT results_eq($$SELECT owner_after, result FROM careforall.campaign_owner_set('psql', 'owner@example.org', 'as before')$$,
  $$VALUES ('owner@example.org', 'done')$$, 'an owner');
SELECT results_eq($$SELECT new_fixed, result FROM careforall.fee_set('EUR', 0, 50, 'contract of May')$$, $$VALUES ('0.50 EUR', 'done')$$, 'a fee');
SELECT is((SELECT result FROM careforall.fee_remove('EUR', 'no more')), 'done', 'no fee');
SELECT is(careforall.outbox_reader_create('lake', 'now', 'a second one'), 'created', 'a reader');
SELECT is(careforall.outbox_reader_pause('lake', 'it is full'), 'paused', 'a reader is paused');
SELECT is(careforall.outbox_reader_pause('lake', 'it is full'), 'same', 'once');
SELECT is(careforall.outbox_reader_resume('lake', 'it is empty'), 'resumed', 'a reader goes on');
SELECT is(careforall.outbox_reader_remove('lake', 'never mind'), 'removed', 'a reader is removed');
SELECT is(careforall.payment_redrive(:letter, 'the card is right now'), 'redriven', 'payment work');
SELECT is(careforall.payment_redrive(:letter, 'the card is right now', true), 'not_parked', 'once');
SELECT is(careforall.outbox_release(:'pledge', 'mended'), 1::bigint, 'parked events');
SELECT is(careforall.outbox_drop(:parked, 'never mind'), 'dropped', 'giving one up');
SELECT results_eq($$SELECT state, result FROM careforall.campaign_close('psql', 'it is over')$$, $$VALUES ('closed', 'done')$$, 'a campaign is closed');
SELECT results_eq($$SELECT state, result, what_follows FROM careforall.campaign_archive('psql', 'to see', dry_run => true)$$,
  $$VALUES ('closed', 'dry run: nothing changed', 'left out of lists; its page, links and receipts go on working')$$, 'dry: an archived campaign');
SELECT results_eq($$SELECT archived_at FROM careforall.campaign_overview WHERE slug = 'psql'$$, 'VALUES (NULL::timestamptz)', 'and it is not');
SELECT results_eq($$SELECT sessions_ended, result FROM careforall.account_sessions_end('owner@example.org', 'lost laptop')$$, $$VALUES (1, 'done')$$, 'sessions');
SELECT results_eq($$SELECT role_after, result FROM careforall.account_role_set('owner@example.org', 'admin', 'joined the team')$$, $$VALUES ('admin', 'done')$$, 'a role');
SELECT is((SELECT what_follows FROM careforall.account_role_set('owner@example.org', 'admin', 'joined the team')), 'it was so already', 'and the same again');
SELECT results_eq($$SELECT status_before, status_after, what_follows FROM careforall.account_disable('owner@example.org', 'left the team')$$,
  $$VALUES ('ok', 'disabled', '1 campaigns are theirs: careforall.campaign_owner_set() hands one over')$$, 'an account without access');
SELECT is((SELECT status_after FROM careforall.account_enable('owner@example.org', 'came back')), 'ok', 'and with it');
SELECT throws_ok($$SELECT careforall.account_role_set('owner@example.org', 'king', 'why not')$$, '22023', 'unrecognized role: "king"', 'no such role');
SELECT throws_ok($$SELECT careforall.account_disable('nobody@example.org', 'why not')$$, 'PL005', 'nobody has registered with this address', 'no such account');
SELECT throws_ok($$SELECT careforall.account_disable('ops@example.org', ' ')$$, '22023', NULL, 'a reason is needed');
SELECT throws_ok($$SELECT careforall.outbox_drop(1, '')$$, '22023', NULL, 'here too');

-- Keys.
SELECT matches(careforall.admin_token_create('a new colleague'), '^[0-9a-f]{64}$', 'a one-time token');
SELECT results_eq($$SELECT kind, used_by FROM careforall.keys_status ORDER BY 1, key_id$$,
  $$VALUES ('administrator token', 0::bigint), ('password pepper', 1), ('password pepper', 1)$$, 'the keys that rows need');
SELECT key_id AS token FROM careforall.keys_status WHERE kind = 'administrator token' \gset
SELECT is(careforall.admin_token_revoke(:'token', 'sent to the wrong person', true), 'would_revoke', 'dry: taken back');
SELECT is(careforall.admin_token_revoke(:'token', 'sent to the wrong person'), 'revoked', 'taken back');
SELECT is(careforall.admin_token_revoke(:'token', 'sent to the wrong person'), 'unknown', 'once');
SELECT is(careforall.key_note('CAREFORALL_SIGNING_KEYS', 'add', '0011223344556677', 'yearly'), 'noted', 'a step is noted');
SELECT throws_ok($$SELECT careforall.key_note('CAREFORALL_PASSWORD_PEPPERS', 'retire', '00112233445566aa', 'yearly')$$, 'PL002',
  'cannot retire the pepper: 1 accounts need it', 'a pepper in use is not retired');
SELECT throws_ok($$SELECT careforall.key_note('CAREFORALL_SIGNING_KEYS', 'add', 'secret words', 'yearly')$$, '22023', NULL, 'what is no id is refused');
SELECT results_eq($$SELECT member_of FROM careforall.logins WHERE log_in = 'postgres'$$, $$VALUES ('superuser')$$, 'who may log in');
RESET ROLE;

SELECT results_eq(format('SELECT action FROM careforall.audit_log ORDER BY id OFFSET %s', :audited),
  $$SELECT unnest(ARRAY['campaign.cap_set', 'reward.quantity_set', 'pool.capacity_set', 'campaign.dates_set', 'campaign.owner_set', 'fee.set', 'fee.remove',
    'outbox_reader_create', 'outbox_reader_paused', 'outbox_reader_resumed', 'outbox_reader_removed', 'payment_redrive', 'outbox_release', 'outbox_drop', 'campaign.close',
    'account.sessions_end', 'account.change', 'account.change', 'account.change', 'admin_token.create', 'admin_token.revoke', 'key.add'])$$, 'each change is audited, and nothing else');
SELECT is((SELECT count(*) FROM careforall.login_failures), 0::bigint, 'failed log-ins are forgotten');
SELECT is_empty('SELECT * FROM careforall.verify() WHERE violations > 0', 'all invariants hold');

SELECT finish();
ROLLBACK;
