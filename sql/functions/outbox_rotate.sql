-- SPDX-License-Identifier: Apache-2.0
-- Daily partitions of the outbox: made ahead, dropped when nobody needs them.
--
-- A partition holds one UTC day by recorded_at, which is wall clock; so days are
-- counted by the wall clock here, and careforall.clock() does not matter. Every
-- lock is asked for with a short lock_timeout: a partition that is in use is left
-- for the next run, and no pledge ever waits for rotation longer than that.

-- How long the outbox keeps events that every consumer has taken.
CREATE OR REPLACE FUNCTION careforall.outbox_retention()
RETURNS interval
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT e.keep FROM careforall.retention_of('events') e
$$;

-- Makes the partition of one day and says what came of it. It is built outside and
-- then attached, because ATTACH lets writers of the outbox go on.
CREATE OR REPLACE FUNCTION careforall.outbox_partition_make(day date)
RETURNS text
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
SET lock_timeout = '500ms'
SET timezone = 'UTC'
AS $$
DECLARE
  name text := to_char(day, '"outbox_"YYYYMMDD');
BEGIN
  EXECUTE format('CREATE TABLE careforall.%I (LIKE careforall.outbox INCLUDING ALL)', name);
  EXECUTE format('COMMENT ON TABLE careforall.%I IS %L', name,
    format('Events recorded on %s UTC.', day));
  EXECUTE format('ALTER TABLE careforall.outbox ATTACH PARTITION careforall.%I'
    ' FOR VALUES FROM (%L) TO (%L)', name, day::timestamptz, (day + 1)::timestamptz);
  RETURN 'created';
EXCEPTION
  WHEN lock_not_available THEN
    RETURN 'busy';
  WHEN check_violation THEN
    RETURN 'blocked: outbox_default holds rows of this day';
END
$$;

-- Drops one partition if all of it is behind horizon, and says what came of it.
CREATE OR REPLACE FUNCTION careforall.outbox_partition_drop(partition text, horizon xid8)
RETURNS text
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
SET lock_timeout = '500ms'
AS $$
DECLARE
  newest xid8;
BEGIN
  EXECUTE format('SELECT o.xid FROM careforall.%I o ORDER BY o.xid DESC LIMIT 1', partition)
  INTO newest;
  IF newest IS NOT NULL AND (horizon IS NULL OR newest >= horizon) THEN
    RETURN 'kept: not every consumer is past it';
  END IF;
  EXECUTE format('ALTER TABLE careforall.outbox DETACH PARTITION careforall.%I', partition);
  EXECUTE format('DROP TABLE careforall.%I', partition);
  RETURN 'dropped';
EXCEPTION
  WHEN lock_not_available THEN
    RETURN 'busy';
END
$$;

-- Makes the partitions of today and the next days_ahead days, drops those older
-- than careforall.outbox_retention (at least one hour) that every consumer has
-- passed, and reports rows that found no partition. One row for each thing done or
-- left undone; no row means that all is as it should be.
CREATE OR REPLACE FUNCTION careforall.outbox_rotate(days_ahead integer DEFAULT 3)
RETURNS TABLE (partition text, result text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
SET timezone = 'UTC'
AS $$
#variable_conflict use_column
DECLARE
  today     date := clock_timestamp()::date;
  oldest    timestamptz := clock_timestamp() - careforall.outbox_retention();
  horizon   xid8 := careforall.relay_horizon();
  stray     bigint;
  day       date;
BEGIN
  FOR day IN
    SELECT today + n FROM generate_series(0, LEAST(GREATEST(days_ahead, 0), 31)) n
    WHERE NOT EXISTS (SELECT FROM careforall.outbox_partitions() o
                      WHERE o.from_time <= (today + n)::timestamptz
                        AND o.to_time > (today + n)::timestamptz)
  LOOP
    partition := to_char(day, '"outbox_"YYYYMMDD');
    result := careforall.outbox_partition_make(day);
    RETURN NEXT;
  END LOOP;

  FOR partition IN
    SELECT o.partition FROM careforall.outbox_partitions() o
    WHERE o.to_time <= oldest ORDER BY o.from_time
  LOOP
    result := careforall.outbox_partition_drop(partition, horizon);
    RETURN NEXT;
  END LOOP;

  SELECT count(*) INTO stray FROM (SELECT FROM careforall.outbox_default LIMIT 100000) d;
  IF stray > 0 THEN
    partition := 'outbox_default';
    result := format('holds %s%s rows', stray, CASE WHEN stray = 100000 THEN ' or more' ELSE '' END);
    RETURN NEXT;
  END IF;
END
$$;

COMMENT ON FUNCTION careforall.outbox_retention() IS
  'How long the outbox keeps events that every consumer has taken: see the view retention.';
COMMENT ON FUNCTION careforall.outbox_partition_make(date) IS
  'Makes the outbox partition of one UTC day.';
COMMENT ON FUNCTION careforall.outbox_partition_drop(text, xid8) IS
  'Drops an outbox partition whose rows all consumers have passed.';
COMMENT ON FUNCTION careforall.outbox_rotate(integer) IS
  'Makes outbox partitions for the next days and drops those past retention that every consumer has passed.';
