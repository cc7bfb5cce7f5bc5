-- SPDX-License-Identifier: Apache-2.0
-- Goal: an administrator can give back what came in, once, and nothing else.
-- Method: refunds in parts, repeated, too large, on pledges in every state.
\ir setup.psql
SELECT plan(34);

SELECT pg_temp.new_campaign('refund') AS campaign \gset
SELECT pg_temp.new_pledge(:'campaign', 10000) AS pledge \gset

SELECT throws_ok(format($$SELECT careforall.pledge_refund(%L, NULL, 'too early')$$, :'pledge'), 'PL002',
  format('cannot refund pledge "%s": it is pending', :'pledge'), 'a pending pledge cannot be refunded');
SELECT pg_temp.pay(:'pledge') \g /dev/null

SELECT throws_ok(format($$SELECT careforall.pledge_refund(%L, NULL, %L)$$, :'pledge', r), '22023', NULL, 'no refund for the reason ' || COALESCE(quote_literal(r), 'NULL'))
FROM unnest(ARRAY[NULL, '', '   ', 'ab', repeat('x', 501)]) r;
SELECT throws_ok($$SELECT careforall.pledge_refund('00000000-0000-7000-8000-000000000000', NULL, 'no such pledge')$$,
  'PL005', NULL, 'an unknown pledge cannot be refunded');
SELECT throws_ok(format($$SELECT careforall.pledge_refund(NULL, NULL, 'no pledge')$$), 'PL005', NULL, 'nor can NULL');
SELECT throws_ok(format($$SELECT careforall.pledge_refund(%L, %s, 'odd amount')$$, :'pledge', a), 'PL008', NULL, 'no refund of ' || a)
FROM unnest(ARRAY[0, -1, 10001, 9223372036854775807]) a;

CREATE TEMPORARY TABLE before AS SELECT
  (SELECT count(*) FROM careforall.refunds) AS refunds, (SELECT count(*) FROM careforall.outbox) AS events,
  (SELECT count(*) FROM careforall.audit_log) AS audits, (SELECT version FROM careforall.pledges WHERE id = :'pledge') AS version;
SELECT results_eq(format($$SELECT refund_id, result, refund, left_before, left_after FROM careforall.pledge_refund(%L, 4000, 'only looking', true)$$, :'pledge'),
  $$VALUES (NULL::uuid, 'dry run: nothing written', '40.00 EUR', '100.00 EUR', '60.00 EUR')$$, 'a dry run tells what would happen');
SELECT results_eq('SELECT refunds, events, audits, version FROM before', format($$SELECT (SELECT count(*) FROM careforall.refunds),
  (SELECT count(*) FROM careforall.outbox), (SELECT count(*) FROM careforall.audit_log),
  (SELECT version FROM careforall.pledges WHERE id = %L)$$, :'pledge'), 'a dry run writes nothing');

SELECT refund_id, left_after FROM careforall.pledge_refund(:'pledge', 4000, 'wrong size chosen') \gset
SELECT is(:'left_after'::text, '60.00 EUR', 'a refund in part leaves the rest');
SELECT results_eq(format($$SELECT amount_minor, currency::text, kind, reason, requested_by, state, payment_id FROM careforall.refunds WHERE id = %L$$, :'refund_id'),
  format($$VALUES (4000::bigint, 'EUR', 'manual', 'wrong size chosen', session_user::text COLLATE "default", 'requested', %L)$$, 'pi_' || :'pledge'), 'the refund is asked for');
SELECT results_eq(format($$SELECT type, data ->> 'refund_id', data ->> 'refund_minor', data ->> 'payment_id' FROM careforall.outbox
    WHERE aggregate_id = %L ORDER BY id DESC LIMIT 1$$, :'pledge'),
  format($$VALUES ('pledge.refund_requested', %L, '4000', %L)$$, :'refund_id', 'pi_' || :'pledge'), 'its event tells the payment worker');
