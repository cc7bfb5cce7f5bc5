-- SPDX-License-Identifier: Apache-2.0
-- Dead letters of the payment worker: parking, resolving, redriving.

-- Parks one piece of work; parking it again counts a failure more.
CREATE OR REPLACE FUNCTION careforall.payment_park(
  kind text, target_id uuid, pledge_id uuid, attempts integer, http_status integer,
  code text, message text, traceparent text DEFAULT NULL)
RETURNS bigint
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  INSERT INTO careforall.payment_dead_letters AS d
    (kind, target_id, pledge_id, attempts, http_status, code, message, traceparent)
  VALUES (payment_park.kind, payment_park.target_id, payment_park.pledge_id,
          payment_park.attempts, payment_park.http_status,
          left(COALESCE(NULLIF(payment_park.code, ''), 'unknown'), 100),
          left(COALESCE(payment_park.message, ''), 500), payment_park.traceparent)
  ON CONFLICT ON CONSTRAINT payment_dead_letters_kind_target_id_key DO UPDATE
  SET attempts = EXCLUDED.attempts, http_status = EXCLUDED.http_status,
      code = EXCLUDED.code, message = EXCLUDED.message, state = 'parked',
      failures = d.failures + 1, last_failed_at = careforall.clock(), decided_at = NULL
  RETURNING d.id
$$;

-- A later try worked: nothing is left to decide.
CREATE OR REPLACE FUNCTION careforall.payment_unpark(kind text, target_id uuid)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  UPDATE careforall.payment_dead_letters d
  SET state = 'resolved', decided_at = careforall.clock()
  WHERE d.kind = payment_unpark.kind AND d.target_id = payment_unpark.target_id
    AND d.state <> 'resolved';
  RETURN FOUND;
END
$$;

-- redriven: the reconciler tries it again within its period; not_parked; unknown. With
-- dry_run would_redrive, and nothing changes.
CREATE OR REPLACE FUNCTION careforall.payment_redrive(
  dead_letter_id bigint, reason text, dry_run boolean DEFAULT false)
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  letter careforall.payment_dead_letters;
BEGIN
  PERFORM careforall.reason_check(payment_redrive.reason);
  IF payment_redrive.dry_run AND EXISTS (SELECT FROM careforall.payment_dead_letters d
      WHERE d.id = dead_letter_id AND d.state = 'parked') THEN
    RETURN 'would_redrive';
  END IF;
  UPDATE careforall.payment_dead_letters d
  SET state = 'redriven', decided_at = careforall.clock()
  WHERE d.id = dead_letter_id AND d.state = 'parked'
  RETURNING d.* INTO letter;
  IF NOT FOUND THEN
    RETURN CASE WHEN EXISTS (
      SELECT FROM careforall.payment_dead_letters d WHERE d.id = dead_letter_id)
      THEN 'not_parked' ELSE 'unknown' END;
  END IF;
  PERFORM careforall.audit_add('payment_redrive', 'pledge', letter.pledge_id::text,
    payment_redrive.reason, jsonb_build_object('dead_letter_id', letter.id,
      'kind', letter.kind, 'code', letter.code, 'attempts', letter.attempts));
  RETURN 'redriven';
END
$$;

-- Redrives all parked letters of a kind and a code (NULL: any). With dry_run, which
-- is the default, only shows which they would be.
CREATE OR REPLACE FUNCTION careforall.payment_redrive_matching(
  kind text, code text, reason text, dry_run boolean DEFAULT true)
RETURNS TABLE (dead_letter_id bigint, pledge_id uuid, letter_kind text,
               letter_code text, outcome text)
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT d.id, d.pledge_id, d.kind, d.code,
         careforall.payment_redrive(d.id, payment_redrive_matching.reason, COALESCE(dry_run, true))
  FROM careforall.payment_dead_letters d
  WHERE d.state = 'parked'
    AND (payment_redrive_matching.kind IS NULL OR d.kind = payment_redrive_matching.kind)
    AND (payment_redrive_matching.code IS NULL OR d.code = payment_redrive_matching.code)
  ORDER BY d.id
$$;

COMMENT ON FUNCTION careforall.payment_park(text, uuid, uuid, integer, integer, text, text, text) IS
  'Keeps a payment, cancellation or refund that the provider refused for good.';
COMMENT ON FUNCTION careforall.payment_unpark(text, uuid) IS
  'Marks a dead letter as resolved after a later try worked.';
COMMENT ON FUNCTION careforall.payment_redrive(bigint, text, boolean) IS
  'Lets the payment worker try a dead letter again: redriven, not_parked or unknown. Reason required, audited; dry_run changes nothing.';
COMMENT ON FUNCTION careforall.payment_redrive_matching(text, text, text, boolean) IS
  'Redrives all parked dead letters of a kind and code; dry run unless told otherwise.';
