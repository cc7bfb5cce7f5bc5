-- SPDX-License-Identifier: Apache-2.0
-- Goal: what should happen by itself happens at its time, in bounded steps, and
-- what went wrong can be seen. Method: the clock of the engine is moved.
\ir setup.psql
SELECT plan(45);

SELECT pg_temp.new_campaign('jobs', 100000) AS campaign \gset
SELECT pg_temp.new_pledge(:'campaign', 1000) AS bare \gset
SELECT pg_temp.new_pledge(:'campaign', 2000) AS paying \gset
SELECT pg_temp.new_pledge(:'campaign', 3000) AS paid \gset
SELECT careforall.payment_attach(:'paying', 'stripe', 'pi_paying') \g /dev/null
SELECT pg_temp.pay(:'paid') \g /dev/null
SELECT clock_timestamp() AS start \gset

-- Holds.
SELECT results_eq('SELECT expired, cancel_requested FROM careforall.holds_expire()', 'VALUES (0::bigint, 0::bigint)', 'no hold is over yet');
SELECT careforall.clock_set(:'start'::timestamptz + interval '14 minutes 50 seconds') \g /dev/null
SELECT is((SELECT status || ' ' || value FROM careforall.health WHERE "check" = 'pledges without a payment after a minute'), 'warn 1', 'health sees the pledge nobody has asked money for');
SELECT results_eq('SELECT expired, cancel_requested FROM careforall.holds_expire()', 'VALUES (0::bigint, 0::bigint)', 'nor just before the time');
SELECT careforall.clock_set(:'start'::timestamptz + interval '15 minutes 10 seconds') \g /dev/null
SELECT results_eq('SELECT expired, cancel_requested FROM careforall.holds_expire(0)', 'VALUES (0::bigint, 0::bigint)', 'at most max at once');
SELECT results_eq('SELECT expired, cancel_requested FROM careforall.holds_expire()', 'VALUES (1::bigint, 1::bigint)', 'one expires, one is asked to cancel');
SELECT results_eq(format($$SELECT state, state_reason FROM careforall.pledges WHERE id = %L$$, :'bare'), $$VALUES ('failed', 'expired')$$, 'the one without payment expired');
SELECT is((SELECT state FROM careforall.pledges WHERE id = :'paying'), 'pending', 'the one with a payment waits for the provider');
SELECT is((SELECT state FROM careforall.pledges WHERE id = :'paid'), 'confirmed', 'the paid one is left alone');
SELECT is((SELECT held_minor FROM careforall.pledges WHERE id = :'bare'), 0::bigint, 'its hold is free');
SELECT results_eq('SELECT expired, cancel_requested FROM careforall.holds_expire()', 'VALUES (0::bigint, 0::bigint)', 'nobody is asked twice');
SELECT careforall.clock_set(:'start'::timestamptz + interval '74 minutes') \g /dev/null
SELECT results_eq('SELECT expired, cancel_requested FROM careforall.holds_expire()', 'VALUES (0::bigint, 0::bigint)', 'the provider has time to answer');
SELECT careforall.clock_set(:'start'::timestamptz + interval '76 minutes') \g /dev/null
SELECT results_eq('SELECT expired, cancel_requested FROM careforall.holds_expire()', 'VALUES (1::bigint, 0::bigint)', 'after the grace it expires without it');
SELECT is((SELECT count(*) FROM careforall.pledge_history WHERE pledge_id = :'paying' AND event = 'expire'), 1::bigint, 'history has it once');
SELECT careforall.clock_reset() \g /dev/null

-- One that cannot be ended.
SELECT pg_temp.new_pledge(:'campaign', 100) AS poison, pg_temp.new_pledge(:'campaign', 200) AS healthy \gset
CREATE FUNCTION pg_temp.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'never'; END $$;
SELECT format('CREATE TRIGGER poison BEFORE UPDATE ON careforall.pledges FOR EACH ROW WHEN (OLD.id = %L) EXECUTE FUNCTION pg_temp.refuse()', :'poison') \gexec
SELECT careforall.clock_set(clock_timestamp() + interval '16 minutes') \g /dev/null
SET LOCAL client_min_messages = error;
SELECT results_eq('SELECT expired, cancel_requested, failed FROM careforall.holds_expire()', 'VALUES (1::bigint, 0::bigint, 1::bigint)', 'a pledge that cannot be ended holds up no other');
SET LOCAL client_min_messages = warning;
SELECT is((SELECT state FROM careforall.pledges WHERE id = :'healthy'), 'failed', 'the other has expired');
DROP TRIGGER poison ON careforall.pledges;
SELECT careforall.clock_reset() \g /dev/null

-- Campaigns.
SELECT careforall.campaign_dates_set('jobs', NULL, careforall.clock() + interval '1 hour', 'ends soon') \g /dev/null
SELECT is(careforall.campaigns_close_ended(), 0::bigint, 'no campaign is over yet');
SELECT careforall.clock_set(clock_timestamp() + interval '61 minutes') \g /dev/null
SELECT is((SELECT outcome FROM careforall.pledge_create(:'campaign', 1000, 'EUR', 'A', 'a@example.org')), 'campaign_ended', 'after its end it takes nothing, closed or not');
SELECT is(careforall.campaigns_close_ended(0), 0::bigint, 'at most max at once');
SELECT is(careforall.campaigns_close_ended(), 1::bigint, 'its end has come');
SELECT is((SELECT state FROM careforall.campaigns WHERE slug = 'jobs'), 'closed', 'it is closed');
SELECT is((SELECT reason FROM careforall.audit_log WHERE action = 'campaign.close' AND target_id = :'campaign'), 'reached its end', 'and the audit log says why');
SELECT is(careforall.campaigns_close_ended(), 0::bigint, 'once');
SELECT careforall.clock_reset() \g /dev/null

