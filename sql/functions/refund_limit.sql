-- SPDX-License-Identifier: Apache-2.0
-- How much of a pledge may be given back without a second person.
--
-- The limit holds for a pledge, not for one refund: what was given back of it without a
-- second person counts, whoever asked for it, so many small refunds are no way around.
-- Only psql changes it: who gives money back in the dashboard cannot lift it there.

-- What one person may still give back alone of a pledge, in minor units; NULL if
-- there is no limit.
CREATE OR REPLACE FUNCTION careforall.refund_alone(pledge careforall.pledges)
RETURNS bigint
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT GREATEST(l.alone_minor - COALESCE((
      SELECT sum(r.amount_minor) FROM careforall.refunds r
      WHERE r.pledge_id = pledge.id AND r.kind = 'manual' AND r.state <> 'failed'
        AND NOT EXISTS (SELECT FROM careforall.refund_proposals q WHERE q.refund_id = r.id)), 0),
    0)::bigint
  FROM careforall.refund_limits l
  WHERE l.currency = pledge.currency
$$;

-- The same as the API shows it, held to what can be given back at all.
CREATE OR REPLACE FUNCTION careforall.refund_alone_json(pledge careforall.pledges)
RETURNS json
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT careforall.json_money(a.alone, pledge.currency)
  FROM (SELECT careforall.refund_alone(pledge) AS alone) a
  WHERE a.alone IS NOT NULL
$$;

-- Sets what may be given back of one pledge of a currency without a second person.
-- What waits already goes on waiting.
CREATE OR REPLACE FUNCTION careforall.refund_limit_set(
  currency text, alone_minor bigint, reason text, valid_for interval DEFAULT '7 days',
  dry_run boolean DEFAULT false)
RETURNS TABLE (new_currency text, alone_before text, alone_after text, proposals_valid_for interval, result text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  why    text := careforall.reason_check(reason);
  before careforall.refund_limits;
BEGIN
  IF careforall.currency_exponent(currency) IS NULL THEN
    RAISE EXCEPTION 'unrecognized currency: "%"', currency
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Give a code of ISO 4217, such as EUR.';
  ELSIF alone_minor IS NULL OR alone_minor NOT BETWEEN 0 AND 1000000000000 THEN
    RAISE EXCEPTION 'invalid limit: %', alone_minor
      USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Give 0 to 1000000000000 in minor units; careforall.refund_limit_remove() takes the limit away.';
  ELSIF valid_for IS NULL OR valid_for NOT BETWEEN interval '1 hour' AND interval '90 days' THEN
    RAISE EXCEPTION 'invalid length of time: %', valid_for
      USING ERRCODE = 'invalid_parameter_value', HINT = 'From 1 hour to 90 days.';
  END IF;
  SELECT * INTO before FROM careforall.refund_limits l
  WHERE l.currency = refund_limit_set.currency::character(3) FOR UPDATE;
  result := 'done';
  BEGIN
    INSERT INTO careforall.refund_limits AS l (currency, alone_minor, valid_for)
    VALUES (currency, alone_minor, valid_for)
    ON CONFLICT ON CONSTRAINT refund_limits_pkey DO UPDATE
    SET alone_minor = EXCLUDED.alone_minor, valid_for = EXCLUDED.valid_for,
      updated_at = careforall.clock();
    PERFORM careforall.audit_add('refund_limit.set', 'refund_limit', currency, why,
      jsonb_build_object('alone_minor', alone_minor, 'alone_minor_before', before.alone_minor,
        'valid_for', valid_for, 'valid_for_before', before.valid_for));
    PERFORM careforall.dry_run_end(dry_run);
  EXCEPTION WHEN SQLSTATE 'DRYRN' THEN
    result := 'dry run: nothing changed';
  END;
  new_currency := currency;
  alone_before := COALESCE(careforall.money_text(before.alone_minor, before.currency), 'no limit');
  alone_after := careforall.money_text(alone_minor, currency);
  proposals_valid_for := valid_for;
  RETURN NEXT;
END
$$;

-- Lets one person give back all of a pledge of a currency again. What waits already
-- goes on waiting.
CREATE OR REPLACE FUNCTION careforall.refund_limit_remove(
  currency text, reason text, dry_run boolean DEFAULT false)
RETURNS TABLE (old_currency text, alone_before text, result text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  why    text := careforall.reason_check(reason);
  before careforall.refund_limits;
BEGIN
  result := 'done';
  BEGIN
    DELETE FROM careforall.refund_limits l
    WHERE l.currency = refund_limit_remove.currency::character(3)
    RETURNING l.* INTO before;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'currency "%" has no limit', currency
        USING ERRCODE = 'PL005', HINT = 'Look at careforall.refund_limits_overview.';
    END IF;
    PERFORM careforall.audit_add('refund_limit.remove', 'refund_limit', currency, why,
      jsonb_build_object('alone_minor_before', before.alone_minor,
        'valid_for_before', before.valid_for));
    PERFORM careforall.dry_run_end(dry_run);
  EXCEPTION WHEN SQLSTATE 'DRYRN' THEN
    result := 'dry run: nothing changed';
  END;
  old_currency := before.currency;
  alone_before := careforall.money_text(before.alone_minor, before.currency);
  RETURN NEXT;
END
$$;

COMMENT ON FUNCTION careforall.refund_alone(careforall.pledges) IS
  'What one person may still give back alone of a pledge, in minor units; NULL if there is no limit.';
COMMENT ON FUNCTION careforall.refund_alone_json(careforall.pledges) IS
  'What one person may still give back alone of a pledge, as money; NULL if there is no limit.';
COMMENT ON FUNCTION careforall.refund_limit_set(text, bigint, text, interval, boolean) IS
  'Sets what may be given back of one pledge of a currency without a second person. Reason required, audited; dry_run checks and changes nothing.';
COMMENT ON FUNCTION careforall.refund_limit_remove(text, text, boolean) IS
  'Takes the limit of a currency away, so that nobody needs a second person. Reason required, audited; dry_run checks and changes nothing.';
