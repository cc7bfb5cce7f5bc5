-- SPDX-License-Identifier: Apache-2.0
-- Goal: a task does to each row what a single change would, once, and says what came of
-- it; a file is whole and has the right sum. Method: tasks of every kind, worked on step
-- by step as the API does, with rows in every state and people of every right.
\ir setup.psql
SELECT no_plan();

CREATE FUNCTION pg_temp.new_account(email text, role text DEFAULT 'donor') RETURNS uuid LANGUAGE sql AS $$
  SELECT a.account_id FROM careforall.account_add(email, 'Name', role,
    '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaA', '', sha256(email::bytea), 'pgTAP') a
$$;
SELECT pg_temp.new_account('owner@example.org', 'owner') AS owner, pg_temp.new_account('editor@example.org') AS editor,
  pg_temp.new_account('viewer@example.org') AS viewer, pg_temp.new_account('stranger@example.org', 'owner') AS stranger,
  pg_temp.new_account('admin@example.org', 'admin') AS admin \gset
SELECT pg_temp.new_campaign('tasks') AS campaign, pg_temp.new_campaign('other') AS other \gset
UPDATE careforall.campaigns SET owner_id = :'owner' WHERE id = :'campaign';
INSERT INTO careforall.campaign_members (campaign_id, account_id, role)
VALUES (:'campaign', :'editor', 'editor'), (:'campaign', :'viewer', 'viewer');
CREATE TEMP TABLE who (n serial, name text, id uuid);
INSERT INTO who (name, id) VALUES ('owner', :'owner'), ('editor', :'editor'), ('viewer', :'viewer'), ('stranger', :'stranger'), ('admin', :'admin');
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
CREATE FUNCTION pg_temp.all_try(statement text, VARIADIC args text[]) RETURNS text[] LANGUAGE sql AS $$
  SELECT array_agg(pg_temp.try(format(statement, VARIADIC w.id::text || args)) ORDER BY w.n) FROM who w
$$;
CREATE FUNCTION pg_temp.ask(actor uuid, body jsonb) RETURNS uuid LANGUAGE sql AS
$$ SELECT (t.doc ->> 'id')::uuid FROM careforall.task_create(actor, body) t $$;
-- Steps until nothing is left; gives how many there were.
CREATE FUNCTION pg_temp.work() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  steps bigint := 0;
BEGIN
  LOOP
    PERFORM FROM careforall.task_step();
    EXIT WHEN NOT FOUND;
    steps := steps + 1;
  END LOOP;
  RETURN steps;
END $$;
CREATE FUNCTION pg_temp.task(id uuid) RETURNS jsonb LANGUAGE sql AS
$$ SELECT careforall.task_json(t)::jsonb FROM careforall.tasks t WHERE t.id = task.id $$;
CREATE FUNCTION pg_temp.file(task_id uuid) RETURNS text LANGUAGE sql AS
$$ SELECT convert_from(string_agg(p.data, '' ORDER BY p.place), 'UTF8') FROM careforall.task_parts p WHERE p.task_id = file.task_id $$;

-- Cells.
SELECT is(careforall.csv_row('plain', NULL, '', 'a,b', 'say "hi"', E'two\nlines', '=1+1', E'\t=1', '-2', U&'\FF1D1', ' =1'),
  E'plain,,,"a,b","say ""hi""","two\nlines","''=1+1","''\t=1","''-2","''' || U&'\FF1D' || E'1", =1\r\n', 'cells are quoted, and none begins a formula');

-- Who may ask for what.
SELECT is(pg_temp.all_try($$SELECT 'yes' FROM careforall.task_preview(%1$L, jsonb_build_object('kind', 'pledge_export', 'campaign', %2$L))$$, :'campaign'),
  '{yes,yes,yes,PL010,yes}'::text[], 'the team exports pledges');
SELECT is(pg_temp.all_try($$SELECT 'yes' FROM careforall.task_preview(%1$L, jsonb_build_object('kind', 'pledge_refund', 'campaign', %2$L))$$, :'campaign'),
  '{yes,yes,PL010,PL010,yes}'::text[], 'who may edit refunds');