-- Purge.
SELECT pg_temp.new_campaign('purge') AS purging \gset
SELECT outcome FROM generate_series(1, 5) n, careforall.pledge_create(:'purging', 1000, 'EUR', 'A', 'a@example.org',
  key_hash => sha256(('key' || n)::bytea), fingerprint => sha256('body')) \g /dev/null
SELECT pg_temp.new_pledge(:'purging', 700) AS settled \gset
SELECT pg_temp.new_pledge(:'purging', 800) AS open \gset
SELECT pg_temp.pay(:'settled') \g /dev/null
SELECT outcome FROM careforall.payment_event_apply('stripe', 'evt_try', 'payment_attempt_failed', 'pi_open', :'open', NULL, 800, 'EUR', 'card_declined', '{}', NULL) \g /dev/null
SELECT pg_temp.new_pledge(:'purging', 900) AS refunding \gset
SELECT pg_temp.pay(:'refunding') \g /dev/null
SELECT refund_id FROM careforall.pledge_refund(:'refunding', NULL, 'still under way') \g /dev/null
CREATE FUNCTION pg_temp.purged(max integer, what text) RETURNS bigint LANGUAGE sql AS
$$ SELECT p.removed FROM careforall.purge(max) p WHERE p.what = purged.what $$;
SELECT is_empty('SELECT * FROM careforall.purge() WHERE removed > 0', 'nothing is old yet');
SELECT careforall.clock_set(clock_timestamp() + interval '47 hours') \g /dev/null
SELECT is(pg_temp.purged(100, 'idempotency keys'), 0::bigint, 'keys live for 48 hours');
SELECT careforall.clock_set(clock_timestamp() + interval '49 hours') \g /dev/null
SELECT is(pg_temp.purged(0, 'idempotency keys'), 0::bigint, 'at most max at once: none');
SELECT is(pg_temp.purged(3, 'idempotency keys'), 3::bigint, 'at most max at once: three');
SELECT is(pg_temp.purged(100, 'idempotency keys'), 2::bigint, 'the rest at the next run');
SELECT careforall.clock_set(clock_timestamp() + interval '89 days') \g /dev/null
SELECT is(pg_temp.purged(100, 'inbox events'), 0::bigint, 'provider events live for 90 days');
SELECT careforall.clock_set(clock_timestamp() + interval '91 days') \g /dev/null
SELECT ok(pg_temp.purged(100, 'inbox events') >= 1, 'then those of settled pledges go');
SELECT is((SELECT count(*) FROM careforall.inbox WHERE pledge_id = :'settled'), 0::bigint, 'settled: gone');
SELECT is((SELECT count(*) FROM careforall.inbox WHERE pledge_id = :'open'), 1::bigint, 'pending: kept');
SELECT is((SELECT count(*) FROM careforall.inbox WHERE pledge_id = :'refunding'), 1::bigint, 'refund under way: kept');
SELECT careforall.clock_reset() \g /dev/null
SELECT results_eq($$SELECT current_setting('careforall.' || s)::interval FROM unnest(ARRAY['idempotency_retention', 'inbox_retention', 'outbox_retention', 'expiry_grace', 'session_idle', 'session_lifetime', 'refresh_grace']) s$$,
  ARRAY['48 hours', '90 days', '7 days', '1 hour', '14 days', '90 days', '10 seconds']::interval[], 'the settings are what the documents say');
SELECT is(careforall.setting_interval('careforall.no_such_thing', '2 days'), '2 days'::interval, 'an unknown setting has its fallback');
SELECT is(careforall.setting_interval('careforall.hold_timeout', '1 second', '5 days'), '5 days'::interval, 'no setting goes below its floor');

-- Verify and the job runner.
SELECT is_empty('SELECT * FROM careforall.verify_run()', 'all invariants hold');
SELECT results_eq('SELECT count(*), count(checked_at) FROM careforall.verify_results', 'SELECT count(*), count(*) FROM careforall.verify()', 'one result for each check');
SELECT is_empty('SELECT * FROM careforall.verify_results WHERE violations <> 0 OR last_violation_at IS NOT NULL', 'no violation is on record');
SET LOCAL session_replication_role = replica;
UPDATE careforall.campaign_totals SET confirmed_minor = confirmed_minor + 1 WHERE campaign_id = :'purging';
INSERT INTO careforall.campaign_totals (campaign_id, confirmed_minor) VALUES (:'purging', 1) ON CONFLICT DO NOTHING;
SET LOCAL session_replication_role = origin;
SELECT isnt_empty('SELECT * FROM careforall.verify_run()', 'a wrong total is found');
SELECT isnt_empty('SELECT * FROM careforall.verify_status WHERE violations > 0', 'and stays on record');
SELECT ok((SELECT sum(value) FROM careforall.metrics() WHERE name = 'invariant_violations') > 0, 'and is a metric');
SELECT is((SELECT status FROM careforall.health WHERE "check" LIKE 'invariants:%' AND status <> 'ok' LIMIT 1), 'bad', 'and is bad health');

SELECT results_eq($$SELECT job, (careforall.job_run(job)).is_ok FROM careforall.jobs() ORDER BY job$$,
  $$SELECT job, true FROM careforall.jobs() ORDER BY job$$, 'every job runs well');
SELECT is_empty($$SELECT * FROM careforall.jobs_status WHERE runs < 1 OR last_result IS NULL$$, 'and says what it did');
SELECT throws_ok($$SELECT careforall.job_run('make_coffee')$$, '22023', 'unrecognized job: "make_coffee"', 'an unknown job is refused');

SELECT finish();
ROLLBACK;
