-- SPDX-License-Identifier: Apache-2.0
-- Goal: administrators find pledges, count them over time, and decide about parked
-- events, from psql and for the API; nobody else does through the API's functions.
-- Method: a few pledges and events made for it.
\ir setup.psql
SELECT no_plan();

SELECT pg_temp.new_campaign('find-me') AS campaign \gset
SELECT pg_temp.new_pledge(:'campaign', 1000, 'name', 'Zora Quill', 'Zora@Example.org') AS one \gset
SELECT pg_temp.new_pledge(:'campaign', 2000, 'none', 'Zora Hidden', 'zora%x@example.org', 'secretwords') AS two \gset
INSERT INTO careforall.rewards (campaign_id, title, min_amount_minor) VALUES (:'campaign', 'Seat', 100), (:'campaign', 'Card', 100);
SELECT min(id::text) FILTER (WHERE title = 'Seat') AS seat, min(id::text) FILTER (WHERE title = 'Card') AS card
FROM careforall.rewards WHERE campaign_id = :'campaign' \gset
SELECT pg_temp.new_pledge(:'campaign', 3000, 'name', 'Other', 'other@example.org', reward => :'seat') AS three \gset
SELECT pg_temp.pay(:'one'), pg_temp.pay(:'two') \g /dev/null

-- Searching, from psql.
CREATE FUNCTION pg_temp.found(arguments text) RETURNS uuid[] LANGUAGE plpgsql AS $$
DECLARE
  ids uuid[];
BEGIN
  EXECUTE 'SELECT array_agg(s.pledge_id) FROM careforall.pledge_search(' || arguments || ') s' INTO ids;
  RETURN COALESCE(ids, '{}');
END
$$;
SELECT is(pg_temp.found(arguments), ids::uuid[], arguments) FROM (VALUES
  ($$campaign => 'find-me'$$, ARRAY[:'three', :'two', :'one']),
  ($$campaign => 'find-me', sort => 'amount'$$, ARRAY[:'three', :'two', :'one']),
  ($$campaign => 'find-me', max => 1$$, ARRAY[:'three']),
  (format('reference => %L', :'one'), ARRAY[:'one']),
  (format('reference => %L', left(:'one', 33)), ARRAY[:'one']),
  (format('reference => %L', 'pi_' || :'two'), ARRAY[:'two']),
  ($$email => 'zora@example.ORG'$$, ARRAY[:'one']),
  ($$email => 'zora*'$$, ARRAY[:'two', :'one']),
  ($$email => 'zora%*'$$, ARRAY[:'two']),
  ($$email => 'zor_@example.org'$$, '{}'),
  ($$name => 'ZORA', state => 'confirmed'$$, ARRAY[:'two', :'one']),
  ($$campaign => 'find-me', amount_min => 1001, amount_max => 2999$$, ARRAY[:'two']),
  ($$campaign => 'find-me', currency => 'USD'$$, '{}'),
  ($$campaign => 'find-me', state => 'pending'$$, ARRAY[:'three']),
  ($$campaign => 'find-me', created_from => careforall.clock() - interval '1 hour', created_to => careforall.clock() + interval '1 hour'$$, ARRAY[:'three', :'two', :'one']),
  ($$campaign => 'find-me', created_to => careforall.clock() - interval '1 hour'$$, '{}'),
  ($$campaign => 'there-is-none'$$, '{}'),
  (format('reward_id => %L', :'seat'), ARRAY[:'three']),
  (format('reward_id => %L', :'card'), '{}'),
  (format('reward_id => %L, campaign => %L', :'seat', 'another'), '{}')) v (arguments, ids);
SELECT results_eq(format('SELECT donor, donor_email FROM careforall.pledge_search(reference => %L)', :'two'),
  $$VALUES ('(hidden)', 'z***@e***.org')$$, 'what is found is masked');

-- The indexes that searching needs are used.
CREATE FUNCTION pg_temp.plan_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  line text;
  plan text := '';
BEGIN
  SET LOCAL enable_seqscan = off;
  FOR line IN EXECUTE 'EXPLAIN ' || statement LOOP
    plan := plan || line;
  END LOOP;
  RETURN plan;
END
$$;
SELECT matches(pg_temp.plan_of($$SELECT FROM careforall.pledges p WHERE lower(p.donor_email) LIKE 'zora%'$$), 'pledges_donor_email_idx', 'an address by how it begins');
SELECT matches(pg_temp.plan_of($$SELECT FROM careforall.pledges p WHERE lower(p.donor_email) = 'zora'$$), 'pledges_donor_email_idx', 'an address');
SELECT matches(pg_temp.plan_of($$SELECT FROM careforall.refunds r WHERE r.provider_refund_id = 're_1'$$), 'refunds_provider_refund_id_idx', 'the provider''s id of a refund');
SELECT has_index('careforall', 'pledges', 'pledges_created_at_idx', 'a range of time');

-- Ending: a dry run writes nothing.
SELECT results_eq(format($$SELECT result, state, version FROM careforall.pledge_cancel(%L, 'only looking', dry_run => true)$$, :'three'),
  $$VALUES ('dry run: nothing written', 'pending', 1::bigint)$$, 'cancelling can be tried');
SELECT results_eq(format($$SELECT result FROM careforall.hold_release(%L, 'only looking', true, true)$$, :'three'),
  $$VALUES ('dry run: nothing written')$$, 'so can releasing a hold');
