-- SPDX-License-Identifier: Apache-2.0
-- Pausing relay, projector and payments, and how they are.

-- What a process says of itself about once a second; gives whether it has to pause.
-- A new process removes the rows of those that have been silent for long.
CREATE OR REPLACE FUNCTION careforall.consumer_report(
  consumer text, instance text, is_paused boolean, state text, stream_seq bigint,
  pending bigint, failures bigint)
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
SET synchronous_commit = 'off'
AS $$
BEGIN
  UPDATE careforall.consumer_reports r
  SET is_paused = consumer_report.is_paused, state = left(consumer_report.state, 200),
      stream_seq = consumer_report.stream_seq, pending = consumer_report.pending,
      failures = consumer_report.failures, reported_at = clock_timestamp()
  WHERE r.consumer = consumer_report.consumer AND r.instance = consumer_report.instance;
  IF NOT FOUND THEN
    DELETE FROM careforall.consumer_reports r
    WHERE r.consumer = consumer_report.consumer
      AND r.reported_at < clock_timestamp() - interval '10 minutes';
    INSERT INTO careforall.consumer_reports
      (consumer, instance, is_paused, state, stream_seq, pending, failures)
    VALUES (consumer_report.consumer, consumer_report.instance, consumer_report.is_paused,
      left(consumer_report.state, 200), consumer_report.stream_seq, consumer_report.pending,
      consumer_report.failures)
    ON CONFLICT ON CONSTRAINT consumer_reports_pkey DO NOTHING;
  END IF;
  RETURN COALESCE((SELECT c.is_paused FROM careforall.consumer_controls c
                   WHERE c.consumer = consumer_report.consumer), false);
END
$$;

-- paused or resumed; same if it was so already, and then nothing is written; with
-- dry_run would_pause or would_resume. Internal.
CREATE OR REPLACE FUNCTION careforall.consumer_set(
  consumer text, is_paused boolean, reason text, dry_run boolean DEFAULT false)
RETURNS text
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  why  text := careforall.reason_check(consumer_set.reason);
  word text := CASE WHEN consumer_set.is_paused THEN 'pause' ELSE 'resume' END;
BEGIN
  IF consumer_set.consumer NOT IN ('relay', 'projector', 'payments') THEN
    RAISE EXCEPTION 'consumer "%" does not exist', consumer_set.consumer
      USING ERRCODE = 'PL005', HINT = 'There are relay, projector and payments.';
  END IF;
  -- Two administrators at once: the second one sees what the first has done.
  PERFORM pg_advisory_xact_lock(hashtext('careforall.consumer'), hashtext(consumer_set.consumer));
  IF consumer_set.is_paused = COALESCE((
      SELECT c.is_paused FROM careforall.consumer_controls c
      WHERE c.consumer = consumer_set.consumer), false) THEN
    RETURN 'same';
  ELSIF consumer_set.dry_run THEN
    RETURN 'would_' || word;
  END IF;
  INSERT INTO careforall.consumer_controls AS c (consumer, is_paused, reason, changed_by)
  VALUES (consumer_set.consumer, consumer_set.is_paused, why, careforall.actor_name())
  ON CONFLICT ON CONSTRAINT consumer_controls_pkey DO UPDATE
  SET is_paused = excluded.is_paused, reason = excluded.reason,
      changed_by = excluded.changed_by, changed_at = excluded.changed_at;
  PERFORM careforall.audit_add('consumer.' || word, 'consumer', consumer_set.consumer, why);
  RETURN word || 'd';
END
$$;

CREATE OR REPLACE FUNCTION careforall.consumer_pause(
  consumer text, reason text, dry_run boolean DEFAULT false)
RETURNS text
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$ SELECT careforall.consumer_set(consumer, true, reason, dry_run) $$;

CREATE OR REPLACE FUNCTION careforall.consumer_resume(
  consumer text, reason text, dry_run boolean DEFAULT false)
RETURNS text
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$ SELECT careforall.consumer_set(consumer, false, reason, dry_run) $$;

-- The newest sequence of the stream that PostgreSQL knows of, by the relay.
CREATE OR REPLACE FUNCTION careforall.stream_last()
RETURNS bigint
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT k.stream_seq FROM careforall.relay_checkpoints k
  WHERE k.consumer = 'relay' ORDER BY k.id DESC LIMIT 1
$$;

