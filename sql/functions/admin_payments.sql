-- SPDX-License-Identifier: Apache-2.0
-- Holds, and payment work that is stuck, for administrators through the API.

-- Why a pending pledge needs a look; NULL if it does not.
CREATE OR REPLACE FUNCTION careforall.hold_stuck(pledge careforall.pledges)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT CASE
    WHEN EXISTS (SELECT FROM careforall.payment_dead_letters d
                 WHERE d.pledge_id = pledge.id AND d.state = 'parked') THEN 'parked'
    WHEN pledge.cancel_requested_at < careforall.clock() - interval '3 minutes' THEN 'cancel_unanswered'
    WHEN pledge.cancel_requested_at IS NULL
      AND pledge.hold_expires_at < careforall.clock() - interval '3 minutes' THEN 'overdue'
    WHEN pledge.payment_id IS NULL
      AND pledge.created_at < careforall.clock() - interval '1 minute' THEN 'no_payment' END
$$;

-- A time as a number that a cursor can hold exactly, and back.
CREATE OR REPLACE FUNCTION careforall.time_number(at timestamptz)
RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (extract(epoch FROM at) * 1000000)::bigint;

CREATE OR REPLACE FUNCTION careforall.number_time(number bigint)
RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '1970-01-01 00:00:00+00'::timestamptz + number * interval '1 microsecond';

-- Pending pledges, those whose hold ends first at the front. is_stuck NULL: all.
CREATE OR REPLACE FUNCTION careforall.admin_hold_list(
  actor uuid, campaign text, is_stuck boolean, after_number bigint, after_id uuid, max integer)
RETURNS TABLE (doc json, number bigint, id uuid)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  PERFORM careforall.account_require(actor, 'admin');
  RETURN QUERY
  SELECT json_build_object(
           'pledge', careforall.admin_pledge_json(p),
           'hold_left_s', ceil(extract(epoch FROM p.hold_expires_at - careforall.clock()))::bigint,
           'stuck', careforall.hold_stuck(p)),
         careforall.time_number(p.hold_expires_at), p.id
  FROM careforall.pledges p
  WHERE p.state = 'pending'
    AND (admin_hold_list.campaign IS NULL
         OR p.campaign_id = (SELECT careforall.campaign_id_of(admin_hold_list.campaign)))
    AND (admin_hold_list.is_stuck IS NULL
         OR (careforall.hold_stuck(p) IS NOT NULL) = admin_hold_list.is_stuck)
    AND (after_id IS NULL
         OR (p.hold_expires_at, p.id) > (careforall.number_time(after_number), after_id))
  ORDER BY p.hold_expires_at, p.id
  LIMIT LEAST(GREATEST(COALESCE(max, 20), 1), 1000);
END
$$;

-- Payment work that is stuck, of one kind, in pages by id:
--   dead_letter   refused by the provider for good, and parked
--   payment       pledges pending for more than a minute
--   refund        refunds asked for more than a minute ago
--   refund_failed refunds that the provider refused
--   unsettled     failed pledges whose payment has no end at the provider yet
CREATE OR REPLACE FUNCTION careforall.admin_stuck_list(
  actor uuid, kind text, after_number bigint, after_id uuid, max integer)
RETURNS TABLE (doc json, number bigint, id uuid)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  older_than constant interval := interval '1 minute';
  page       constant integer := LEAST(GREATEST(COALESCE(max, 20), 1), 1000);
BEGIN
  PERFORM careforall.account_require(actor, 'admin');
  CASE kind
    WHEN 'dead_letter' THEN
      RETURN QUERY
      SELECT json_build_object('kind', 'dead_letter', 'dead_letter', careforall.admin_dead_letter_json(d)),
             d.id, NULL::uuid
      FROM careforall.payment_dead_letters d
      WHERE d.state = 'parked' AND d.id > COALESCE(after_number, 0)
      ORDER BY d.id LIMIT page;
    WHEN 'payment' THEN
      RETURN QUERY
      SELECT json_build_object('kind', 'payment', 'pledge', careforall.admin_pledge_json(p)), 0::bigint, p.id
      FROM careforall.payments_pending(older_than, page, after_id) s
      JOIN careforall.pledges p ON p.id = s.pledge_id ORDER BY p.id;
    WHEN 'unsettled' THEN
      RETURN QUERY
      SELECT json_build_object('kind', 'unsettled', 'pledge', careforall.admin_pledge_json(p)), 0::bigint, p.id
      FROM careforall.payments_unsettled(older_than, page, after_id) s
      JOIN careforall.pledges p ON p.id = s.pledge_id ORDER BY p.id;
    WHEN 'refund' THEN
      RETURN QUERY
      SELECT json_build_object('kind', 'refund', 'refund', careforall.admin_refund_json(r)), 0::bigint, r.id
      FROM careforall.refunds_pending(older_than, page, after_id) s
      JOIN careforall.refunds r ON r.id = s.refund_id ORDER BY r.id;
    WHEN 'refund_failed' THEN
      RETURN QUERY
      SELECT json_build_object('kind', 'refund_failed', 'refund', careforall.admin_refund_json(r)), 0::bigint, r.id
      FROM careforall.refunds r
      WHERE r.state = 'failed' AND (after_id IS NULL OR r.id > after_id)
      ORDER BY r.id LIMIT page;
  END CASE;
