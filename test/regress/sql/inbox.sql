-- SPDX-License-Identifier: Apache-2.0
-- Goal: an event of a provider has one effect, and any order of events one end.
-- Method: each kind against each state; duplicates; all orders of one payment's events.
SELECT t.campaign(170) IS NOT NULL AS made;
CREATE FUNCTION t.event(id text, kind text, pledge uuid, payment text DEFAULT NULL, amount bigint DEFAULT 1000,
  currency text DEFAULT 'eur', refund uuid DEFAULT NULL, reason text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
  SELECT concat_ws(' ', outcome, state, version) FROM careforall.payment_event_apply('mock', id, kind, payment, pledge,
    refund, amount, currency, reason)
$$;
SELECT s.state, k.kind, t.event(concat_ws('-', s.state, k.kind), k.kind, t.pledge_in(170, s.state),
  concat_ws('-', 'pi', s.state, k.kind)) AS result
FROM unnest(ARRAY['pending', 'confirmed', 'failed', 'refunded']) WITH ORDINALITY AS s (state, sn),
  unnest(ARRAY['payment_succeeded', 'payment_failed', 'payment_canceled', 'payment_attempt_failed', 'refund_succeeded',
  'refund_failed', 'other']) WITH ORDINALITY AS k (kind, kn) ORDER BY sn, kn;

-- Wrong money, wrong payment, unknown pledge: kept for people to see, nothing changes.
SELECT t.pledge(170) AS p \gset
SELECT t.event('m1', 'payment_succeeded', :'p', 'pi_m', 999);
SELECT t.event('m2', 'payment_succeeded', :'p', 'pi_m', NULL);
SELECT t.event('m3', 'payment_succeeded', :'p', 'pi_m', 1000, 'usd');
SELECT t.event('m4', 'payment_succeeded', :'p', 'pi_m', 1000, NULL);
UPDATE careforall.pledges SET provider = 'mock', payment_id = 'pi_m' WHERE id = :'p';
SELECT t.event('m5', 'payment_succeeded', :'p', 'pi_other');
SELECT t.event('m6', 'payment_failed', :'p', 'pi_other');
SELECT t.event('m7', 'payment_succeeded', t.pledge(170), 'pi_m');
SELECT t.event('m8', 'payment_succeeded', careforall.uuid7(), 'pi_none');
SELECT t.event('m9', 'payment_succeeded', NULL, 'pi_none');
SELECT event_id, outcome, detail, amount_minor, currency FROM careforall.inbox WHERE event_id LIKE 'm_' ORDER BY event_id;
SELECT state, version FROM careforall.pledges WHERE id = :'p';
-- The payment alone tells the pledge.
SELECT t.event('m10', 'payment_succeeded', NULL, 'pi_m', 1000, 'EUR');
SELECT t.event('m10', 'payment_succeeded', NULL, 'pi_m', 1000, 'EUR');
SELECT deliveries, outcome FROM careforall.inbox WHERE event_id = 'm10';

-- Late money: refunded once per payment, however often and however it comes.
SELECT t.pledge_in(170, 'failed') AS p \gset
SELECT t.event('l1', 'payment_succeeded', :'p', 'pi_l');
SELECT t.event('l1', 'payment_succeeded', :'p', 'pi_l');
SELECT t.event('l2', 'payment_succeeded', :'p', 'pi_l');
SELECT id AS r FROM careforall.refunds WHERE pledge_id = :'p' \gset
SELECT kind, amount_minor, state, payment_id FROM careforall.refunds WHERE pledge_id = :'p';
SELECT t.event('l3', 'refund_failed', NULL, 'pi_l', 1000, 'eur', :'r', 'no_funds');
SELECT state, state_reason FROM careforall.refunds WHERE id = :'r';
SELECT t.event('l4', 'refund_succeeded', NULL, 'pi_l', 1000, 'eur', :'r');
SELECT t.event('l5', 'refund_succeeded', NULL, 'pi_l', 1000, 'eur', :'r');
SELECT t.event('l6', 'refund_failed', NULL, 'pi_l', 1000, 'eur', :'r');
SELECT state, state_reason FROM careforall.refunds WHERE id = :'r';
SELECT type, data ->> 'late' AS late, data ->> 'refund_minor' AS refund, data -> 'delta' ->> 'refunded_minor' AS delta
FROM careforall.outbox WHERE aggregate_id = :'p' ORDER BY id;

-- Refunds: part and rest, wrong amount, of another pledge.
SELECT t.pledge_in(170, 'confirmed') AS p \gset
SELECT careforall.pledge_apply(:'p', 'refund_request', 'a', 400) \g /dev/null
SELECT careforall.pledge_apply(:'p', 'refund_request', 'b', 600) \g /dev/null
SELECT id AS r1 FROM careforall.refunds WHERE pledge_id = :'p' AND amount_minor = 400 \gset
SELECT id AS r2 FROM careforall.refunds WHERE pledge_id = :'p' AND amount_minor = 600 \gset
SELECT t.event('r1', 'refund_succeeded', :'p', NULL, 500, 'eur', :'r1');
SELECT t.event('r2', 'refund_succeeded', t.pledge(170), NULL, 400, 'eur', :'r1');
SELECT t.event('r3', 'refund_succeeded', :'p', NULL, 400, 'usd', :'r1');
SELECT t.event('r4', 'refund_succeeded', :'p', NULL, 400, 'eur', careforall.uuid7());
SELECT t.event('r5', 'refund_succeeded', NULL, NULL, 400, 'eur', :'r1');
SELECT t.event('r6', 'refund_succeeded', NULL, NULL, NULL, NULL, :'r2');
SELECT state, refunded_minor FROM careforall.pledges WHERE id = :'p';

-- A cancellation after an expiry fails as expired, after a wish as that wish says.
SELECT t.pledge(170) AS p \gset
SELECT careforall.pledge_apply(:'p', 'cancel_request', 'expired') \g /dev/null
SELECT t.event('x1', 'payment_canceled', :'p', 'pi_x1', NULL, NULL, NULL, 'requested_by_customer');
SELECT state_reason, (SELECT event FROM careforall.pledge_history h WHERE h.pledge_id = p.id ORDER BY version DESC LIMIT 1)
FROM careforall.pledges p WHERE id = :'p';
SELECT t.pledge(170) AS p \gset
SELECT t.event('x2', 'payment_canceled', :'p', 'pi_x2', NULL, NULL, NULL, 'card_declined');
SELECT state_reason FROM careforall.pledges WHERE id = :'p';
SELECT t.pledge(170) AS p \gset
SELECT t.event('x3', 'payment_canceled', :'p', 'pi_x3', NULL, NULL);
SELECT state_reason FROM careforall.pledges WHERE id = :'p';

-- Every order of attempt, success, success again and failure ends confirmed or, when the
-- failure came first, failed with one refund: one effect in any case.
CREATE TEMP TABLE permuted AS
SELECT o.kinds, t.pledge(170) AS p, row_number() OVER () AS n FROM (
  SELECT ARRAY[a, b, c, d] AS kinds FROM
    unnest(ARRAY['payment_attempt_failed', 'payment_succeeded', 'payment_succeeded+', 'payment_failed']) AS a,
    unnest(ARRAY['payment_attempt_failed', 'payment_succeeded', 'payment_succeeded+', 'payment_failed']) AS b,
    unnest(ARRAY['payment_attempt_failed', 'payment_succeeded', 'payment_succeeded+', 'payment_failed']) AS c,
    unnest(ARRAY['payment_attempt_failed', 'payment_succeeded', 'payment_succeeded+', 'payment_failed']) AS d
  WHERE a <> b AND a <> c AND a <> d AND b <> c AND b <> d AND c <> d) AS o;
SELECT count(t.event('o' || n || k.kind || k.twice, replace(k.kind, '+', ''), p, 'pi_o' || n))
FROM permuted, LATERAL (SELECT u.kind, u.o, twice FROM unnest(kinds) WITH ORDINALITY AS u (kind, o), generate_series(1, 2) AS twice) AS k;
SELECT p.state, array_position(x.kinds, 'payment_failed') < least(array_position(x.kinds, 'payment_succeeded'),
  array_position(x.kinds, 'payment_succeeded+')) AS failure_first, count(*),
  sum((SELECT count(*) FROM careforall.refunds r WHERE r.pledge_id = p.id)) AS refunds,
  min(p.version) AS least_version, max(p.version) AS most_version
FROM permuted x JOIN careforall.pledges p ON p.id = x.p GROUP BY 1, 2 ORDER BY 1;

-- A batch: several events of one pledge, duplicates in it, unknown ones beside.
SELECT t.pledge(170) AS p1 \gset
SELECT t.pledge(170) AS p2 \gset
SELECT item, outcome, state, version FROM careforall.payment_event_apply_many(
  array_fill('mock'::text, ARRAY[7]), ARRAY['b1', 'b2', 'b1', 'b3', 'b4', 'b5', 'm10'],
  ARRAY['payment_succeeded', 'payment_failed', 'payment_succeeded', 'payment_succeeded', 'payment_succeeded', 'other', 'payment_succeeded'],
  ARRAY['pi_b1', 'pi_b2', 'pi_b1', 'pi_b2', 'pi_b9', NULL, NULL],
  ARRAY[:'p1', :'p2', :'p1', :'p2', careforall.uuid7(), NULL, NULL]::uuid[],
  amounts_minor => array_fill(1000::bigint, ARRAY[7]), currencies => array_fill('eur'::text, ARRAY[7]));
SELECT event_id, outcome, deliveries FROM careforall.inbox WHERE event_id IN ('b1', 'b2', 'b3', 'b4', 'b5', 'm10') ORDER BY event_id;
SELECT t.try($$SELECT careforall.payment_event_apply('mock', 'e', 'payment_exploded')$$);
SELECT t.try($$SELECT careforall.payment_event_apply(NULL, 'e', 'other')$$);
SELECT t.try($$SELECT careforall.payment_event_apply('mock', '', 'other')$$);
