-- SPDX-License-Identifier: Apache-2.0
-- The whole story of one pledge in one list, to be read in psql.

-- Steps in order of time, with the time since the first step and since the one
-- before. Sources: history (what the engine did), outbox (events for the stream,
-- kept for some days), inbox (what the provider reported), refund, audit (what
-- people did). Holds no personal data.
CREATE OR REPLACE FUNCTION careforall.pledge_timeline(pledge_id uuid)
RETURNS TABLE (
  step bigint, at timestamptz, since_start interval, since_last interval,
  source text, event text, detail text)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  pledge careforall.pledges;
BEGIN
  SELECT * INTO pledge FROM careforall.pledges p WHERE p.id = pledge_timeline.pledge_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'pledge "%" does not exist', pledge_timeline.pledge_id
      USING ERRCODE = 'PL005', HINT = 'Look for it in careforall.pledge_overview.';
  END IF;

  RETURN QUERY
  WITH steps (at, rank, number, source, event, detail) AS (
    SELECT i.received_at, 1, 0::bigint, 'inbox', i.kind,
      concat_ws(', ', i.outcome, i.provider || ' ' || i.event_id,
        careforall.money_text(i.amount_minor, i.currency), i.detail,
        CASE WHEN i.deliveries > 1 THEN 'delivered ' || i.deliveries || ' times' END)
    FROM careforall.inbox i WHERE i.pledge_id = pledge.id
    UNION ALL
    SELECT h.occurred_at, 2, h.version, 'history', h.event,
      concat_ws(', ',
        CASE WHEN h.from_state IS DISTINCT FROM h.to_state
          THEN COALESCE(h.from_state || ' -> ', '') || h.to_state END,
        'version ' || h.version, careforall.money_text(h.amount_minor, pledge.currency),
        h.reason, 'by ' || h.actor)
    FROM careforall.pledge_history h WHERE h.pledge_id = pledge.id
    UNION ALL
    SELECT r.created_at, 3, 0, 'refund', 'requested',
      concat_ws(', ', r.kind, careforall.money_text(r.amount_minor, r.currency),
        'by ' || r.requested_by, r.id::text)
    FROM careforall.refunds r WHERE r.pledge_id = pledge.id
    UNION ALL
    SELECT r.settled_at, 3, 1, 'refund', r.state,
      concat_ws(', ', careforall.money_text(r.amount_minor, r.currency),
        r.provider_refund_id, r.state_reason, r.id::text)
    FROM careforall.refunds r WHERE r.pledge_id = pledge.id AND r.settled_at IS NOT NULL
    UNION ALL
    SELECT o.occurred_at, 4, o.id, 'outbox', o.type,
      concat_ws(', ', 'id ' || o.id, 'version ' || o.aggregate_version,
        'raised ' || careforall.money_change(
          (o.data #>> '{delta,confirmed_minor}')::bigint
          - (o.data #>> '{delta,refunded_minor}')::bigint, pledge.currency),
        'hold ' || careforall.money_change(
          (o.data #>> '{delta,held_minor}')::bigint, pledge.currency))
    FROM careforall.outbox o WHERE o.aggregate_id = pledge.id
    UNION ALL
    SELECT a.occurred_at, 5, a.id, 'audit', a.action,
      concat_ws(', ', 'by ' || a.actor, a.reason)
    FROM careforall.audit_log a
    WHERE a.target_type = 'pledge' AND a.target_id = pledge.id::text
  )
  SELECT row_number() OVER w, s.at, s.at - first_value(s.at) OVER w,
    s.at - lag(s.at) OVER w, s.source, s.event, s.detail
  FROM steps s
  WINDOW w AS (ORDER BY s.at, s.rank, s.number)
  ORDER BY 1;
END
$$;

COMMENT ON FUNCTION careforall.pledge_timeline(uuid) IS
  'Every step of a pledge in order of time: history, provider events, refunds, stream events, what people did.';
