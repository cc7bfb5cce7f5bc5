-- SPDX-License-Identifier: Apache-2.0
-- Goal: each committed change has one event with the agreed data; totals are exact.
-- Method: a whole life of a pledge, then many rows at once, rollbacks and folding.
SELECT t.campaign(160, quantity => 5, capacity => 5) IS NOT NULL AS made;
SELECT pledge_id AS p FROM careforall.pledge_create(t.id('c', 160), 1000, 'EUR', E'Zo\u00e9 "Z"', 'zoe@example.org',
  t.id('a', 160), 2, 'name_amount_message', E'a\\b\n"c"', traceparent => '00-aa-bb-01') \gset
UPDATE careforall.pledges SET provider = 'mock', payment_id = 'pi_o1' WHERE id = :'p';
SELECT outcome FROM careforall.payment_event_apply('mock', 'evt_o1', 'payment_succeeded', 'pi_o1', :'p', NULL, 1000, 'eur');
SELECT outcome FROM careforall.pledge_apply(:'p', 'refund_request', 'sorry', 250);
SELECT id AS r FROM careforall.refunds WHERE pledge_id = :'p' \gset
SELECT outcome FROM careforall.payment_event_apply('mock', 'evt_o2', 'refund_succeeded', 'pi_o1', NULL, :'r', 250, 'eur');
SELECT outcome FROM careforall.pledge_apply(:'p', 'refund');
CREATE VIEW t.events AS
SELECT o.id, o.type, o.aggregate_id, o.aggregate_version AS version, replace(replace(regexp_replace(o.data::text,
    '"(created|occurred)_at":"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}[.][0-9]{3}Z"', '"\1_at":<time>', 'g'),
    o.aggregate_id::text, '<pledge>'), coalesce(o.data ->> 'refund_id', '?'), '<refund>') AS data, o.traceparent
FROM careforall.outbox o WHERE o.aggregate_type = 'pledge';
SELECT type, version, data, traceparent FROM t.events WHERE aggregate_id = :'p' ORDER BY id;
SELECT count(*) AS with_email FROM careforall.outbox WHERE data::text LIKE '%zoe@%';
SELECT count(DISTINCT event_id) = count(*) AS ids_differ FROM careforall.outbox;

-- What the donor shows.
SELECT count(careforall.pledge_create(t.id('c', 160), 500, 'EUR', 'Bob', 'b@x.y', display => d, message => 'hi'))
FROM unnest(ARRAY['name_amount_message', 'name_message', 'name', 'none']) AS d;
SELECT data ->> 'display' AS display, data ->> 'name' AS name, data ->> 'message' AS message, data -> 'show_amount' AS show_amount
FROM careforall.outbox WHERE campaign_id = t.id('c', 160) AND type = 'pledge.created' AND data ->> 'message' IS DISTINCT FROM E'a\\b\n"c"' ORDER BY id;

-- Many rows in one statement: one event each, in order, and none after a rollback.
SELECT count(*) AS before FROM careforall.outbox \gset
BEGIN;
UPDATE careforall.pledges SET state = 'confirmed' WHERE campaign_id = t.id('c', 160) AND state = 'pending';
SAVEPOINT a;
SELECT t.pledge(160) IS NOT NULL AS made;
ROLLBACK TO a;
SELECT t.pledge(160, 300) IS NOT NULL AS made;
COMMIT;
SELECT type, count(*) FROM careforall.outbox WHERE campaign_id = t.id('c', 160) GROUP BY type ORDER BY type;
BEGIN;
SELECT t.pledge(160) IS NOT NULL AS made;
ROLLBACK;
SELECT count(*) - :before AS new_events FROM careforall.outbox;

-- Events stay in order when a trigger of the user changes rows inside a subtransaction
-- while events of the outer statement wait; its rollback takes nothing else with it.
CREATE FUNCTION t.meddle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.message = 'meddle' THEN
    BEGIN
      PERFORM careforall.pledge_apply(NEW.id, 'cancel', 'undone');
      PERFORM 1 / 0;
    EXCEPTION WHEN division_by_zero THEN NULL;
    END;
    PERFORM careforall.pledge_apply(NEW.id, 'cancel_request', 'kept');
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER pledges_z_meddle AFTER INSERT ON careforall.pledges FOR EACH ROW EXECUTE FUNCTION t.meddle();
INSERT INTO careforall.pledges (campaign_id, amount_minor, currency, donor_name, donor_email, message)
VALUES (t.id('c', 160), 700, 'EUR', 'B', 'b@x.y', 'meddle'), (t.id('c', 160), 700, 'EUR', 'B', 'b@x.y', 'meddle');
DROP TRIGGER pledges_z_meddle ON careforall.pledges;
SELECT row_number() OVER (ORDER BY o.id) AS n, o.type, o.aggregate_version AS version FROM careforall.outbox o
JOIN careforall.pledges p ON p.id = o.aggregate_id WHERE p.message = 'meddle' ORDER BY o.id;
SELECT p.state, p.version, count(h.*) FROM careforall.pledges p JOIN careforall.pledge_history h ON h.pledge_id = p.id
WHERE p.message = 'meddle' GROUP BY p.id ORDER BY p.id;

-- A missing trigger is noticed at commit, not lost.
BEGIN;
ALTER TABLE careforall.pledges DISABLE TRIGGER pledges_write;
SELECT t.pledge(160) IS NOT NULL AS made;
COMMIT;

-- Totals: folded plus deltas are the recount, before and after folding.
CREATE VIEW t.totals AS SELECT campaign_id, sum(confirmed_minor) AS confirmed, sum(confirmed_count) AS number, sum(refunded_minor) AS refunded
FROM (SELECT campaign_id, confirmed_minor, confirmed_count, refunded_minor FROM careforall.campaign_totals
  UNION ALL SELECT campaign_id, confirmed_minor, confirmed_count, refunded_minor FROM careforall.campaign_total_deltas) AS t
GROUP BY campaign_id;
SELECT confirmed, number, refunded FROM t.totals WHERE campaign_id = t.id('c', 160);
SELECT careforall.totals_fold() >= 0 AS folded;
SELECT confirmed, number, refunded FROM t.totals WHERE campaign_id = t.id('c', 160);
SELECT count(*) FROM careforall.campaign_total_deltas;
