-- SPDX-License-Identifier: Apache-2.0
-- Goal: one clock that tests can move; ids that sort by time.
-- Method: set, look, act, reset.
SELECT careforall.clock() = statement_timestamp() AS is_real;
SELECT careforall.clock_set('2030-01-01 12:00+00');
SELECT careforall.clock() BETWEEN '2030-01-01 12:00+00' AND '2030-01-01 12:01+00' AS is_moved;
SELECT t.campaign(110) IS NOT NULL AS made;
SELECT created_at >= '2030-01-01' AS created_then FROM careforall.campaigns WHERE id = t.id('c', 110);
SELECT hold_expires_at - created_at AS hold FROM careforall.pledge_create(
  t.id('c', 110), 500, 'EUR', 'B', 'b@x.y');
UPDATE careforall.campaigns SET starts_at = '2029-01-01 00:00+00', ends_at = '2030-01-02 00:00+00' WHERE id = t.id('c', 110);
SELECT careforall.clock_set('2030-01-01 23:59:50+00');
SELECT outcome FROM careforall.pledge_create(t.id('c', 110), 500, 'EUR', 'B', 'b@x.y');
SELECT careforall.clock_set('2030-01-02 00:00+00');
SELECT outcome FROM careforall.pledge_create(t.id('c', 110), 500, 'EUR', 'B', 'b@x.y');
SELECT careforall.clock_set('2028-01-01 00:00+00');
SELECT outcome FROM careforall.pledge_create(t.id('c', 110), 500, 'EUR', 'B', 'b@x.y');
SELECT t.try($$SELECT careforall.clock_set('infinity')$$);
SELECT careforall.clock_reset();
SELECT careforall.clock() = statement_timestamp() AS is_real;

WITH ids AS MATERIALIZED (SELECT n, careforall.uuid7() AS id FROM generate_series(1, 2000) AS n)
SELECT count(DISTINCT id) AS distinct_ids,
  bool_and(substr(id::text, 15, 1) = '7') AS is_version_7,
  bool_and(substr(id::text, 20, 1) IN ('8', '9', 'a', 'b')) AS is_variant_1,
  count(*) FILTER (WHERE n <> place) AS out_of_order
FROM (SELECT n, id, row_number() OVER (ORDER BY id) AS place FROM ids) AS i;
