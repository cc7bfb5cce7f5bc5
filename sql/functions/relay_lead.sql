-- SPDX-License-Identifier: Apache-2.0
-- Which relay leads.
--
-- Leading is a session advisory lock, so it ends with the session. The epoch fences
-- a leader that lives on without its session: what it writes with an old epoch
-- changes nothing, and the chain of sequences keeps it off the stream.

-- Tries to become the leader, without waiting: a session that waits for a lock would
-- hold back vacuum. Gives the new epoch, or NULL when another session leads.
CREATE OR REPLACE FUNCTION careforall.relay_lead(consumer text, holder text)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
SET synchronous_commit = 'on'
AS $$
DECLARE
  new_epoch bigint;
BEGIN
  IF NOT pg_try_advisory_lock(hashtext('careforall.relay'), hashtext(relay_lead.consumer)) THEN
    RETURN NULL;
  END IF;
  INSERT INTO careforall.relay_leaders AS l
    (consumer, epoch, holder, backend_pid, led_since, heartbeat_at)
  VALUES (relay_lead.consumer, 1, left(relay_lead.holder, 200), pg_backend_pid(),
          clock_timestamp(), clock_timestamp())
  ON CONFLICT ON CONSTRAINT relay_leaders_pkey DO UPDATE
  SET epoch = l.epoch + 1, holder = EXCLUDED.holder, backend_pid = EXCLUDED.backend_pid,
      led_since = EXCLUDED.led_since, heartbeat_at = EXCLUDED.heartbeat_at
  RETURNING l.epoch INTO new_epoch;
  RETURN new_epoch;
END
$$;

-- Gives the lock back; the epoch stays used up.
CREATE OR REPLACE FUNCTION careforall.relay_resign(consumer text)
RETURNS boolean
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT pg_advisory_unlock(hashtext('careforall.relay'), hashtext(relay_resign.consumer))
$$;

-- The backend of a leader that holds the lock and has been silent for longer than
-- that, else no row. The caller, who shares its role, may end it.
CREATE OR REPLACE FUNCTION careforall.relay_silent_leader(consumer text, silent_for interval)
RETURNS integer
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT k.pid
  FROM careforall.relay_leaders l
  JOIN pg_catalog.pg_locks k ON k.locktype = 'advisory' AND k.granted AND k.objsubid = 2
   AND k.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())
   AND k.classid::bigint = (hashtext('careforall.relay')::bigint & 4294967295)
   AND k.objid::bigint = (hashtext(l.consumer)::bigint & 4294967295)
   AND k.pid = l.backend_pid
  WHERE l.consumer = relay_silent_leader.consumer
    AND l.heartbeat_at < clock_timestamp() - relay_silent_leader.silent_for
$$;

-- The leader's sign of life; false when the epoch is not its own any more.
CREATE OR REPLACE FUNCTION careforall.relay_heartbeat(consumer text, epoch bigint)
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  UPDATE careforall.relay_leaders l SET heartbeat_at = clock_timestamp()
  WHERE l.consumer = relay_heartbeat.consumer AND l.epoch = relay_heartbeat.epoch;
  RETURN FOUND;
END
$$;

COMMENT ON FUNCTION careforall.relay_lead(text, text) IS
  'Tries to become the leading relay of a consumer; gives the new epoch or NULL.';
COMMENT ON FUNCTION careforall.relay_resign(text) IS
  'Gives the lead back.';
COMMENT ON FUNCTION careforall.relay_silent_leader(text, interval) IS
  'The backend of a leader that holds the lock but has stopped to give signs of life.';
COMMENT ON FUNCTION careforall.relay_heartbeat(text, bigint) IS
  'A sign of life of the leader; false when it has been fenced.';
