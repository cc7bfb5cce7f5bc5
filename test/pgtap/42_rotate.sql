-- SPDX-License-Identifier: Apache-2.0
-- Goal: the outbox always has a partition for today, old ones go when nobody needs
-- them, and never before. Method: old partitions are made by hand; how far the
-- consumers are is told by a stand-in of relay_horizon().
\ir setup.psql
SET LOCAL timezone = 'UTC';
SELECT plan(17);

CREATE FUNCTION pg_temp.old_day(days integer) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_temp.run_as('careforall_owner', format('SELECT careforall.outbox_partition_make(%L)',
    (clock_timestamp() AT TIME ZONE 'UTC')::date - days));
  RETURN to_char((clock_timestamp() AT TIME ZONE 'UTC')::date - days, '"outbox_"YYYYMMDD');
END
$$;
CREATE FUNCTION pg_temp.old_event(days integer) RETURNS void LANGUAGE sql AS $$
  INSERT INTO careforall.outbox (event_id, aggregate_type, aggregate_id, aggregate_version, campaign_id, type, data, occurred_at, recorded_at)
  VALUES (careforall.uuid7(), 'pledge', careforall.uuid7(), 1, careforall.uuid7(), 'pledge.created', '{}', now(), clock_timestamp() - make_interval(days => days))
$$;
CREATE FUNCTION pg_temp.horizon_is(value text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE OR REPLACE FUNCTION careforall.relay_horizon() RETURNS xid8 LANGUAGE sql STABLE AS %L',
    'SELECT ' || value || '::xid8');
END
$$;

SELECT is_empty('SELECT * FROM careforall.outbox_rotate()', 'after the installation there is nothing to do');
SELECT is((SELECT count(*) FROM careforall.outbox_partitions() WHERE to_time > clock_timestamp()), 4::bigint, 'today and three days ahead');
SELECT is((SELECT count(*) FROM careforall.outbox_partitions() WHERE from_time <= clock_timestamp() AND to_time > clock_timestamp()), 1::bigint, 'one of them is today');
SELECT is((SELECT count(*) FROM careforall.outbox_rotate(5)), 2::bigint, 'more days when asked for');
SELECT is((SELECT min(to_time - from_time) || ' ' || max(to_time - from_time) FROM careforall.outbox_partitions()), '1 day 1 day', 'each is one day');
SELECT is_empty($$SELECT o.partition FROM careforall.outbox_partitions() o
  WHERE o.from_time IS NOT NULL AND NOT EXISTS (
    SELECT FROM careforall.outbox_partitions() n WHERE n.to_time = o.from_time OR o.from_time <= date_trunc('day', clock_timestamp()))$$,
  'without a hole between them');

SELECT pg_temp.old_day(20) AS empty_day, pg_temp.old_day(10) AS full_day, pg_temp.old_day(6) AS young_day \gset
SELECT pg_temp.old_event(10), pg_temp.old_event(6) \g /dev/null
SELECT is((SELECT count(*) FROM careforall.outbox_default), 0::bigint, 'events go into the partition of their day');

SELECT pg_temp.horizon_is('NULL') \g /dev/null
SELECT results_eq('SELECT * FROM careforall.outbox_rotate()',
  format($$VALUES (%L, 'dropped'), (%L, 'kept: not every consumer is past it')$$, :'empty_day', :'full_day'),
  'an empty day goes; events nobody has taken stay');
SELECT pg_temp.horizon_is(format('%L', pg_current_xact_id())) \g /dev/null
SELECT results_eq('SELECT * FROM careforall.outbox_rotate()',
  format($$VALUES (%L, 'kept: not every consumer is past it')$$, :'full_day'), 'an event on the horizon stays');
SELECT pg_temp.horizon_is(format('%L', pg_current_xact_id()::text::bigint + 1)) \g /dev/null
SELECT results_eq('SELECT * FROM careforall.outbox_rotate()', format($$VALUES (%L, 'dropped')$$, :'full_day'), 'past the horizon it goes');
SELECT hasnt_table('careforall'::name, :'full_day'::name, 'its table is gone');
SELECT has_table('careforall'::name, :'young_day'::name, 'a day within retention stays');
SELECT is((SELECT count(*) FROM careforall.outbox WHERE occurred_at = now() AND type = 'pledge.created' AND data::text = '{}'), 1::bigint, 'its event too');

SELECT pg_temp.old_event(400) \g /dev/null
SELECT results_eq('SELECT * FROM careforall.outbox_rotate()', $$VALUES ('outbox_default', 'holds 1 rows')$$, 'an event outside all partitions is reported');
SELECT is((SELECT value FROM careforall.metrics() WHERE name = 'outbox_default_rows'), 1::double precision, 'and is a metric');
SET LOCAL ROLE careforall_owner;
SELECT careforall.outbox_partition_make((clock_timestamp() AT TIME ZONE 'UTC')::date - 400) AS made \gset
RESET ROLE;
SELECT is(:'made'::text, 'blocked: outbox_default holds rows of this day', 'its day cannot be made any more');
SELECT hasnt_table('careforall'::name, to_char((clock_timestamp() AT TIME ZONE 'UTC')::date - 400, '"outbox_"YYYYMMDD')::name, 'and leaves no half made table');

SELECT finish();
ROLLBACK;
