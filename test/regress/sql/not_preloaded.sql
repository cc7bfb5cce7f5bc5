-- SPDX-License-Identifier: Apache-2.0
-- Goal: without preloading the extension installs, says what is wrong, and breaks nothing.
-- Method: every function that needs shared memory; then a write through the triggers.
\getenv srcdir PG_ABS_SRCDIR
\set schema :srcdir/../../sql/schema
SET client_min_messages = warning;
CREATE SCHEMA careforall;
CREATE EXTENSION careforall;

-- The text of the schema is no result; its errors are.
\set ECHO none
\set file :schema/008_accounts.sql
\i :file
\set file :schema/010_campaigns.sql
\i :file
\set file :schema/020_pledges.sql
\i :file
\set file :schema/030_totals.sql
\i :file
\set file :schema/040_outbox.sql
\i :file
\set file :schema/050_inbox.sql
\i :file
\set file :schema/070_audit.sql
\i :file
\set file :schema/080_triggers.sql
\i :file
\set ECHO all

SELECT careforall.clock() = statement_timestamp() AS clock, careforall.currency_exponent('EUR') AS exponent,
  careforall.uuid7() IS NOT NULL AS uuid7, (SELECT count(*) FROM careforall.pledge_transitions()) > 0 AS transitions;

SELECT careforall.limits();
\echo :SQLSTATE
\set VERBOSITY terse
SELECT careforall.limits_reload();
SELECT careforall.stats();
SELECT careforall.stats_reset();
SELECT careforall.verify();
SELECT careforall.clock_set(now());
SELECT careforall.clock_reset();
SELECT careforall.outbox_sleep();
SELECT careforall.outbox_wake();
SELECT careforall.outbox_commits();
SELECT careforall.pledge_create(careforall.uuid7(), 100, 'EUR', 'B', 'b@x.y');
SELECT careforall.pledge_create_many(ARRAY[careforall.uuid7()], ARRAY[100], ARRAY['EUR'], ARRAY['B'], ARRAY['b@x.y']);
SELECT careforall.pledge_apply(careforall.uuid7(), 'cancel');
SELECT careforall.payment_event_apply('mock', 'e', 'other');
INSERT INTO careforall.campaigns (slug, title, category, owner_name, currency, goal_minor)
VALUES ('a', 'A', 'test', 'Ann', 'EUR', 1);
SELECT count(*) FROM careforall.campaigns;
-- The session goes on, and transactions of others are not touched.
BEGIN;
CREATE TABLE other ();
COMMIT;
SHOW careforall.hold_timeout;
DROP EXTENSION careforall;
