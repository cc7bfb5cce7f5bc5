-- SPDX-License-Identifier: Apache-2.0
-- Goal: whoever covers the fee pays the smallest amount that leaves the gift whole.
-- Method: a table of amounts, each checked against the definition, up to the largest.
\ir setup.psql
SELECT no_plan();

-- fee(T) by hand: half a minor unit goes up.
SELECT is(careforall.fee_of(v.total, v.points, v.fixed), v.fee, format('fee of %s at %s + %s', v.total, v.points, v.fixed))
FROM (VALUES (10000::bigint, 290, 30::bigint, 320::bigint), (1, 5000, 0, 1), (3, 5000, 0, 2), (100, 50, 0, 1), (99, 50, 0, 0),
  (0, 290, 30, 30), (9007199254740991, 5000, 0, 4503599627370496)) AS v (total, points, fixed, fee);

-- The smallest T with T - fee(T) >= gift, over many gifts and schedules at once.
CREATE TEMP TABLE covered AS
SELECT g.gift, s.points, s.fixed, careforall.fee_total(g.gift, s.points, s.fixed) AS total
FROM (SELECT n::bigint FROM generate_series(1, 3000) n
      UNION ALL SELECT (10::numeric ^ e + d)::bigint FROM generate_series(4, 15) e, generate_series(-3, 3) d
      UNION ALL SELECT 9007199254740991 - d FROM generate_series(0, 50) d) AS g (gift),
  (VALUES (0, 0::bigint), (0, 7), (1, 0), (150, 25), (290, 30), (360, 0), (250, 100), (3333, 1), (4999, 3), (5000, 0),
    (5000, 1000000000)) AS s (points, fixed);
SELECT is_empty($$SELECT * FROM covered WHERE total - careforall.fee_of(total, points, fixed) <> gift$$,
  'what is left of the total is the gift, to the minor unit');
SELECT is_empty($$SELECT * FROM covered WHERE total - 1 - careforall.fee_of(total - 1, points, fixed) >= gift$$,
  'and no smaller total would do');
SELECT is(careforall.fee_total(9223372036854775807, 5000, 1000000000), 9223372036854775807,
  'what does not fit is the largest value');

SELECT results_eq($$SELECT new_currency, new_basis_points, new_fixed, example FROM careforall.fee_set('EUR', 290, 30, 'as agreed')$$,
  $$VALUES ('EUR', 290, '0.30 EUR', 'a gift of 50.00 EUR with its fee is 51.80 EUR')$$, 'a fee is set');
SELECT example FROM careforall.fee_set('JPY', 360, 0, 'as agreed') \g /dev/null
SELECT is((SELECT example FROM careforall.fee_set('KWD', 250, 100, 'as agreed')), 'a gift of 50.000 KWD with its fee is 51.385 KWD',
  'in a currency of three digits');
SELECT results_eq('SELECT fee FROM careforall.fees ORDER BY currency', ARRAY['2.90 % + 0.30 EUR', '3.60 % + 0 JPY', '2.50 % + 0.100 KWD'],
  'the view tells them');
SELECT is((SELECT doc ->> 'items' FROM careforall.fees_read())::jsonb -> 1,
  '{"currency": "JPY", "basis_points": 360, "fixed": {"amount": 0, "currency": "JPY"}}'::jsonb, 'and so does the API');
SELECT results_eq($$SELECT action, target_id, detail -> 'fixed_minor' FROM careforall.audit_log ORDER BY id DESC LIMIT 1$$,
  $$VALUES ('fee.set', 'KWD', '100'::jsonb)$$, 'changes are audited');
SELECT throws_ok(format('SELECT careforall.fee_set(%L, %L, %L, %L)', v.c, v.p, v.f, v.r), '22023', NULL, 'refused: ' || v.what)
FROM (VALUES ('EURO', 1, 1, 'why not', 'no currency'), ('EUR', -1, 1, 'why not', 'less than nothing'), ('EUR', 5001, 1, 'why not', 'more than half'),
  ('EUR', NULL, 1, 'why not', 'no part'), ('EUR', 1, -1, 'why not', 'a fixed gift'), ('EUR', 1, 1000000001, 'why not', 'a fortune'),
  ('EUR', 1, 1, '', 'no reason')) AS v (c, p, f, r, what);

SELECT results_eq($$SELECT * FROM careforall.fee_cover_many(ARRAY[5000, 5000, 5000, 1000], ARRAY['EUR', 'EUR', 'CHF', 'JPY'], ARRAY[true, false, true, true])$$,
  $$VALUES (ARRAY[5180, 5000, NULL, 1037]::bigint[], ARRAY[180, 0, NULL, 37]::bigint[])$$, 'a batch; CHF has no fee to cover');
SELECT results_eq($$SELECT * FROM careforall.fee_cover_many(ARRAY[5000, 7], ARRAY['EUR', 'CHF'], ARRAY[false, false])$$,
  $$VALUES (ARRAY[5000, 7]::bigint[], NULL::bigint[])$$, 'nobody covers');
SELECT lives_ok($$SELECT careforall.fee_remove('JPY', 'no more')$$, 'a fee is taken away');
SELECT is((SELECT totals_minor FROM careforall.fee_cover_many(ARRAY[1000], ARRAY['JPY'], ARRAY[true])), ARRAY[NULL]::bigint[], 'and cannot be covered any more');
SELECT throws_ok($$SELECT careforall.fee_remove('JPY', 'no more')$$, 'PL005', NULL, 'nor taken away twice');

SELECT finish();
ROLLBACK;
