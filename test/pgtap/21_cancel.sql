-- SPDX-License-Identifier: Apache-2.0
-- Goal: a pending pledge can be ended by hand, through the provider if it has a
-- payment there. Method: with and without payment, forced, and in wrong states.
\ir setup.psql
SELECT plan(21);

SELECT pg_temp.new_campaign('cancel', 10000) AS campaign \gset
SELECT pg_temp.new_pledge(:'campaign', 6000) AS free \gset
SELECT throws_ok(format($$SELECT careforall.pledge_cancel(%L, NULL)$$, :'free'), '22023', NULL, 'a reason is required');
SELECT throws_ok($$SELECT careforall.pledge_cancel('00000000-0000-7000-8000-000000000000', 'no such pledge')$$, 'PL005', NULL, 'the pledge must exist');
SELECT throws_ok(format($$SELECT pg_temp.new_pledge(%L, 6000)$$, :'campaign'), 'P0001', NULL, 'its hold blocks the cap');
SELECT results_eq(format($$SELECT result, state, what_follows FROM careforall.pledge_cancel(%L, 'donor asked by phone')$$, :'free'),
  $$VALUES ('ended', 'failed', 'its hold is free again')$$, 'without a payment it ends at once');
SELECT is((SELECT state_reason FROM careforall.pledges WHERE id = :'free'), 'canceled', 'donors see a short reason');
SELECT lives_ok(format($$SELECT pg_temp.new_pledge(%L, 6000)$$, :'campaign'), 'its money can be pledged again');
SELECT results_eq(format($$SELECT action, reason, detail ->> 'at_once' FROM careforall.audit_log WHERE target_id = %L$$, :'free'),
  $$VALUES ('pledge.cancel', 'donor asked by phone', 'true')$$, 'it is audited');
SELECT throws_ok(format($$SELECT careforall.pledge_cancel(%L, 'a second time')$$, :'free'), 'PL002',
  format('cannot cancel pledge "%s": it is failed', :'free'), 'it cannot end twice');

SELECT pg_temp.new_pledge(:'campaign', 1000) AS paying \gset
SELECT careforall.payment_attach(:'paying', 'stripe', 'pi_1') \g /dev/null
SELECT results_eq(format($$SELECT result, state FROM careforall.pledge_cancel(%L, 'donor asked by mail')$$, :'paying'),
  $$VALUES ('cancel requested', 'pending')$$, 'with a payment the provider is asked first');
SELECT isnt((SELECT cancel_requested_at FROM careforall.pledges WHERE id = :'paying'), NULL, 'the request is kept');
SELECT is((SELECT type FROM careforall.outbox WHERE aggregate_id = :'paying' ORDER BY id DESC LIMIT 1), 'pledge.cancel_requested', 'the payment worker is told');
SELECT is((SELECT outcome FROM careforall.payment_event_apply('stripe', 'evt_c', 'payment_canceled', 'pi_1', :'paying', NULL, NULL, NULL, 'requested_by_customer', '{}', NULL)),
  'applied', 'the provider cancels');
SELECT is((SELECT state FROM careforall.pledges WHERE id = :'paying'), 'failed', 'and the pledge ends');

SELECT pg_temp.new_pledge(:'campaign', 1500) AS stuck \gset
SELECT careforall.payment_attach(:'stuck', 'stripe', 'pi_2') \g /dev/null
SELECT results_eq(format($$SELECT result, state FROM careforall.hold_release(%L, 'stuck at the provider')$$, :'stuck'),
  $$VALUES ('cancel requested', 'pending')$$, 'releasing a hold asks the provider too');
SELECT results_eq(format($$SELECT result, state, what_follows FROM careforall.hold_release(%L, 'provider is down for hours', true)$$, :'stuck'),
  $$VALUES ('ended', 'failed', 'money that still comes in is refunded by itself')$$, 'force does not wait');
SELECT is((SELECT state_reason FROM careforall.pledges WHERE id = :'stuck'), 'expired', 'its reason is expired');
SELECT is(pg_temp.pay(:'stuck'), 'mismatch', 'a payment that is not its own is not taken');
SELECT is((SELECT outcome FROM careforall.payment_event_apply('stripe', 'evt_late', 'payment_succeeded', 'pi_2', :'stuck', NULL, 1500, 'EUR', NULL, '{}', NULL)),
  'late', 'its own money comes late');
SELECT is((SELECT count(*) FROM careforall.refunds WHERE pledge_id = :'stuck' AND kind = 'late'), 1::bigint, 'and goes back by itself');

SELECT pg_temp.new_pledge(:'campaign', 500) AS paid \gset
SELECT pg_temp.pay(:'paid') \g /dev/null
SELECT throws_ok(format($$SELECT careforall.hold_release(%L, 'too late for that', true)$$, :'paid'), 'PL002', NULL, 'a confirmed pledge cannot be released');

SELECT is_empty('SELECT * FROM careforall.verify() WHERE violations > 0', 'all invariants hold');
SELECT finish();
ROLLBACK;
