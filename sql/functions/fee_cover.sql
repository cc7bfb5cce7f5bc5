-- SPDX-License-Identifier: Apache-2.0
-- The provider's fee, and the payment that leaves a gift whole.
--
-- fee(T) = fixed + T * basis_points / 10000, rounded half up to a minor unit.
-- A donor who covers the fee pays the smallest T for which T - fee(T) is the gift.
-- All is computed in whole numbers (numeric), up to the largest amount.

-- The fee of a payment.
CREATE OR REPLACE FUNCTION careforall.fee_of(
  total_minor bigint, basis_points integer, fixed_minor bigint)
RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN fixed_minor + div(total_minor::numeric * basis_points + 5000, 10000)::bigint;

-- The smallest payment that leaves the gift after its fee.
--
-- T - fixed - floor((T * b + 5000) / 10000) >= gift. With g = gift + fixed, and as
-- n >= floor(x) is n + 1 > x for whole n, this is T * (10000 - b) > 10000 * g - 5000.
-- The left side grows by 0 or 1 with each unit of T, so the gift is met exactly.
-- What does not fit a bigint is its largest value, which no pledge may have.
CREATE OR REPLACE FUNCTION careforall.fee_total(
  gift_minor bigint, basis_points integer, fixed_minor bigint)
RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN LEAST(div(10000 * (gift_minor::numeric + fixed_minor) - 5000,
                 10000 - basis_points) + 1, 9223372036854775807)::bigint;

-- What is to be charged for a batch of gifts, and how much of it covers the fee. A
-- fee that cannot be covered, because the currency has none in the schedule, has
-- total NULL, which no pledge may have.
CREATE OR REPLACE FUNCTION careforall.fee_cover_many(
  gifts_minor bigint[], currencies text[], covers boolean[])
RETURNS TABLE (totals_minor bigint[], fees_minor bigint[])
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  totals_minor := gifts_minor;
  IF true = ANY (covers) THEN
    SELECT array_agg(c.total ORDER BY c.item), array_agg(c.total - c.gift ORDER BY c.item)
    INTO totals_minor, fees_minor
    FROM (SELECT g.item, g.gift,
            CASE WHEN g.is_covered
              THEN careforall.fee_total(g.gift, s.basis_points, s.fixed_minor)
              ELSE g.gift END AS total
          FROM unnest(gifts_minor, currencies, covers)
            WITH ORDINALITY AS g (gift, currency, is_covered, item)
          LEFT JOIN careforall.fee_schedule s
            ON g.is_covered AND s.currency = g.currency::character(3)) c;
  END IF;
  RETURN NEXT;
END
$$;

-- The schedule as the API shows it.
CREATE OR REPLACE FUNCTION careforall.fees_read()
RETURNS TABLE (doc json)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT json_build_object('items', COALESCE(json_agg(json_build_object(
    'currency', s.currency,
    'basis_points', s.basis_points,
    'fixed', careforall.json_money(s.fixed_minor, s.currency)) ORDER BY s.currency), '[]'::json))
  FROM careforall.fee_schedule s
$$;

-- Sets the fee of a currency. Pledges that exist keep what they were made with.
CREATE OR REPLACE FUNCTION careforall.fee_set(
  currency text, basis_points integer, fixed_minor bigint, reason text, dry_run boolean DEFAULT false)
