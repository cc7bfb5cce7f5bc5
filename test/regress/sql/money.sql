-- SPDX-License-Identifier: Apache-2.0
-- Goal: the currency table and the bounds of amounts.
-- Method: known codes of each exponent, then codes that must be unknown.
SELECT code, careforall.currency_exponent(code)
FROM unnest(ARRAY['EUR', 'JPY', 'KWD', 'CLF', 'USD', 'ISK', 'eur', 'XTS', 'XAU', '', 'EURO'])
  WITH ORDINALITY AS u (code, n) ORDER BY n;
SELECT careforall.currency_exponent(NULL) IS NULL AS null_is_null;

SELECT t.campaign(100, cap => NULL) IS NOT NULL AS made;
UPDATE careforall.campaigns SET max_pledge_minor = NULL WHERE id = t.id('c', 100);
SELECT amount, (careforall.pledge_create(t.id('c', 100), amount, 'EUR', 'B', 'b@x.y')).outcome
FROM unnest(ARRAY[NULL, 0, -1, -9223372036854775808, 9223372036854775807, 9007199254740992,
  9007199254740991, 99, 100]) WITH ORDINALITY AS u (amount, n) ORDER BY n;

-- An unlimited cap takes any sum that has a number; used is exact.
SELECT kind, capacity, used FROM t.limits(100) WHERE kind = 'campaign_cap';

-- The same by plain SQL.
SELECT t.try(format($$INSERT INTO careforall.pledges
  (campaign_id, amount_minor, currency, donor_name, donor_email)
  VALUES (%L, %L, %L, 'B', 'b@x.y')$$, t.id('c', 100), amount, currency))
FROM (VALUES (0, 'EUR'), (-5, 'EUR'), (9007199254740992, 'EUR'), (99, 'EUR'),
  (100, 'USD'), (100, 'XTS'), (100, 'EUR')) AS v (amount, currency);
