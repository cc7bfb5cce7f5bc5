-- SPDX-License-Identifier: Apache-2.0
-- What the payment worker asks before it acts, and what it finds when it looks for
-- work that got stuck.

-- One row, or none if the pledge is unknown. age_s is by careforall.clock().
CREATE OR REPLACE FUNCTION careforall.payment_find(pledge_id uuid)
RETURNS TABLE (
  pledge_id uuid, state text, provider text, payment_id text, amount_minor bigint,
  currency text, is_cancel_requested boolean, age_s bigint, traceparent text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT p.id, p.state, p.provider, p.payment_id, p.amount_minor, p.currency::text,
         p.cancel_requested_at IS NOT NULL,
         extract(epoch FROM careforall.clock() - p.created_at)::bigint, p.traceparent
  FROM careforall.pledges p
  WHERE p.id = payment_find.pledge_id
$$;

-- The provider and payment of a refund are those it was asked with, else those of
-- its pledge.
CREATE OR REPLACE FUNCTION careforall.refund_find(refund_id uuid)
RETURNS TABLE (
  refund_id uuid, pledge_id uuid, state text, provider text, payment_id text,
  provider_refund_id text, amount_minor bigint, currency text, age_s bigint,
  traceparent text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT r.id, r.pledge_id, r.state, COALESCE(r.provider, p.provider),
         COALESCE(r.payment_id, p.payment_id), r.provider_refund_id, r.amount_minor,
         r.currency::text, extract(epoch FROM careforall.clock() - r.created_at)::bigint,
         p.traceparent
  FROM careforall.refunds r
  JOIN careforall.pledges p ON p.id = r.pledge_id
  WHERE r.id = refund_find.refund_id
$$;

-- Pledges that have been pending and untouched for longer than older_than and are
-- not parked, in order of id, after the id given: the caller walks through all of
-- them in pages, so that some that stay stuck never hide the others.
CREATE OR REPLACE FUNCTION careforall.payments_pending(
  older_than interval, max integer, after uuid DEFAULT NULL)
RETURNS TABLE (pledge_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT p.id
  FROM careforall.pledges p
  WHERE p.state = 'pending'
    AND p.updated_at < careforall.clock() - older_than
    AND (payments_pending.after IS NULL OR p.id > payments_pending.after)
    AND NOT EXISTS (
      SELECT FROM careforall.payment_dead_letters d
      WHERE d.target_id = p.id AND d.state = 'parked'
        AND d.kind = CASE WHEN p.payment_id IS NULL THEN 'payment' ELSE 'cancel' END)
  ORDER BY p.id
  LIMIT LEAST(GREATEST(COALESCE(max, 100), 1), 1000)
$$;

CREATE OR REPLACE FUNCTION careforall.refunds_pending(
  older_than interval, max integer, after uuid DEFAULT NULL)
RETURNS TABLE (refund_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT r.id
  FROM careforall.refunds r
  WHERE r.state = 'requested'
    AND r.created_at < careforall.clock() - older_than
    AND (refunds_pending.after IS NULL OR r.id > refunds_pending.after)
    AND NOT EXISTS (
      SELECT FROM careforall.payment_dead_letters d
      WHERE d.target_id = r.id AND d.state = 'parked' AND d.kind = 'refund')
  ORDER BY r.id
  LIMIT LEAST(GREATEST(COALESCE(max, 100), 1), 1000)
$$;

-- Pledges that failed within the last three days and have a payment of which the
-- provider has not said how it ended: money may come that nobody waits for.
CREATE OR REPLACE FUNCTION careforall.payments_unsettled(
  older_than interval, max integer, after uuid DEFAULT NULL)
RETURNS TABLE (pledge_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT p.id
  FROM careforall.pledges p
  WHERE p.state = 'failed' AND p.payment_id IS NOT NULL
    AND p.updated_at < careforall.clock() - older_than
    AND p.updated_at > careforall.clock() - interval '3 days'
    AND (payments_unsettled.after IS NULL OR p.id > payments_unsettled.after)
    AND NOT EXISTS (
      SELECT FROM careforall.inbox i
      WHERE i.pledge_id = p.id AND i.payment_id = p.payment_id
        AND i.kind IN ('payment_succeeded', 'payment_canceled'))
    AND NOT EXISTS (
      SELECT FROM careforall.payment_dead_letters d
      WHERE d.target_id = p.id AND d.state = 'parked' AND d.kind = 'cancel')
  ORDER BY p.id
  LIMIT LEAST(GREATEST(COALESCE(max, 100), 1), 1000)
$$;

-- What is stuck now, for metrics: pending pledges and requested refunds older than
-- older_than, and dead letters that wait for a decision.
CREATE OR REPLACE FUNCTION careforall.payment_backlog(older_than interval)
RETURNS TABLE (pending bigint, refunds bigint, parked bigint)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT
    (SELECT count(*) FROM careforall.pledges p
     WHERE p.state = 'pending' AND p.updated_at < careforall.clock() - older_than),
    (SELECT count(*) FROM careforall.refunds r
     WHERE r.state = 'requested' AND r.created_at < careforall.clock() - older_than),
    (SELECT count(*) FROM careforall.payment_dead_letters d WHERE d.state = 'parked')
$$;

COMMENT ON FUNCTION careforall.payment_find(uuid) IS
  'What the payment worker must know of a pledge before it acts; no row if unknown.';
COMMENT ON FUNCTION careforall.refund_find(uuid) IS
  'What the payment worker must know of a refund before it acts; no row if unknown.';
COMMENT ON FUNCTION careforall.payments_pending(interval, integer, uuid) IS
  'Pledges that stay pending for too long and are not parked, by id, for the reconciler.';
COMMENT ON FUNCTION careforall.refunds_pending(interval, integer, uuid) IS
  'Refunds that stay requested for too long and are not parked, by id, for the reconciler.';
COMMENT ON FUNCTION careforall.payments_unsettled(interval, integer, uuid) IS
  'Failed pledges whose payment has no end yet at the provider, by id, for the reconciler.';
COMMENT ON FUNCTION careforall.payment_backlog(interval) IS
  'How many pledges and refunds are stuck and how many dead letters wait.';
