-- SPDX-License-Identifier: Apache-2.0
-- Goal: each kind of data ends at its time and not before, a bounded number at once; a
-- length that makes no sense is refused. Method: of each kind one row a minute too young
-- and one a minute old enough, made by hand.
\ir setup.psql
SELECT no_plan();

SELECT pg_temp.new_campaign('retention') AS campaign \gset
SELECT pg_temp.new_pledge(:'campaign', 1000) AS pledge, pg_temp.new_pledge(:'campaign', 1000) AS open \gset
SELECT pg_temp.pay(:'pledge') \g /dev/null
DELETE FROM careforall.inbox;
INSERT INTO careforall.accounts (email, name, password_hash) VALUES ('r@example.org', 'R', '$argon2id$v=19$x') RETURNING id AS account \gset
INSERT INTO careforall.sessions (account_id, expires_at, ends_at) VALUES (:'account', now() + interval '1 day', now() + interval '1 day') RETURNING id AS session \gset

-- A row of a kind, by the time that it is judged by.
CREATE FUNCTION pg_temp.make(kind text, at timestamptz, pledge uuid, account uuid, session uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  id uuid := gen_random_uuid();
  hash bytea := sha256(id::text::bytea);
BEGIN
  CASE kind
    WHEN 'parked events' THEN
      INSERT INTO careforall.outbox_parked (outbox_id, event_id, xid, aggregate_type, aggregate_id, aggregate_version, campaign_id, type, data, occurred_at, recorded_at, consumer, reason, state, decided_at)
      VALUES (abs(hashtext(id::text)), id, '3', 'pledge', pledge, 1, pledge, 'pledge.created', '{}', at, at, 'relay', 'test', 'sent', at);
    WHEN 'replays' THEN
      INSERT INTO careforall.outbox_replays (first_id, last_id, events, state, requested_by, reason, updated_at) VALUES (1, 1, 1, 'done', 'x', 'test', at);
    WHEN 'consumer reports' THEN
      INSERT INTO careforall.consumer_reports (consumer, instance, is_paused, state, failures, reported_at) VALUES ('relay', id::text, false, 'x', 0, at);
    WHEN 'idempotency keys' THEN
      INSERT INTO careforall.idempotency_keys VALUES (hash, hash, pledge, at);
    WHEN 'refund keys' THEN
      INSERT INTO careforall.refunds (pledge_id, campaign_id, amount_minor, currency, kind, reason, requested_by, state, key_hash, fingerprint, created_at)
      VALUES (pledge, pledge, 1, 'EUR', 'manual', 'test', 'x', 'failed', hash, hash, at);
    WHEN 'inbox events' THEN
      INSERT INTO careforall.inbox (provider, event_id, kind, pledge_id, outcome, received_at) VALUES ('stripe', id::text, 'x', pledge, 'applied', at);
    WHEN 'dead letters' THEN
      INSERT INTO careforall.payment_dead_letters (kind, target_id, pledge_id, attempts, code, state, decided_at) VALUES ('payment', id, pledge, 1, 'x', 'resolved', at);
    WHEN 'sessions' THEN
      INSERT INTO careforall.sessions (account_id, created_at, expires_at, ends_at) VALUES (account, at - interval '1 day', at, at);
    WHEN 'used refresh tokens' THEN
      INSERT INTO careforall.refresh_tokens (token_hash, session_id, generation, used_at) VALUES (hash, session, 1, at);
    WHEN 'failed log-ins' THEN
      INSERT INTO careforall.login_failures VALUES (hash, 1, at, at);
    WHEN 'unused administrator tokens' THEN
      INSERT INTO careforall.admin_tokens (token_hash, expires_at) VALUES (hash, at);
    WHEN 'waiting lists' THEN
      INSERT INTO careforall.waiting_entries (campaign_id, name, email, token_hash, joined_at)
      SELECT c.id, 'W', 'w@example.org', hash, at FROM careforall.campaigns c;
    WHEN 'unused images' THEN
      INSERT INTO careforall.campaign_images (sha256, media_type, width, height, bytes, uploaded_at) VALUES (sha256(hash), 'image/png', 1, 1, hash, at);
    WHEN 'export files' THEN
      INSERT INTO careforall.tasks (id, kind, requested_by, format, state, total, finished_at) VALUES (id, 'audit_export', 'x', 'csv', 'done', 1, at);
      INSERT INTO careforall.task_parts (task_id, place, data) VALUES (id, 0, hash);
    WHEN 'tasks' THEN
      INSERT INTO careforall.tasks (kind, requested_by, state, total, finished_at) VALUES ('payment_redrive', 'x', 'done', 1, at);
  END CASE;
END
$$;
CREATE FUNCTION pg_temp.purged(kind text, max integer DEFAULT 100) RETURNS bigint LANGUAGE sql AS
$$ SELECT p.removed FROM careforall.purge(max) p WHERE p.what = kind $$;
CREATE TEMPORARY TABLE kinds AS SELECT * FROM careforall.retention WHERE done_by = 'purge';

SELECT results_eq('SELECT what FROM careforall.purge(0)', 'SELECT kind FROM kinds', 'the purge knows each kind that is its own');
SELECT is_empty('SELECT * FROM careforall.purge() WHERE removed > 0', 'nothing is over yet');
SELECT pg_temp.make(kind, clock_timestamp() - keep + interval '1 minute', :'pledge', :'account', :'session') FROM kinds \g /dev/null
SELECT is_empty('SELECT * FROM careforall.purge() WHERE removed > 0', 'nothing younger goes');
SELECT is_empty($$SELECT * FROM careforall.retention WHERE waiting > 0 AND kind <> 'events'$$, 'and nothing waits');
SELECT pg_temp.make(kind, clock_timestamp() - keep - interval '1 minute', :'pledge', :'account', :'session') FROM kinds, generate_series(1, 3) \g /dev/null
SELECT results_eq($$SELECT kind, waiting, oldest > keep FROM careforall.retention WHERE done_by = 'purge'$$, 'SELECT kind, 3::bigint, true FROM kinds', 'the view tells what waits, and how old it is');
SELECT results_eq('SELECT what, removed FROM careforall.purge(2)', 'SELECT kind, 2::bigint FROM kinds', 'at most max of each kind go');
SELECT results_eq('SELECT what, removed FROM careforall.purge()', 'SELECT kind, 1::bigint FROM kinds', 'the rest at the next run');
SELECT results_eq('SELECT waiting, oldest < keep FROM careforall.retention WHERE done_by = ''purge''', 'SELECT 0::bigint, true FROM kinds', 'the younger ones stay');

-- What is still needed stays, however old.
SELECT pg_temp.make('inbox events', '2001-01-01', :'open', NULL, NULL) \g /dev/null
SELECT is(pg_temp.purged('inbox events'), 0::bigint, 'a provider event of a pending pledge stays');
INSERT INTO careforall.refunds (pledge_id, campaign_id, amount_minor, currency, kind, reason, requested_by, created_at)
VALUES (:'pledge', :'campaign', 1, 'EUR', 'manual', 'test', 'x', '2001-01-01') RETURNING id AS refund \gset
SELECT pg_temp.make('inbox events', '2001-01-01', :'pledge', NULL, NULL) \g /dev/null
SELECT is(pg_temp.purged('inbox events'), 0::bigint, 'and one of a pledge with a refund under way');
DELETE FROM careforall.payment_dead_letters;
INSERT INTO careforall.payment_dead_letters (kind, target_id, pledge_id, attempts, code, state, decided_at) VALUES
  ('payment', gen_random_uuid(), :'pledge', 1, 'x', 'parked', NULL), ('cancel', gen_random_uuid(), :'pledge', 1, 'x', 'redriven', '2001-01-01');
SELECT is(pg_temp.purged('dead letters'), 0::bigint, 'payment work that is not done stays');
INSERT INTO careforall.outbox_replays (first_id, last_id, events, state, requested_by, reason, updated_at) VALUES (1, 1, 1, 'running', 'x', 'test', '2001-01-01');
SELECT is(pg_temp.purged('replays'), 0::bigint, 'a running replay stays');
SELECT pg_temp.make('parked events', '2001-01-01', :'pledge', NULL, NULL) \g /dev/null
UPDATE careforall.outbox_parked SET state = 'parked' WHERE decided_at = '2001-01-01';
SELECT is(pg_temp.purged('parked events'), 0::bigint, 'an event that waits for a decision stays');
UPDATE careforall.outbox_parked p SET state = 'dropped', outbox_id = o.id, xid = o.xid
FROM (SELECT id, xid FROM careforall.outbox ORDER BY id LIMIT 1) o WHERE p.decided_at = '2001-01-01';
SELECT is(pg_temp.purged('parked events'), 0::bigint, 'and one that the outbox still has: the relay may read it again');
UPDATE careforall.outbox_parked SET xid = '3' WHERE decided_at = '2001-01-01';
SELECT is(pg_temp.purged('parked events'), 1::bigint, 'then it goes');
INSERT INTO careforall.refresh_tokens (token_hash, session_id, generation, issued_at) VALUES (sha256('open'), :'session', 2, '2001-01-01');
SELECT is(pg_temp.purged('used refresh tokens'), 0::bigint, 'a token that was not used stays');

-- Contact data.
SELECT is(careforall.contact_erase(), 0::bigint, 'no donor is forgotten yet');
SELECT careforall.clock_set(clock_timestamp() + interval '10 years 1 hour') \g /dev/null
SELECT is((SELECT waiting FROM careforall.retention WHERE kind = 'contact data'), 0::bigint, 'nor one with money under way, ever');
UPDATE careforall.refunds SET state = 'failed' WHERE id = :'refund';
SELECT is((SELECT waiting FROM careforall.retention WHERE kind = 'contact data'), 1::bigint, 'after ten years the others are');
SELECT is(careforall.contact_erase(0), 0::bigint, 'at most max at once');
SELECT is(careforall.contact_erase(), 1::bigint, 'the donor is taken off');
SELECT results_eq(format('SELECT donor_name, donor_email, message, amount_minor, state FROM careforall.pledges WHERE id = %L', :'pledge'),
  $$VALUES ('erased', 'erased@erased.invalid', '', 1000::bigint, 'confirmed')$$, 'and the pledge stays');
SELECT is((SELECT donor_name FROM careforall.pledges WHERE id = :'open'), 'Amina', 'a pending one is as it was');
SELECT is(careforall.contact_erase(), 0::bigint, 'once');
SELECT is_empty('SELECT * FROM careforall.verify() WHERE violations > 0', 'all invariants hold');
SELECT careforall.clock_reset() \g /dev/null

-- Other lengths.
SELECT throws_ok($$SELECT careforall.retention_set('letters', '1 day', 'because')$$, '22023', 'unrecognized kind of data: "letters"', 'an unknown kind is refused');
SELECT throws_ok($$SELECT careforall.retention_set('sessions', '1 day', '')$$, '22023', NULL, 'a reason is needed');
SELECT throws_ok(format($$SELECT careforall.retention_set(%L, %L, 'because', false)$$, kind, keep_min - interval '1 second'), '22023', NULL, kind || ': not less than its floor')
FROM careforall.retention;
SELECT throws_ok(format($$SELECT careforall.retention_set(%L, %L, 'because', false)$$, kind, keep_max + interval '1 day'), '22023', NULL, kind || ': not more than its most')
FROM careforall.retention;
SELECT is_empty('TABLE careforall.retention_overrides', 'nothing came of it');
SELECT pg_temp.make('failed log-ins', clock_timestamp() - interval '3 hours', NULL, NULL, NULL) \g /dev/null
SELECT results_eq($$SELECT result, keep_before, keep_after, rows_past_it FROM careforall.retention_set('failed log-ins', '2 hours', 'less is enough')$$,
  $$VALUES ('dry run: nothing changed', interval '1 day', interval '2 hours', 2::bigint)$$, 'a dry run says what would go');
SELECT is((SELECT keep FROM careforall.retention WHERE kind = 'failed log-ins'), '1 day'::interval, 'and changes nothing');
SELECT is((SELECT result FROM careforall.retention_set('failed log-ins', '2 hours', 'less is enough', false)), 'set', 'it is set');
SELECT results_eq($$SELECT keep, set_by, waiting FROM careforall.retention WHERE kind = 'failed log-ins'$$, $$VALUES (interval '2 hours', 'postgres', 2::bigint)$$, 'the view tells by whom');
SELECT is(pg_temp.purged('failed log-ins'), 2::bigint, 'the purge goes by it');
SELECT is((SELECT reason || ' ' || detail::text FROM careforall.audit_log WHERE action = 'retention.set'),
  'less is enough {"to": "02:00:00", "from": "1 day"}', 'it is audited');
SELECT is((SELECT keep_after FROM careforall.retention_set('failed log-ins', NULL, 'back again', false)), '1 day'::interval, 'NULL is the default again');
SELECT is((SELECT set_by FROM careforall.retention WHERE kind = 'failed log-ins'), 'default', 'and shown as such');
SELECT is((SELECT result FROM careforall.retention_set('events', '2 days', 'small disk', false)), 'set', 'events too');
SELECT is(careforall.outbox_retention(), '2 days'::interval, 'which the rotation follows');
INSERT INTO careforall.retention_overrides VALUES ('inbox events', '1 day', 'by hand', 'x');
SELECT is((SELECT keep FROM careforall.retention WHERE kind = 'inbox events'), '30 days'::interval, 'a length below its floor, however it came there, counts as the floor');

SELECT finish();
ROLLBACK;