SELECT is((SELECT state FROM careforall.pledges WHERE id = :'three'), 'pending', 'and it is still pending');
SELECT is_empty(format($$SELECT FROM careforall.audit_log WHERE target_id = %L$$, :'three'), 'without an audit row');
SELECT throws_ok(format($$SELECT careforall.pledge_cancel(%L, 'too late', true)$$, :'one'), 'PL002', NULL, 'a try is refused as the real thing is');

-- Figures.
SELECT results_eq($$SELECT state, pledges, amount FROM careforall.stats_series('hour', campaign => 'find-me')$$,
  $$VALUES ('confirmed', 2::bigint, '30.00 EUR'), ('pending', 1, '30.00 EUR')$$, 'figures by state');
SELECT is(careforall.stats_edges('day', 'Europe/Berlin', '2026-03-28 12:00Z', '2026-03-30 12:00Z'),
  '{2026-03-27 23:00Z,2026-03-28 23:00Z,2026-03-29 22:00Z,2026-03-30 22:00Z}'::timestamptz[], 'a day has 23 hours when the clocks go forward');
SELECT is(careforall.stats_edges('week', 'UTC', '2026-11-23 00:00Z', '2026-11-30 00:00Z'),
  '{2026-11-23 00:00Z,2026-11-30 00:00Z}'::timestamptz[], 'a whole week is one bucket');
SELECT throws_ok(format('SELECT careforall.stats_edges(%L, %L, %L, %L)', b, z, f, t), 'PL030', NULL, b || ' ' || z || ' ' || f || ' ' || t) FROM (VALUES
  ('day', 'Nowhere/Land', '2026-01-01Z', '2026-01-02Z'),
  ('day', 'CEST', '2026-01-01Z', '2026-01-02Z'),
  ('day', 'A/B+3', '2026-01-01Z', '2026-01-02Z'),
  ('day', 'UTC', '2026-01-02Z', '2026-01-02Z'),
  ('hour', 'UTC', '2026-01-01Z', '2026-03-01Z')) v (b, z, f, t);
SELECT lives_ok($$SELECT careforall.stats_edges('hour', 'UTC', '2026-01-01Z', '2026-02-03 08:00Z')$$, '800 buckets are not too many');

-- Parked events.
INSERT INTO careforall.outbox_parked (outbox_id, event_id, xid, aggregate_type, aggregate_id, aggregate_version,
  campaign_id, type, data, occurred_at, recorded_at, consumer, reason)
SELECT 9000 + n, careforall.uuid7(), '3', 'pledge', CASE WHEN n < 3 THEN :'one'::uuid ELSE :'two'::uuid END, n,
  :'campaign', CASE n WHEN 2 THEN 'b' ELSE 'a' END, '{}', now(), now(), 'relay', 'for a test'
FROM generate_series(1, 3) n;
SELECT results_eq($$SELECT events, outcome FROM careforall.outbox_release_matching('b', NULL, 'only looking')$$,
  $$VALUES (2::bigint, 'would_release')$$, 'the default is a dry run, of whole aggregates');
SELECT is((SELECT count(*) FROM careforall.outbox_parked WHERE state = 'parked'), 3::bigint, 'which releases nothing');
SELECT is_empty($$SELECT FROM careforall.outbox_release_matching(NULL, 'there-is-none', 'only looking')$$, 'nothing fits another campaign');
SELECT results_eq($$SELECT aggregate_type, outcome FROM careforall.outbox_release_matching('b', 'find-me', 'let them go', false)$$,
  $$VALUES ('pledge', 'released')$$, 'then for good');
SELECT results_eq('SELECT state FROM careforall.outbox_parked ORDER BY outbox_id', ARRAY['released', 'released', 'parked'], 'and only what fits');
SELECT throws_ok($$SELECT careforall.outbox_release_matching(NULL, NULL, '')$$, '22023', NULL, 'a reason is required, also to look');

-- The API's functions ask who acts.
SELECT account_id AS donor FROM careforall.account_add('donor@example.org', 'Donor', 'donor',
  '$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA', '', sha256('a'), 'test') \gset
SELECT throws_ok(format('SELECT careforall.%I(%L%s)', p.proname, :'donor', repeat(', NULL', p.pronargs - 1)), 'PL010', NULL,
  p.proname || ' refuses a donor')
FROM pg_proc p WHERE p.pronamespace = 'careforall'::regnamespace AND p.proname LIKE 'admin\_%' AND p.proargnames[1] = 'actor'
ORDER BY p.proname;
SELECT throws_ok(format('SELECT careforall.%I(%L%s)', p.proname, careforall.uuid7(), repeat(', NULL', p.pronargs - 1)), 'PL011', NULL,
  p.proname || ' refuses an account that is not there')
FROM pg_proc p WHERE p.pronamespace = 'careforall'::regnamespace AND p.proname LIKE 'admin\_%' AND p.proargnames[1] = 'actor'
ORDER BY p.proname;
SELECT throws_ok(format($$SELECT careforall.campaign_stats(%L, 'find-me', 'day', 'UTC', NULL, NULL)$$, :'donor'), 'PL010', NULL,
  'figures of a campaign are for its people');

SELECT finish();
ROLLBACK;
