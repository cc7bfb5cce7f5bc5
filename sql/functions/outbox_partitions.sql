-- SPDX-License-Identifier: Apache-2.0
-- The daily partitions of the outbox.

-- The partitions of the outbox and the time range of each; the default partition
-- has no range.
CREATE OR REPLACE FUNCTION careforall.outbox_partitions()
RETURNS TABLE (partition text, from_time timestamptz, to_time timestamptz)
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT c.relname::text, b.bounds[1]::timestamptz, b.bounds[2]::timestamptz
  FROM pg_catalog.pg_inherits i
  JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
  CROSS JOIN LATERAL (SELECT regexp_match(pg_get_expr(c.relpartbound, c.oid),
    $re$FROM \('([^']+)'\) TO \('([^']+)'\)$re$) AS bounds) b
  WHERE i.inhparent = 'careforall.outbox'::regclass
$$;

COMMENT ON FUNCTION careforall.outbox_partitions() IS
  'Partitions of the outbox with their time ranges.';
