-- SPDX-License-Identifier: Apache-2.0
-- What time does by itself: holds run out, campaigns end.
--
-- Called every minute by pg_cron; deciding code asks careforall.clock(). Rows that
-- somebody else has locked are left for the next run, so that no call ever waits
-- for another and two runs at once share the work.

-- Ends at most max pending pledges whose hold is over. One without a payment at the
-- provider expires at once; for one with a payment the provider is asked to cancel
-- (its answer ends the pledge), and only when it has said nothing for
-- careforall.expiry_grace the pledge expires without it. A pledge that cannot be
-- ended is warned about and counted as failed, and holds up no other.
CREATE OR REPLACE FUNCTION careforall.holds_expire(max integer DEFAULT 5000)
RETURNS TABLE (expired bigint, cancel_requested bigint, failed bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  time_now   timestamptz := careforall.clock();
  grace_over timestamptz := time_now
    - careforall.setting_interval('careforall.expiry_grace', '1 hour');
  pledge     record;
  applied    record;
BEGIN
  expired := 0;
  cancel_requested := 0;
  failed := 0;
  FOR pledge IN
    SELECT p.id, COALESCE(p.payment_id IS NULL OR p.cancel_requested_at <= grace_over, false) AS at_once
    FROM careforall.pledges p
    WHERE p.state = 'pending'
      AND p.hold_expires_at <= time_now
      AND (p.payment_id IS NULL
           OR p.cancel_requested_at IS NULL
           OR p.cancel_requested_at <= grace_over)
    ORDER BY p.hold_expires_at
    LIMIT GREATEST(max, 0)
    FOR NO KEY UPDATE SKIP LOCKED
  LOOP
    BEGIN
      SELECT a.outcome INTO applied FROM careforall.pledge_apply(pledge.id,
        CASE WHEN pledge.at_once THEN 'expire' ELSE 'cancel_request' END, 'expired') a;
      IF applied.outcome = 'applied' THEN
        expired := expired + pledge.at_once::integer;
        cancel_requested := cancel_requested + (NOT pledge.at_once)::integer;
      END IF;
    EXCEPTION WHEN OTHERS THEN
      RAISE WARNING 'could not end pledge "%": % (%)', pledge.id, SQLERRM, SQLSTATE;
      failed := failed + 1;
    END;
  END LOOP;
  RETURN NEXT;
END
$$;

-- Closes at most max campaigns whose end has come, and gives how many.
CREATE OR REPLACE FUNCTION careforall.campaigns_close_ended(max integer DEFAULT 100)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  closed bigint;
BEGIN
  WITH ended AS (
    SELECT c.id FROM careforall.campaigns c
    WHERE c.state IN ('active', 'paused') AND c.ends_at <= careforall.clock()
    ORDER BY c.ends_at
    LIMIT GREATEST(max, 0)
    FOR NO KEY UPDATE SKIP LOCKED
  ), changed AS (
    UPDATE careforall.campaigns c SET state = 'closed'
    FROM ended e WHERE c.id = e.id
    RETURNING c.id, c.ends_at
  ), audited AS (
    SELECT careforall.audit_add('campaign.close', 'campaign', c.id::text,
      'reached its end', jsonb_build_object('ends_at', c.ends_at)) FROM changed c
  )
  SELECT count(*) INTO closed FROM audited;
  RETURN closed;
END
$$;

COMMENT ON FUNCTION careforall.holds_expire(integer) IS
  'Ends pending pledges whose hold is over, through the provider if they have a payment there.';
COMMENT ON FUNCTION careforall.campaigns_close_ended(integer) IS
  'Closes campaigns whose end has come.';