END
$$;

CREATE OR REPLACE FUNCTION careforall.admin_payment_redrive(
  actor uuid, dead_letter_id bigint, reason text, dry_run boolean)
RETURNS TABLE (doc json)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  letter careforall.payment_dead_letters;
BEGIN
  PERFORM careforall.admin_begin(actor);
  SELECT * INTO letter FROM careforall.payment_dead_letters d
  WHERE d.id = dead_letter_id FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RETURN;
  ELSIF letter.state <> 'parked' THEN
    RAISE EXCEPTION 'only parked work can be redriven'
      USING ERRCODE = 'PL002',
            DETAIL = json_build_object('state', letter.state, 'allowed', '{}'::text[]);
  END IF;
  IF NOT COALESCE(dry_run, false) THEN
    PERFORM careforall.payment_redrive(letter.id, admin_payment_redrive.reason);
    SELECT * INTO letter FROM careforall.payment_dead_letters d WHERE d.id = letter.id;
  END IF;
  RETURN QUERY SELECT json_build_object(
    'dry_run', COALESCE(admin_payment_redrive.dry_run, false),
    'dead_letter', careforall.admin_dead_letter_json(letter));
END
$$;

CREATE OR REPLACE FUNCTION careforall.admin_payments_redrive(
  actor uuid, kind text, code text, reason text, dry_run boolean)
RETURNS TABLE (doc json)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  PERFORM careforall.admin_begin(actor);
  RETURN QUERY
  SELECT json_build_object(
    'dry_run', COALESCE(admin_payments_redrive.dry_run, true),
    'count', count(r.dead_letter_id),
    'items', COALESCE(json_agg(json_build_object(
      'id', r.dead_letter_id, 'kind', r.letter_kind, 'code', r.letter_code,
      'pledge_id', r.pledge_id, 'outcome', r.outcome) ORDER BY r.dead_letter_id), '[]'::json))
  FROM careforall.payment_redrive_matching(admin_payments_redrive.kind,
    admin_payments_redrive.code, admin_payments_redrive.reason,
    COALESCE(admin_payments_redrive.dry_run, true)) r;
END
$$;

CREATE OR REPLACE FUNCTION careforall.admin_refund_retry(
  actor uuid, refund_id uuid, reason text, dry_run boolean)
RETURNS TABLE (doc json)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  made record;
BEGIN
  PERFORM careforall.admin_begin(actor);
  SELECT t.new_refund_id, t.proposal_id, t.result LIKE '%second person' AS needs_second INTO made
  FROM careforall.refund_retry_by('account:' || actor, admin_refund_retry.refund_id,
    admin_refund_retry.reason, COALESCE(admin_refund_retry.dry_run, false)) t;
  RETURN QUERY
  SELECT json_build_object(
    'dry_run', COALESCE(admin_refund_retry.dry_run, false),
    'refund', (SELECT careforall.admin_refund_json(n)
               FROM careforall.refunds n WHERE n.id = made.new_refund_id),
    'needs_second_person', made.needs_second,
    'proposal', (SELECT careforall.refund_proposal_json(q)
                 FROM careforall.refund_proposals q WHERE q.id = made.proposal_id),
    'retried', careforall.admin_refund_json(r))
  FROM careforall.refunds r
  WHERE r.id = admin_refund_retry.refund_id;
END
$$;

COMMENT ON FUNCTION careforall.hold_stuck(careforall.pledges) IS
  'Why a pending pledge needs a look, or NULL.';
COMMENT ON FUNCTION careforall.time_number(timestamptz) IS
  'A time in microseconds since 1970.';
COMMENT ON FUNCTION careforall.number_time(bigint) IS
  'The time of so many microseconds since 1970.';
COMMENT ON FUNCTION careforall.admin_hold_list(uuid, text, boolean, bigint, uuid, integer) IS
  'A page of pending pledges by the end of their holds, for the API.';
COMMENT ON FUNCTION careforall.admin_stuck_list(uuid, text, bigint, uuid, integer) IS
  'A page of stuck payment work of one kind, for the API.';
COMMENT ON FUNCTION careforall.admin_payment_redrive(uuid, bigint, text, boolean) IS
  'Redrives one dead letter, for the API.';
COMMENT ON FUNCTION careforall.admin_payments_redrive(uuid, text, text, text, boolean) IS
  'Redrives the parked dead letters of a kind and code, for the API.';
COMMENT ON FUNCTION careforall.admin_refund_retry(uuid, uuid, text, boolean) IS
  'Asks once more for a refund that failed, or proposes it, for the API.';
