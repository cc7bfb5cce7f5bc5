-- SPDX-License-Identifier: Apache-2.0
-- Goal: every figure of the database is a metric that says what it is. Method: the
-- definitions against what the sources give, and the text against the figures.
\ir setup.psql
SELECT plan(9);

CREATE TEMPORARY TABLE figures AS
  SELECT name FROM careforall.metrics() UNION SELECT name FROM careforall.stats()
  UNION SELECT name FROM careforall.database_figures()
  UNION VALUES ('limits_loaded'), ('limits_max');
SELECT is_empty('SELECT name FROM figures EXCEPT SELECT figure FROM careforall.metric_definitions()',
  'every figure is defined');
SELECT is_empty($$SELECT figure FROM careforall.metric_definitions() WHERE figure !~ '^(invariant|outbox_reader|outbox_(behind|lag|leader)|pledges_confirmed|money)'
  EXCEPT SELECT name FROM figures$$, 'every definition has a figure, but for those of what is not here');
SELECT is_empty('SELECT metric FROM careforall.metric_definitions() GROUP BY metric HAVING count(help) <> 1',
  'every metric has one help');
SELECT is_empty($$SELECT metric FROM careforall.metric_definitions() GROUP BY metric
  HAVING count(DISTINCT COALESCE(label, '')) > 1 OR max(place) - min(place) + 1 <> count(*)$$,
  'the series of a metric have one label and stand together');

SELECT pg_temp.new_campaign('metrics') AS campaign \gset
INSERT INTO careforall.verify_results (name, violations, checked_at, took)
VALUES ('a "quoted" \ one', 3, clock_timestamp(), interval '0');
SELECT careforall.metrics_text() AS text \gset
SELECT ok(:'text' ~ E'\n# TYPE careforall_engine_limit_loads_total counter\ncareforall_engine_limit_loads_total [0-9]+\n', 'a counter is one');
SELECT ok(:'text' ~ E'\n# TYPE careforall_pledges_pending gauge\ncareforall_pledges_pending 0\n', 'a gauge is one');
SELECT ok(strpos(:'text', E'\ncareforall_invariant_violations{check="a \\"quoted\\" \\\\ one"} 3\n') > 0, 'label values are escaped');
SELECT ok(:'text' !~ E'(^|\n)(?!#)[^\n]* (\n|NULL|$)', 'every line has a value');
SELECT ok(right(:'text', 1) = E'\n', 'the last line ends');
SELECT finish();
ROLLBACK;