RETURNS TABLE (new_currency text, new_basis_points integer, new_fixed text, example text, result text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  why    text := careforall.reason_check(reason);
  before careforall.fee_schedule;
  gift   bigint;
BEGIN
  IF careforall.currency_exponent(currency) IS NULL THEN
    RAISE EXCEPTION 'unrecognized currency: "%"', currency
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Give a code of ISO 4217, such as EUR.';
  ELSIF basis_points IS NULL OR basis_points NOT BETWEEN 0 AND 5000 THEN
    RAISE EXCEPTION 'invalid basis points: %', basis_points
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Give 0 to 5000; 290 is 2.9 percent.';
  ELSIF fixed_minor IS NULL OR fixed_minor NOT BETWEEN 0 AND 1000000000 THEN
    RAISE EXCEPTION 'invalid fixed amount: %', fixed_minor
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Give 0 to 1000000000 in minor units.';
  END IF;
  SELECT * INTO before FROM careforall.fee_schedule s
  WHERE s.currency = fee_set.currency::character(3) FOR UPDATE;
  result := 'done';
  BEGIN
    INSERT INTO careforall.fee_schedule AS s (currency, basis_points, fixed_minor)
    VALUES (currency, basis_points, fixed_minor)
    ON CONFLICT ON CONSTRAINT fee_schedule_pkey DO UPDATE
    SET basis_points = EXCLUDED.basis_points, fixed_minor = EXCLUDED.fixed_minor,
      updated_at = careforall.clock();
    PERFORM careforall.audit_add('fee.set', 'fee', currency, why,
      jsonb_build_object('basis_points', basis_points, 'fixed_minor', fixed_minor,
        'basis_points_before', before.basis_points, 'fixed_minor_before', before.fixed_minor));
    PERFORM careforall.dry_run_end(dry_run);
  EXCEPTION WHEN SQLSTATE 'DRYRN' THEN
    result := 'dry run: nothing changed';
  END;
  gift := 50 * 10 ^ careforall.currency_exponent(currency);
  new_currency := currency;
  new_basis_points := basis_points;
  new_fixed := careforall.money_text(fixed_minor, currency);
  example := format('a gift of %s with its fee is %s', careforall.money_text(gift, currency),
    careforall.money_text(careforall.fee_total(gift, basis_points, fixed_minor), currency));
  RETURN NEXT;
END
$$;

-- Takes the choice to cover the fee away from a currency.
CREATE OR REPLACE FUNCTION careforall.fee_remove(
  currency text, reason text, dry_run boolean DEFAULT false)
RETURNS TABLE (old_currency text, old_basis_points integer, old_fixed text, result text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  why    text := careforall.reason_check(reason);
  before careforall.fee_schedule;
BEGIN
  result := 'done';
  BEGIN
    DELETE FROM careforall.fee_schedule s WHERE s.currency = fee_remove.currency::character(3)
    RETURNING s.* INTO before;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'currency "%" has no fee', currency
        USING ERRCODE = 'PL005', HINT = 'Look at careforall.fees.';
    END IF;
    PERFORM careforall.audit_add('fee.remove', 'fee', currency, why,
      jsonb_build_object('basis_points_before', before.basis_points,
        'fixed_minor_before', before.fixed_minor));
    PERFORM careforall.dry_run_end(dry_run);
  EXCEPTION WHEN SQLSTATE 'DRYRN' THEN
    result := 'dry run: nothing changed';
  END;
  old_currency := before.currency;
  old_basis_points := before.basis_points;
  old_fixed := careforall.money_text(before.fixed_minor, before.currency);
  RETURN NEXT;
END
$$;

COMMENT ON FUNCTION careforall.fee_of(bigint, integer, bigint) IS
  'The provider''s fee of a payment: fixed plus basis points, rounded half up.';
COMMENT ON FUNCTION careforall.fee_total(bigint, integer, bigint) IS
  'The smallest payment that leaves the gift after the provider''s fee.';
COMMENT ON FUNCTION careforall.fee_cover_many(bigint[], text[], boolean[]) IS
  'What to charge for gifts, each with its fee covered or not; total NULL where the currency has no fee to cover.';
COMMENT ON FUNCTION careforall.fees_read() IS
  'The fee schedule as the API shows it.';
COMMENT ON FUNCTION careforall.fee_set(text, integer, bigint, text, boolean) IS
  'Sets the provider''s fee of a currency, which donors may cover. Reason required, audited; dry_run checks and changes nothing.';
COMMENT ON FUNCTION careforall.fee_remove(text, text, boolean) IS
  'Takes the fee of a currency out of the schedule. Reason required, audited; dry_run checks and changes nothing.';