SELECT results_eq(format($$SELECT action, target_id, reason, detail ->> 'refund_id' FROM careforall.audit_log ORDER BY id DESC LIMIT 1$$),
  format($$VALUES ('pledge.refund', %L, 'wrong size chosen', %L)$$, :'pledge', :'refund_id'), 'it is audited');
SELECT is((SELECT state FROM careforall.pledges WHERE id = :'pledge'), 'confirmed', 'asking changes no state');
SELECT unalike((SELECT string_agg(data::text, '') FROM careforall.outbox WHERE aggregate_id = :'pledge'), '%wrong size%',
  'the words of the administrator leave no trace in events');
SELECT unalike(careforall.pledge_public(:'pledge'), '%wrong size%', 'nor does the donor see them');

SELECT throws_ok(format($$SELECT careforall.pledge_refund(%L, 6001, 'more than is left')$$, :'pledge'), 'PL008', NULL, 'requested refunds count against the rest');
SELECT is((SELECT outcome FROM careforall.payment_event_apply('stripe', 'evt_r1', 'refund_succeeded', 'pi_' || :'pledge', :'pledge', :'refund_id', 4000, 'EUR', NULL, '{}', NULL)),
  'applied', 'the provider reports the refund');
SELECT throws_ok(format($$SELECT careforall.pledge_refund(%L, 6001, 'more than is left')$$, :'pledge'), 'PL008', NULL, 'succeeded refunds count too, once');
SELECT refund_id AS rest FROM careforall.pledge_refund(:'pledge', NULL, 'the rest as well') \gset
SELECT is((SELECT amount_minor FROM careforall.refunds WHERE id = :'rest'), 6000::bigint, 'NULL means all that is left');
SELECT throws_ok(format($$SELECT careforall.pledge_refund(%L, 1, 'nothing is left')$$, :'pledge'), 'PL008', NULL, 'nothing is left to ask for');
SELECT is((SELECT outcome FROM careforall.payment_event_apply('stripe', 'evt_r2', 'refund_failed', 'pi_' || :'pledge', :'pledge', :'rest', 6000, 'EUR', 'expired_card', '{}', NULL)),
  'applied', 'the provider refuses the refund');
SELECT throws_ok(format($$SELECT careforall.refund_retry(%L, 'try a settled one')$$, :'refund_id'), 'PL002', NULL, 'a refund that succeeded cannot be retried');
SELECT results_eq(format($$SELECT result, left_after FROM careforall.refund_retry(%L, 'card is valid again', true)$$, :'rest'),
  $$VALUES ('dry run: nothing written', '0.00 EUR')$$, 'a retry can be tried dry');
SELECT new_refund_id AS again FROM careforall.refund_retry(:'rest', 'card is valid again') \gset
SELECT isnt(:'again'::text, :'rest', 'a retry is a new refund');
SELECT outcome FROM careforall.payment_event_apply('stripe', 'evt_r3', 'refund_succeeded', 'pi_' || :'pledge', :'pledge', :'again', 6000, 'EUR', NULL, '{}', NULL) \g /dev/null
SELECT is((SELECT state FROM careforall.pledges WHERE id = :'pledge'), 'refunded', 'all given back: refunded');
SELECT throws_ok(format($$SELECT careforall.pledge_refund(%L, NULL, 'once more')$$, :'pledge'), 'PL002', NULL, 'a refunded pledge cannot be refunded');

SELECT pg_temp.new_pledge(:'campaign', 3000) AS bare \gset
SELECT outcome FROM careforall.pledge_apply(:'bare', 'payment_succeeded') \g /dev/null
SELECT throws_ok(format($$SELECT careforall.pledge_refund(%L, NULL, 'no payment')$$, :'bare'), 'PL002',
  format('cannot refund pledge "%s": it has no payment', :'bare'), 'no refund without a payment');

SELECT is_empty('SELECT * FROM careforall.verify() WHERE violations > 0', 'all invariants hold');
SELECT finish();
ROLLBACK;
