-- SPDX-License-Identifier: Apache-2.0
-- How values are written: times and money in JSON, money for people.

-- RFC 3339 in UTC, cut to milliseconds; NULL stays NULL.
CREATE OR REPLACE FUNCTION careforall.json_time(at timestamptz)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');

-- {"amount", "currency"} in minor units; NULL if there is no amount.
CREATE OR REPLACE FUNCTION careforall.json_money(amount_minor bigint, currency text)
RETURNS json
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN amount_minor IS NOT NULL
  THEN json_build_object('amount', amount_minor, 'currency', currency) END;

-- Money as people read it, with the decimals of its currency: 1,234.50 EUR.
CREATE OR REPLACE FUNCTION careforall.money_text(amount_minor bigint, currency text)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN to_char(
    amount_minor / 10::numeric ^ careforall.currency_exponent(currency),
    'FM9,999,999,999,999,990' || CASE careforall.currency_exponent(currency)
      WHEN 0 THEN '' ELSE '.' || repeat('0', careforall.currency_exponent(currency)) END)
  || ' ' || currency;

-- The amount as a plain decimal number, for other programs: 1234.50.
CREATE OR REPLACE FUNCTION careforall.money_plain(amount_minor bigint, currency text)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN round(amount_minor / 10::numeric ^ careforall.currency_exponent(currency),
  careforall.currency_exponent(currency))::text;

-- A change of money with its sign; NULL if there is none.
CREATE OR REPLACE FUNCTION careforall.money_change(amount_minor bigint, currency text)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN amount_minor > 0 THEN '+' ELSE '' END
  || careforall.money_text(NULLIF(amount_minor, 0), currency);

COMMENT ON FUNCTION careforall.json_time(timestamptz) IS
  'A time as it stands in JSON: RFC 3339, UTC, milliseconds.';
COMMENT ON FUNCTION careforall.json_money(bigint, text) IS
  'Money as it stands in JSON: {"amount", "currency"} in minor units, NULL if there is no amount.';
COMMENT ON FUNCTION careforall.money_text(bigint, text) IS
  'Money as people read it, with the decimals of its currency.';
COMMENT ON FUNCTION careforall.money_plain(bigint, text) IS
  'An amount as a plain decimal number, with the decimals of its currency.';
COMMENT ON FUNCTION careforall.money_change(bigint, text) IS
  'A change of money with its sign, NULL if there is none.';
