-- SPDX-License-Identifier: Apache-2.0
-- Goal: a sleeping relay is woken once per burst, an awake one never; totals get folded.
-- Method: wait with a deadline for what the worker does; the test plays the relay.
SELECT t.campaign(190) IS NOT NULL AS made;
CREATE PROCEDURE t.until(condition text) LANGUAGE plpgsql AS $$
DECLARE
  is_met boolean;
BEGIN
  FOR i IN 1 .. 1000 LOOP
    EXECUTE 'SELECT ' || condition INTO is_met;
    COMMIT;
    EXIT WHEN is_met;
    PERFORM pg_sleep(0.01);
  END LOOP;
  RAISE NOTICE '%: %', condition, is_met;
END $$;
CREATE FUNCTION t.stat(wanted text) RETURNS bigint LANGUAGE sql AS
  'SELECT value FROM careforall.stats() WHERE name = wanted';
CALL t.until($$EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'careforall notifier')$$);
SELECT careforall.outbox_wake();
SELECT careforall.stats_reset();
SELECT careforall.outbox_commits() AS commits \gset
SELECT t.pledge(190) IS NOT NULL AS made;
SELECT careforall.outbox_commits() - :commits AS commits, t.stat('notifies_sent') AS notifies;
SELECT careforall.outbox_sleep();
SELECT t.pledge(190) IS NOT NULL AS made;
CALL t.until($$t.stat('notifies_sent') = 1$$);
SELECT t.pledge(190) IS NOT NULL AS made;
SELECT careforall.outbox_commits() - :commits AS commits;
-- A rollback, and a transaction without events, wake nobody.
SELECT careforall.outbox_sleep();
BEGIN;
SELECT t.pledge(190) IS NOT NULL AS made;
ROLLBACK;
CREATE TABLE t.nothing ();
SELECT careforall.outbox_commits() - :commits AS commits;
SELECT t.stat('notifies_sent') AS notifies;
SELECT id AS p FROM careforall.pledges WHERE campaign_id = t.id('c', 190) LIMIT 1 \gset
SELECT outcome FROM careforall.pledge_apply(:'p', 'payment_succeeded');
CALL t.until($$t.stat('notifies_sent') = 2$$);
CALL t.until($$NOT EXISTS (SELECT FROM careforall.campaign_total_deltas)$$);
SELECT confirmed_minor, confirmed_count FROM careforall.campaign_totals WHERE campaign_id = t.id('c', 190);
