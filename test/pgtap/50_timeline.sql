-- SPDX-License-Identifier: Apache-2.0
-- Goal: the timeline tells the whole story in order. Method: a pledge that is
-- made, paid (with a notice delivered twice), and refunded.
\ir setup.psql
SELECT plan(11);

SELECT pg_temp.new_campaign('story') AS campaign \gset
SELECT pg_temp.new_pledge(:'campaign', 4200) AS pledge \gset
SELECT careforall.payment_attach(:'pledge', 'stripe', 'pi_' || :'pledge') \g /dev/null
SELECT outcome FROM careforall.payment_event_apply('stripe', 'evt_try', 'payment_attempt_failed', 'pi_' || :'pledge', :'pledge', NULL, 4200, 'EUR', 'card_declined', '{}', NULL) \g /dev/null
SELECT pg_temp.pay(:'pledge'), pg_temp.pay(:'pledge') \g /dev/null
SELECT refund_id FROM careforall.pledge_refund(:'pledge', 200, 'two euros back') \gset
SELECT outcome FROM careforall.payment_event_apply('stripe', 'evt_back', 'refund_succeeded', 'pi_' || :'pledge', :'pledge', :'refund_id', 200, 'EUR', NULL, '{}', NULL) \g /dev/null

CREATE TEMPORARY TABLE story AS SELECT * FROM careforall.pledge_timeline(:'pledge');
SELECT results_eq($$SELECT event FROM story WHERE source = 'history' ORDER BY step$$,
  ARRAY['create', 'payment_attach', 'payment_succeeded', 'refund_request', 'refund'], 'the history in order');
SELECT results_eq($$SELECT event FROM story WHERE source = 'outbox' ORDER BY step$$,
  ARRAY['pledge.created', 'pledge.payment_attached', 'pledge.confirmed', 'pledge.refund_requested', 'pledge.refund_recorded'], 'the events in order');
SELECT results_eq($$SELECT event, detail ~ 'twice|2 times' FROM story WHERE source = 'inbox' ORDER BY step$$,
  $$VALUES ('payment_attempt_failed', false), ('payment_succeeded', true), ('refund_succeeded', false)$$, 'the notices of the provider, with deliveries');
SELECT results_eq($$SELECT event FROM story WHERE source = 'refund' ORDER BY step$$, ARRAY['requested', 'succeeded'], 'the refund');
SELECT results_eq($$SELECT event, detail ~ 'two euros back' FROM story WHERE source = 'audit'$$, $$VALUES ('pledge.refund', true)$$, 'and what the administrator said');
SELECT results_eq('SELECT step FROM story ORDER BY at, step', 'SELECT generate_series(1, (SELECT count(*) FROM story))', 'steps are numbered in order of time');
SELECT is_empty($$SELECT * FROM story WHERE since_start < '0' OR since_last < '0'$$, 'no time runs backwards');
SELECT is((SELECT sum(since_last) FROM story), (SELECT max(since_start) FROM story), 'the parts add up to the whole');
SELECT ok((SELECT min(step) FILTER (WHERE source = 'history' AND event = 'create') < min(step) FILTER (WHERE source = 'outbox') FROM story),
  'what happened stands before the event that tells it');
SELECT throws_ok($$SELECT careforall.pledge_timeline('00000000-0000-7000-8000-000000000000')$$, 'PL005', NULL, 'an unknown pledge is refused');
SELECT ok((SELECT string_agg(detail, '') FROM story) !~ 'amina|Amina', 'no personal data');

SELECT finish();
ROLLBACK;