SELECT is(pg_temp.all_try($$SELECT 'yes' FROM careforall.task_preview(%1$L, jsonb_build_object('kind', 'pledge_cancel', 'campaign', %2$L))$$, :'campaign'),
  '{PL010,PL010,PL010,PL010,yes}'::text[], 'administrators cancel');
SELECT is(pg_temp.all_try($$SELECT 'yes' FROM careforall.task_preview(%1$L, jsonb_build_object('kind', %2$L))$$, k),
  '{PL010,PL010,PL010,PL010,yes}'::text[], 'administrators alone: ' || k) FROM unnest('{audit_export,payment_redrive,event_release}'::text[]) k;
SELECT is(pg_temp.try(format($$SELECT careforall.task_create(%L, %L)$$, :'admin', body)), code, 'refused: ' || body)
FROM (VALUES ('{}', 'PL013'), ('{"kind": "nothing"}', 'PL013'), ('{"kind": "pledge_export"}', 'PL013'),
  ('{"kind": "pledge_export", "campaign": "nowhere"}', 'PL005'),
  ('{"kind": "pledge_export", "campaign": "tasks", "dry_run": true}', 'PL013'),
  ('{"kind": "pledge_export", "campaign": "tasks", "filters": {"ids": []}}', 'PL013'),
  ('{"kind": "pledge_export", "campaign": "tasks", "filters": {"actor": "x"}}', 'PL013'),
  ('{"kind": "pledge_refund", "campaign": "tasks"}', '22023'),
  ('{"kind": "pledge_refund", "campaign": "tasks", "reason": "  a "}', '22023'),
  ('{"kind": "pledge_refund", "campaign": "tasks", "reason": "for a test", "format": "csv"}', 'PL013'),
  ('{"kind": "audit_export", "campaign": "tasks"}', 'PL013'),
  ('{"kind": "audit_export", "format": "xml"}', '23514')) v (body, code);
SELECT is_empty('SELECT * FROM careforall.tasks', 'and nothing is left of it');

-- Exports: 1,000 rows a page; the whole has the sum that it says.
SELECT pg_temp.new_pledge(:'campaign', 100 + n, name => '=Amina ' || n, email => format('d%s@example.org', n)) FROM generate_series(1, 1003) n \g /dev/null
SELECT pg_temp.ask(:'owner', jsonb_build_object('kind', 'pledge_export', 'campaign', 'tasks')) AS csv,
  pg_temp.ask(:'owner', jsonb_build_object('kind', 'pledge_export', 'campaign', 'tasks', 'format', 'json', 'filters', '{"min_amount": 1100}'::jsonb)) AS json,
  pg_temp.ask(:'viewer', jsonb_build_object('kind', 'pledge_export', 'campaign', :'campaign', 'filters', '{"q": "d7@"}'::jsonb)) AS blind,
  pg_temp.ask(:'viewer', jsonb_build_object('kind', 'pledge_export', 'campaign', :'campaign', 'filters', '{"q": "amina 7", "max_amount": 107}'::jsonb)) AS masked \gset
SELECT is(pg_temp.task(:'csv') - '{id,campaign,created_at,requested_by}'::text[], '{"kind": "pledge_export", "state": "queued", "filters": {}, "reason": "", "dry_run": false,
  "total": 1003, "done": 0, "outcomes": {}, "error": null, "format": "csv", "file": null, "started_at": null, "finished_at": null}'::jsonb, 'a task waits, its rows are counted');