-- What waits for the payment worker: pledges without a payment, cancellations asked
-- for, refunds not at the provider yet. Counted to 100000.
CREATE OR REPLACE FUNCTION careforall.payments_waiting()
RETURNS TABLE (work bigint, oldest interval)
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT count(*), COALESCE(careforall.clock() - min(w.since), interval '0')
  FROM (SELECT COALESCE(p.cancel_requested_at, p.created_at) AS since
        FROM careforall.pledges p
        WHERE p.state = 'pending'
          AND (p.payment_id IS NULL OR p.cancel_requested_at IS NOT NULL)
        UNION ALL
        SELECT r.created_at FROM careforall.refunds r
        WHERE r.state = 'requested' AND r.provider_refund_id IS NULL
        LIMIT 100000) w
$$;

-- One row for each consumer. running counts the processes that reported within five
-- seconds, pausing those of them that do not work; state, position and failures are
-- those of the one that works (of the newest report, if none does). behind and lag
-- tell how much waits for it: events of the outbox, events of the stream, or payment
-- work.
CREATE OR REPLACE FUNCTION careforall.consumers()
RETURNS TABLE (
  consumer text, is_paused boolean, reason text, changed_by text, changed_at timestamptz,
  running bigint, pausing bigint, state text, stream_seq bigint, behind bigint,
  lag interval, failures bigint, reported_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT n.name, COALESCE(c.is_paused, false), c.reason, c.changed_by, c.changed_at,
         f.running, f.pausing, r.state, COALESCE(o.stream_seq, r.stream_seq),
         CASE n.name WHEN 'relay' THEN o.events_behind
                     WHEN 'projector' THEN (
           SELECT GREATEST(l.last - r.stream_seq, 0) FROM careforall.stream_last() l (last)
           WHERE l.last - r.stream_seq IS NOT NULL)
                     ELSE w.work END,
         CASE n.name WHEN 'relay' THEN o.oldest_behind
                     WHEN 'projector' THEN s.oldest
                     ELSE w.oldest END,
         r.failures, r.reported_at
  FROM (VALUES (1, 'relay'), (2, 'projector'), (3, 'payments')) n (place, name)
  LEFT JOIN careforall.consumer_controls c ON c.consumer = n.name
  CROSS JOIN LATERAL (
    -- What was said before the last change is about the time before it.
    SELECT count(*) AS running,
      count(*) FILTER (WHERE e.is_paused
        AND (e.reported_at > c.changed_at OR NOT COALESCE(c.is_paused, false))) AS pausing
    FROM careforall.consumer_reports e
    WHERE e.consumer = n.name AND e.reported_at > clock_timestamp() - interval '5 seconds') f
  LEFT JOIN LATERAL (
    SELECT e.state, e.stream_seq, e.failures, e.reported_at
    FROM careforall.consumer_reports e
    WHERE e.consumer = n.name
    ORDER BY (e.reported_at > clock_timestamp() - interval '5 seconds') DESC,
      (e.state NOT LIKE 'stand%') DESC, e.reported_at DESC
    LIMIT 1) r ON true
  LEFT JOIN LATERAL (
    SELECT q.stream_seq, q.events_behind, q.oldest_behind
    FROM careforall.relay_consumers() q WHERE q.consumer = 'relay') o ON n.name = 'relay'
  LEFT JOIN LATERAL (
    -- The first checkpoint past its position says since when something waits.
    SELECT COALESCE(clock_timestamp() - min(k.created_at), interval '0') AS oldest
    FROM careforall.relay_checkpoints k
    WHERE k.consumer = 'relay' AND k.stream_seq > r.stream_seq) s
    ON n.name = 'projector' AND r.stream_seq IS NOT NULL
  LEFT JOIN LATERAL careforall.payments_waiting() w ON n.name = 'payments'
  ORDER BY n.place
$$;

COMMENT ON FUNCTION careforall.consumer_report(text, text, boolean, text, bigint, bigint, bigint) IS
  'What a consumer process says of itself once a second; gives whether it has to pause.';
COMMENT ON FUNCTION careforall.consumer_set(text, boolean, text, boolean) IS
  'Pauses or resumes a consumer.';
COMMENT ON FUNCTION careforall.consumer_pause(text, text, boolean) IS
  'Lets relay, projector or payments stop working within about a second: paused, or same. Reason required, audited.';
COMMENT ON FUNCTION careforall.consumer_resume(text, text, boolean) IS
  'Lets a paused consumer go on and catch up: resumed, or same. Reason required, audited.';
COMMENT ON FUNCTION careforall.stream_last() IS
  'The newest sequence of the stream that the relay has noted.';
COMMENT ON FUNCTION careforall.payments_waiting() IS
  'How much work waits for the payment worker, and since when.';
COMMENT ON FUNCTION careforall.consumers() IS
  'Relay, projector and payments: paused or not, position, how far behind, failures.';
