-- SPDX-License-Identifier: Apache-2.0
-- Goal: consumers can be paused, and their state tells how far they are. Method:
-- reports as the processes write them, then pausing and resuming.
\ir setup.psql
SELECT plan(20);

SELECT results_eq('SELECT consumer, status, behind FROM careforall.consumers_status',
  $$VALUES ('relay', 'not running', NULL::bigint), ('projector', 'not running', NULL), ('payments', 'not running', 0)$$, 'nothing has run yet');
SELECT is(careforall.consumer_report('payments', 'a:1', false, 'consuming', NULL, 3, 2), false, 'a report is answered: go on');
SELECT results_eq($$SELECT status, state, failures, running FROM careforall.consumers_status WHERE consumer = 'payments'$$,
  $$VALUES ('running', 'consuming', 2::bigint, 1::bigint)$$, 'and shown');

SELECT is(careforall.consumer_pause('payments', 'a rest'), 'paused', 'it is paused');
SELECT is(careforall.consumer_pause('payments', 'a rest again'), 'same', 'only once');
SELECT is((SELECT status FROM careforall.consumers_status WHERE consumer = 'payments'), 'pausing', 'but has not heard of it');
SELECT is(careforall.consumer_report('payments', 'a:1', false, 'consuming', NULL, 3, 2), true, 'the next report tells it');
SELECT is(careforall.consumer_report('relay', 'a:2', false, 'flowing', 7, NULL, 0), false, 'and no other consumer');
SELECT careforall.consumer_report('payments', 'a:1', true, 'paused', NULL, NULL, 2) \g /dev/null
SELECT is((SELECT status FROM careforall.consumers_status WHERE consumer = 'payments'), 'paused', 'then it is paused');
SELECT is((SELECT value FROM careforall.metrics() WHERE name = 'consumer_paused' AND label = 'payments'), 1::double precision, 'the metric tells it');

SELECT pg_temp.new_campaign('waits') AS campaign \gset
SELECT pg_temp.new_pledge(:'campaign', 1000), pg_temp.new_pledge(:'campaign', 1000) \g /dev/null
SELECT is((SELECT behind FROM careforall.consumers_status WHERE consumer = 'payments'), 2::bigint, 'pledges without a payment wait');

SELECT is(careforall.consumer_resume('payments', 'rested'), 'resumed', 'it is resumed');
SELECT results_eq($$SELECT action, target_id, reason FROM careforall.audit_log WHERE target_type = 'consumer' ORDER BY id$$,
  $$VALUES ('consumer.pause', 'payments', 'a rest'), ('consumer.resume', 'payments', 'rested')$$, 'both changes are audited, the second try is not');
SELECT throws_ok($$SELECT careforall.consumer_pause('api', 'a rest')$$, 'PL005', NULL, 'an unknown consumer is refused');
SELECT throws_ok($$SELECT careforall.consumer_resume('relay', '')$$, '22023', NULL, 'so is an empty reason');

-- What was said before the last change is not about it.
SELECT is((SELECT status FROM careforall.consumers_status WHERE consumer = 'payments'), 'resuming', 'it has not heard of that yet');
SELECT careforall.consumer_pause('payments', 'paused once more') \g /dev/null
SELECT is((SELECT status FROM careforall.consumers_status WHERE consumer = 'payments'), 'pausing', 'an old report that it stands still counts for nothing');
SELECT careforall.consumer_report('payments', 'a:1', true, 'paused', NULL, NULL, 2) \g /dev/null
SELECT is((SELECT status FROM careforall.consumers_status WHERE consumer = 'payments'), 'paused', 'a new one does');

-- Old reports go when a new process comes.
UPDATE careforall.consumer_reports SET reported_at = clock_timestamp() - interval '1 hour';
SELECT careforall.consumer_report('relay', 'b:3', false, 'standing by', NULL, NULL, 0) \g /dev/null
SELECT set_eq('SELECT consumer, instance FROM careforall.consumer_reports', $$VALUES ('relay', 'b:3'), ('payments', 'a:1')$$,
  'a new process removes the silent ones of its consumer');
SELECT is((SELECT status FROM careforall.consumers_status WHERE consumer = 'payments'), 'paused, not running', 'who is silent does not run');

SELECT finish();
ROLLBACK;