SELECT pg_temp.new_pledge(:'campaign', 99999) AS later \gset
SELECT is(pg_temp.try(format($$SELECT name FROM careforall.task_file(%L, %L)$$, :'owner', :'csv')), 'PL002', 'there is no file yet');
SELECT results_eq('SELECT kind, state, done, total FROM careforall.task_step()', $$VALUES ('pledge_export', 'running', 1000::bigint, 1003::bigint)$$, 'a step is a page');
SELECT is(pg_temp.work(), 4::bigint, 'each task has its turn');
SELECT is(array_length(string_to_array(pg_temp.file(:'csv'), E'\r\n'), 1), 1005, 'the file has every row that was there, a header and an end');
SELECT unalike(pg_temp.file(:'csv'), '%' || :'later' || '%', 'what came later is not in it');
SELECT is(split_part(pg_temp.file(:'csv'), E'\r\n', 1), 'reference,created_at,state,state_reason,amount,gift,fee,refunded,currency,reward,quantity,donor_name,donor_email,display,message,updated_at,wants_news', 'the header');
SELECT matches(split_part(pg_temp.file(:'csv'), E'\r\n', 2), '^[0-9a-f-]{36},[^,]+,pending,,11\.03,11\.03,0\.00,0\.00,EUR,,0,"''=Amina 1003",d1003@example\.org,name,,', 'the newest first');
SELECT is((pg_temp.task(:'csv') -> 'file') - 'expires_at'::text, jsonb_build_object('rows', 1003, 'has_emails', true, 'is_expired', false,
    'size', octet_length(pg_temp.file(:'csv')), 'sha256', encode(sha256(convert_to(pg_temp.file(:'csv'), 'UTF8')), 'hex')), 'size and sum are those of the whole');
