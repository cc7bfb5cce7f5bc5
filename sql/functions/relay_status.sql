-- SPDX-License-Identifier: Apache-2.0
-- How far the consumers of the outbox are.

-- Every outbox row with an xid below it is behind the oldest kept checkpoint of
-- every consumer; NULL when that cannot be said, and then no partition is dropped.
CREATE OR REPLACE FUNCTION careforall.relay_horizon()
RETURNS xid8
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$ SELECT NULL::xid8 $$;

CREATE OR REPLACE FUNCTION careforall.relay_consumers()
RETURNS TABLE (consumer text, stream_seq bigint, snapshot pg_snapshot,
  checkpoint_at timestamptz, events_behind bigint, oldest_behind interval)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT NULL::text, NULL::bigint, NULL::pg_snapshot, NULL::timestamptz, NULL::bigint, NULL::interval
  WHERE false
$$;

COMMENT ON FUNCTION careforall.relay_horizon() IS
  'Outbox rows with an xid below it have been taken by every consumer; NULL if unknown.';
COMMENT ON FUNCTION careforall.relay_consumers() IS
  'Consumers of the outbox, their newest checkpoints, and how far behind they are.';