SELECT is((SELECT array_agg((i #>> '{amount,amount}')::int) FROM jsonb_array_elements(pg_temp.file(:'json')::jsonb -> 'items') i), '{1103,1102,1101,1100}'::int[], 'JSON is JSON');
SELECT is((pg_temp.task(:'blind') ->> 'done')::int, 0, 'a viewer finds nobody by address');
SELECT is(array_length(string_to_array(pg_temp.file(:'blind'), E'\r\n'), 1), 2, 'an empty file has its header');
SELECT matches(pg_temp.file(:'masked'), '=Amina 7",,name', 'nor sees one');
SELECT is(pg_temp.all_try($$SELECT name FROM careforall.task_file(%1$L, %2$L)$$, :'csv') = ARRAY[f, f, 'PL010', 'PL005', f], true, 'addresses are for those who may edit')
FROM (SELECT name AS f FROM careforall.task_file(:'admin', :'csv')) f;
SELECT matches((SELECT name FROM careforall.task_file(:'viewer', :'masked')), '^pledges-tasks-[0-9]{8}-[0-9]{6}\.csv$', 'a viewer has the file of a viewer');
SELECT is(pg_temp.try(format($$SELECT octet_length(data) FROM careforall.task_file_part(%L, %L, 0)$$, :'viewer', :'csv')), 'PL010', 'parts are guarded too');
SELECT is((SELECT count(*) FROM careforall.audit_log WHERE action = 'task.download'), 0::bigint, 'so far nobody has read one');
SELECT is((SELECT octet_length(data) FROM careforall.task_file_part(:'owner', :'csv', 0)) + (SELECT octet_length(data) FROM careforall.task_file_part(:'owner', :'csv', 1)),
  octet_length(pg_temp.file(:'csv')), 'the owner reads it');
SELECT results_eq($$SELECT action, target_id, detail ->> 'acts_for', (detail ->> 'with_emails')::boolean FROM careforall.audit_log WHERE action IN ('pledges.export', 'task.download') AND target_id IN ('$$ || :'campaign' || $$', '$$ || :'csv' || $$') ORDER BY id$$,
  format($$VALUES ('pledges.export', %1$L, 'account:' || %2$L, true), ('pledges.export', %1$L, 'account:' || %2$L, true), ('pledges.export', %1$L, 'account:' || %4$L, false),
    ('pledges.export', %1$L, 'account:' || %4$L, false), ('task.download', %3$L, 'account:' || %2$L, true)$$, :'campaign', :'owner', :'csv', :'viewer'), 'who exported and who downloaded is kept, once');
SELECT is(pg_temp.all_try($$SELECT count(*) FROM careforall.task_list(%1$L, NULL, NULL, NULL, NULL, 50)$$, ''), '{4,4,4,0,4}'::text[], 'the team sees the tasks of its campaign');
SELECT is(pg_temp.all_try($$SELECT count(*) FROM careforall.task_list(%1$L, %2$L, 'pledge_export', 'open', NULL, 50)$$, :'campaign'), '{0,0,0,PL010,0}'::text[], 'none is open');
SELECT is(pg_temp.all_try($$SELECT 'seen' FROM careforall.task_read(%1$L, %2$L)$$, :'csv'), '{seen,seen,seen,PL005,seen}'::text[], 'to others it does not exist');
UPDATE careforall.tasks SET finished_at = careforall.clock() - interval '24 hours' WHERE id = :'csv';
SELECT is(pg_temp.try(format($$SELECT name FROM careforall.task_file(%L, %L)$$, :'owner', :'csv')), 'PL032', 'after a day the file is not kept');
SELECT is(pg_temp.task(:'csv') #>> '{file,is_expired}', 'true', 'which the task says');
SELECT careforall.retention_set('export files', '2 days', 'for a test', false) \g /dev/null
SELECT isnt(pg_temp.try(format($$SELECT name FROM careforall.task_file(%L, %L)$$, :'owner', :'csv')), 'PL032', 'unless administrators keep it for longer');
SELECT careforall.retention_set('export files', NULL, 'for a test', false) \g /dev/null
SELECT is((SELECT removed FROM careforall.purge() WHERE what = 'export files'), 2::bigint, 'the purge takes its parts');

-- Rights are asked again with each part.
SELECT pg_temp.ask(:'viewer', jsonb_build_object('kind', 'pledge_export', 'campaign', 'tasks')) AS leaver \gset
SELECT count(*) FROM careforall.task_step() \g /dev/null
DELETE FROM careforall.campaign_members WHERE account_id = :'viewer';
SELECT results_eq('SELECT state FROM careforall.task_step()', $$VALUES ('failed')$$, 'who has left the team gets nothing more');
SELECT matches(pg_temp.task(:'leaver') ->> 'error', 'PL010', 'which is said');
SELECT is_empty(format($$SELECT FROM careforall.task_parts WHERE task_id = %L$$, :'leaver'), 'and no half file is left');

-- The audit log.
SELECT pg_temp.ask(:'admin', '{"kind": "audit_export", "filters": {"action": "pledges.export"}}') AS log \gset
SELECT pg_temp.work() \g /dev/null
SELECT is((pg_temp.task(:'log') ->> 'done')::bigint, (SELECT count(*) FROM careforall.audit_log WHERE action = 'pledges.export'), 'the audit log is exported by its filters');
SELECT is(split_part(pg_temp.file(:'log'), E'\r\n', 1), 'id,at,actor_id,actor_name,action,target_type,target_id,reason,detail', 'with its header');
SELECT matches((SELECT name FROM careforall.task_file(:'admin', :'log')), '^audit-log-', 'and name');
SELECT is(pg_temp.all_try($$SELECT 'seen' FROM careforall.task_read(%1$L, %2$L)$$, :'log'), '{PL005,PL005,PL005,PL005,seen}'::text[], 'for administrators');

-- Refunds of many: of the five, two are paid; one of these is asked back already.
SELECT pg_temp.new_pledge(:'other', 1000) AS paid, pg_temp.new_pledge(:'other', 1001) AS asked, pg_temp.new_pledge(:'other', 1002) AS waiting,
  pg_temp.new_pledge(:'other', 1003) AS over, pg_temp.new_pledge(:'other', 1004) AS back \gset
SELECT pg_temp.pay(p::uuid) FROM unnest(ARRAY[:'paid', :'asked', :'back']) p \g /dev/null
SELECT careforall.pledge_refund(:'asked', NULL, 'before the task') \g /dev/null
SELECT careforall.pledge_cancel(:'over', 'before the task') \g /dev/null
SELECT refund_id AS back_id FROM careforall.pledge_refund(:'back', NULL, 'before the task') \gset
SELECT careforall.payment_event_apply('stripe', 'evt_back', 'refund_succeeded', 'pi_' || :'back', :'back', :'back_id', 1004, 'EUR', NULL, '{}', NULL) \g /dev/null
CREATE TEMP TABLE before AS SELECT (SELECT count(*) FROM careforall.refunds) AS refunds, (SELECT count(*) FROM careforall.outbox) AS events;
SELECT pg_temp.ask(:'admin', '{"kind": "pledge_refund", "campaign": "other", "reason": "the event is off", "dry_run": true}') AS dry \gset
SELECT pg_temp.work() \g /dev/null
SELECT is(pg_temp.task(:'dry') -> 'outcomes', '{"requested": 1, "already_asked": 1, "is_pending": 1, "is_failed": 1, "already_refunded": 1}', 'a dry run tells the outcomes');
SELECT results_eq('SELECT refunds, events FROM before', 'SELECT (SELECT count(*) FROM careforall.refunds), (SELECT count(*) FROM careforall.outbox)', 'and writes nothing');
SELECT is((SELECT doc::jsonb FROM careforall.task_preview(:'admin', '{"kind": "pledge_refund", "campaign": "other", "filters": {"state": "confirmed"}}')),
  '{"total": 2, "is_too_large": false, "amount": {"amount": 2001, "currency": "EUR"}}'::jsonb, 'a preview counts');
SELECT pg_temp.ask(:'admin', '{"kind": "pledge_refund", "campaign": "other", "reason": "the event is off"}') AS refunds \gset
SELECT pg_temp.work() \g /dev/null
SELECT is(pg_temp.task(:'refunds') -> 'outcomes', '{"requested": 1, "already_asked": 1, "is_pending": 1, "is_failed": 1, "already_refunded": 1}', 'the task comes to the same');
SELECT results_eq(format($$SELECT target_id, outcome FROM careforall.task_outcomes WHERE task_id = %L ORDER BY place$$, :'refunds'),
  format($$VALUES (%L, 'requested'), (%L, 'already_asked'), (%L, 'is_pending'), (%L, 'is_failed'), (%L, 'already_refunded')$$, :'paid', :'asked', :'waiting', :'over', :'back'), 'row by row');
SELECT results_eq(format($$SELECT amount_minor, reason, requested_by FROM careforall.refunds WHERE pledge_id = %L$$, :'paid'),
  format($$VALUES (1000::bigint, 'the event is off', 'account:' || %L)$$, :'admin'), 'the refund is that of a single one');
SELECT results_eq(format($$SELECT action, reason, detail ->> 'acts_for' FROM careforall.audit_log WHERE target_id IN (%L, %L) AND action IN ('pledge.refund', 'task.create') ORDER BY id$$, :'paid', :'refunds'),
  format($$VALUES ('task.create', 'the event is off', 'account:' || %1$L), ('pledge.refund', 'the event is off', 'account:' || %1$L)$$, :'admin'), 'and audited as such');
SELECT results_eq(format($$SELECT doc ->> 'target_id', doc ->> 'outcome', number FROM careforall.task_item_list(%L, %L, 'is_pending', NULL, NULL, 5)$$, :'admin', :'refunds'),
  format($$VALUES (%L, 'is_pending', 3::bigint)$$, :'waiting'), 'outcomes are listed by word');
SELECT is(pg_temp.all_try($$SELECT count(*) FROM careforall.task_item_list(%1$L, %2$L, NULL, 2, NULL, 5)$$, :'refunds'), '{PL005,PL005,PL005,PL005,3}'::text[], 'in pages, for who sees the task');

-- A second person: what one may not give back alone is proposed, by whoever asked.
SELECT pg_temp.new_pledge(:'other', 800) AS below, pg_temp.new_pledge(:'other', 5000) AS above, pg_temp.new_pledge(:'other', 6000) AS psql_above \gset
SELECT pg_temp.pay(p::uuid) FROM unnest(ARRAY[:'below', :'above', :'psql_above']) p \g /dev/null
SELECT careforall.refund_limit_set('EUR', 1000, 'for a test') \g /dev/null
SELECT pg_temp.ask(:'admin', jsonb_build_object('kind', 'pledge_refund', 'campaign', 'other', 'reason', 'for a test', 'dry_run', n = 1,
  'filters', jsonb_build_object('ids', jsonb_build_array(:'below', :'above')))) AS second FROM generate_series(1, 3) n ORDER BY n LIMIT 3 \g /dev/null
SELECT set_config('careforall.actor', '', true) \g /dev/null
SELECT task_id AS second_psql FROM careforall.task_start('pledge_refund', 'other', jsonb_build_object('ids', jsonb_build_array(:'psql_above')), 'for a test', false) \gset
SELECT pg_temp.work() \g /dev/null
SELECT results_eq($$SELECT outcomes FROM careforall.tasks WHERE reason = 'for a test' AND kind = 'pledge_refund' AND campaign_id = '$$ || :'other' || $$' ORDER BY id$$,
  $$VALUES ('{"requested": 1, "proposed": 1}'::jsonb), ('{"requested": 1, "proposed": 1}'), ('{"already_asked": 1, "already_proposed": 1}'), ('{"proposed": 1}')$$, 'above the limit a refund is proposed, once');
SELECT results_eq(format($$SELECT proposed_by FROM careforall.refund_proposals WHERE pledge_id IN (%L, %L) ORDER BY id$$, :'above', :'psql_above'),
  format($$VALUES ('account:' || %L), (session_user::text COLLATE "default")$$, :'admin'), 'by whoever asked for the task, not by who works on it');
SELECT careforall.refund_limit_remove('EUR', 'for a test') \g /dev/null

-- Chosen by ids, cancelled; a pledge of another campaign is not among them.
SELECT pg_temp.ask(:'admin', jsonb_build_object('kind', 'pledge_cancel', 'campaign', 'other', 'reason', 'for a test',
  'filters', jsonb_build_object('ids', jsonb_build_array(:'waiting', :'paid', :'later')))) AS cancels \gset
SELECT pg_temp.work() \g /dev/null
SELECT is(pg_temp.task(:'cancels') -> 'outcomes', '{"canceled": 1, "is_confirmed": 1}', 'pledges are cancelled by their ids');
SELECT is((SELECT state FROM careforall.pledges WHERE id = :'later'), 'pending', 'those of other campaigns are not');

-- Parked work and events.
INSERT INTO careforall.payment_dead_letters (kind, target_id, pledge_id, attempts, code)
VALUES ('payment', :'paid', :'paid', 3, 'gone'), ('refund', :'asked', :'asked', 3, 'gone'), ('refund', :'back', :'back', 3, 'late');
INSERT INTO careforall.outbox_parked (outbox_id, event_id, xid, aggregate_type, aggregate_id, aggregate_version, campaign_id, type, data, occurred_at, recorded_at, consumer, reason)
SELECT id, event_id, xid, aggregate_type, aggregate_id, aggregate_version, campaign_id, type, data, occurred_at, recorded_at, 'relay', 'for a test'
FROM careforall.outbox WHERE aggregate_id IN (:'paid', :'back') AND type = 'pledge.confirmed';
SELECT pg_temp.ask(:'admin', '{"kind": "payment_redrive", "reason": "for a test", "filters": {"kind": "refund", "code": "gone"}}') AS redrive,
  pg_temp.ask(:'admin', '{"kind": "event_release", "reason": "for a test", "filters": {"type": "pledge.confirmed", "campaign": "other"}}') AS release \gset
SELECT careforall.outbox_release(:'back', 'before the task') \g /dev/null
SELECT pg_temp.work() \g /dev/null
SELECT is(pg_temp.task(:'redrive') -> 'outcomes', '{"redriven": 1}', 'parked work is redriven by its filters');
SELECT is((SELECT array_agg(state ORDER BY id) FROM careforall.payment_dead_letters), '{parked,redriven,parked}', 'and no other');
SELECT is(pg_temp.task(:'release') -> 'outcomes', '{"released": 1, "not_parked": 1}', 'parked events are released, those that somebody else has released are not parked');

-- psql: a dry run unless told otherwise, in the name of the log-in.
SELECT set_config('careforall.actor', '', true) \g /dev/null
SELECT task_id AS psql, how_many FROM careforall.task_start('pledge_refund', 'tasks', '{"state": "confirmed"}', 'for a test') \gset
SELECT is(:'how_many'::int, 0, 'none is confirmed');
SELECT pg_temp.pay(id) FROM careforall.pledges WHERE campaign_id = :'campaign' AND amount_minor < 400 \g /dev/null
SELECT task_id AS psql, how_many FROM careforall.task_start('pledge_refund', :'campaign', '{"state": "confirmed"}', 'for a test', false) \gset
SELECT is(:'how_many'::int, 299, '299 are');
SELECT isnt_empty('SELECT FROM careforall.task_step() WHERE state = ''done''', 'the empty one ends at once');
SELECT ok(done BETWEEN 1 AND 200 AND state = 'running', 'a step is a part') FROM careforall.task_step();
SELECT is(careforall.task_stop(:'psql', 'that is enough'), 'stopping', 'it is stopped');
SELECT is(careforall.task_stop(:'psql', 'that is enough'), 'stopping', 'again changes nothing');
SELECT done AS done_before FROM careforall.tasks WHERE id = :'psql' \gset
SELECT pg_temp.work() \g /dev/null
SELECT results_eq(format($$SELECT t.state, t.done, t.total, (SELECT count(*) FROM careforall.refunds r WHERE r.campaign_id = t.campaign_id), o.requested_by
    FROM careforall.tasks t, careforall.tasks_status o WHERE t.id = %1$L AND o.task_id = t.id$$, :'psql'),
  format($$VALUES ('stopped', %1$s::bigint, 299::bigint, %1$s::bigint, session_user::text COLLATE "default")$$, :'done_before'), 'what is done is done, and no more');
SELECT is(pg_temp.try(format($$SELECT careforall.task_stop(%L, 'once more')$$, :'psql')), 'PL002', 'what is over cannot be stopped');
SELECT is(pg_temp.try($$SELECT careforall.task_start('pledge_export', 'tasks', '{}', 'for a test')$$), '22023', 'psql has \copy');
SELECT is((SELECT detail ->> 'acts_for' FROM careforall.audit_log WHERE action = 'pledge.refund' ORDER BY id DESC LIMIT 1), NULL, 'in the name of the log-in');

-- Stopping through the API takes the right to ask; a task that waits is over at once.
SELECT pg_temp.ask(:'owner', jsonb_build_object('kind', 'pledge_refund', 'campaign', 'tasks', 'reason', 'for a test')) AS waits \gset
SELECT is(pg_temp.all_try($$SELECT doc ->> 'state' FROM careforall.task_end(%1$L, %2$L)$$, :'waits'), '{stopped,PL002,PL005,PL005,PL002}'::text[], 'the first stops it, the next is late');
SELECT is((SELECT count(*) FROM careforall.audit_log WHERE action = 'task.stop'), 2::bigint, 'stops are audited');

-- How long nobody has worked is a figure and a check.
CREATE FUNCTION pg_temp.idle() RETURNS double precision LANGUAGE sql AS $$ SELECT value FROM careforall.metrics() WHERE name = 'tasks_waiting_age_seconds' $$;
SELECT is(pg_temp.idle(), 0::double precision, 'without tasks nobody is waited for');
SELECT pg_temp.ask(:'owner', jsonb_build_object('kind', 'pledge_export', 'campaign', 'tasks')) AS idle \gset
UPDATE careforall.tasks SET created_at = clock_timestamp() - interval '10 minutes' WHERE id = :'idle';
SELECT ok(pg_temp.idle() BETWEEN 600 AND 660, 'since it was asked for');
SELECT results_eq($$SELECT status, hint FROM careforall.health WHERE "check" LIKE 'oldest task %'$$, $$VALUES ('warn', 'Is careforall-api running? Why a step fails is in its log.')$$, 'a warning');
UPDATE careforall.tasks SET state = 'running', worked_at = clock_timestamp() - interval '2 hours' WHERE id = :'idle';
SELECT is((SELECT status FROM careforall.health WHERE "check" LIKE 'oldest task %'), 'bad', 'also if somebody had begun');
UPDATE careforall.tasks SET worked_at = clock_timestamp() WHERE id = :'idle';
SELECT ok(pg_temp.idle() < 60, 'a step sets it back');
SELECT pg_temp.work() \g /dev/null
SELECT is(pg_temp.idle(), 0::double precision, 'and its end ends it');

-- Bounded.
SELECT is(pg_temp.try(format($$SELECT count(pg_temp.ask(%L, '{"kind": "pledge_export", "campaign": "tasks"}')) FROM generate_series(1, %s)$$, :'owner', n)), r, n || ' at a time')
FROM (VALUES (5, '5'), (1, 'PL031')) v (n, r);
SELECT * FROM finish();
ROLLBACK;
