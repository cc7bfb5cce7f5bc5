-- SPDX-License-Identifier: Apache-2.0
-- Goal: every (state, event) pair does what the table says and nothing else.
-- Method: bring a pledge into each state, apply each event, compare with the table;
-- then every pair of states by plain SQL.
SELECT from_state, event, to_state, guard, effect FROM careforall.pledge_transitions();
SELECT from_state, event, to_state, effect FROM careforall.campaign_transitions();

SELECT t.campaign(120) IS NOT NULL AS made;
CREATE TEMP TABLE tried AS
SELECT s.state AS from_state, e.event, a.outcome, a.state AS to_state, a.version - v.version AS versions
FROM unnest(ARRAY['pending', 'confirmed', 'failed', 'refunded']) WITH ORDINALITY AS s (state, sn)
CROSS JOIN unnest(ARRAY['payment_attach', 'payment_succeeded', 'payment_failed', 'cancel_request',
  'cancel', 'expire', 'refund_request', 'refund']) WITH ORDINALITY AS e (event, en)
CROSS JOIN LATERAL (SELECT t.pledge_in(120, s.state || left(e.event, 0)) AS id OFFSET 0) AS p
CROSS JOIN LATERAL (SELECT CASE s.state WHEN 'pending' THEN 1 WHEN 'refunded' THEN 3 ELSE 2 END AS version) AS v
CROSS JOIN LATERAL careforall.pledge_apply(p.id, e.event) AS a
ORDER BY sn, en;
TABLE tried;

-- All that was applied is in the table; all that is in the table could be applied, but
-- for a payment to attach (there is none here), late money (it comes by the inbox) and
-- erasing the donor (a function does it).
SELECT tried.from_state, tried.event FROM tried
LEFT JOIN careforall.pledge_transitions() x USING (from_state, event, to_state)
WHERE tried.outcome = 'applied' AND x.event IS NULL;
SELECT x.from_state, x.event, x.to_state, x.guard FROM careforall.pledge_transitions() x
LEFT JOIN tried USING (from_state, event, to_state)
WHERE x.event <> 'create' AND tried.outcome IS NULL OR tried.outcome = 'illegal';

-- Refused events leave no trace.
SELECT count(*) FROM careforall.pledges p
JOIN careforall.pledge_history h ON h.pledge_id = p.id AND h.version > p.version;

-- Plain SQL goes through the same machine.
SELECT f.state AS from_state, x.state AS to_state, t.try(format(
  'UPDATE careforall.pledges SET state = %L WHERE id = %L', x.state, t.pledge_in(120, f.state)))
FROM unnest(ARRAY['pending', 'confirmed', 'failed', 'refunded', 'lost']) WITH ORDINALITY AS x (state, xn),
  unnest(ARRAY['pending', 'confirmed', 'failed', 'refunded']) WITH ORDINALITY AS f (state, fn)
ORDER BY fn, xn;

-- A pledge begins pending, and what it is about never changes.
SELECT s.state, t.try(format($$INSERT INTO careforall.pledges
  (campaign_id, amount_minor, currency, donor_name, donor_email, state)
  VALUES (%L, 500, 'EUR', 'B', 'b@x.y', %L)$$, t.id('c', 120), s.state))
FROM unnest(ARRAY['pending', 'confirmed', 'failed', 'refunded', 'lost']) AS s (state);
SELECT c.change, t.try(format('UPDATE careforall.pledges SET %s WHERE id = %L', c.change, t.pledge_in(120, 'pending')))
FROM unnest(ARRAY['amount_minor = 1', 'fee_minor = 1', 'account_id = careforall.uuid7()', 'campaign_id = careforall.uuid7()', 'id = careforall.uuid7()',
  'currency = ''USD''', 'quantity = 2', 'held_minor = 0', 'held_places = 1', 'version = 7',
  'reward_id = careforall.uuid7()', 'pool_id = careforall.uuid7()', 'created_at = ''2020-01-01''',
  'refunded_minor = 5', 'donor_name = ''C''', 'message = ''hello''', 'version = version']) AS c (change);

-- Refunds: part, more than is left, rest; less is never possible.
SELECT t.pledge_in(120, 'confirmed') AS p \gset
SELECT * FROM careforall.pledge_apply(:'p', 'refund', 'part', 300);
SELECT * FROM careforall.pledge_apply(:'p', 'refund', 'too much', 701);
SELECT * FROM careforall.pledge_apply(:'p', 'refund', 'nothing', 0);
SELECT t.try(format('UPDATE careforall.pledges SET refunded_minor = 100 WHERE id = %L', :'p'));
SELECT state, refunded_minor, held_minor, version FROM careforall.pledges WHERE id = :'p';
UPDATE careforall.pledges SET refunded_minor = 1000 WHERE id = :'p';
SELECT state, refunded_minor, held_minor, version FROM careforall.pledges WHERE id = :'p';
SELECT event, from_state, to_state, amount_minor, reason, actor FROM careforall.pledge_history
WHERE pledge_id = :'p' ORDER BY version;

-- Requests of refunds add up.
SELECT t.pledge_in(120, 'confirmed') AS p \gset
SELECT * FROM careforall.pledge_apply(:'p', 'refund_request', 'requested', 600, 'admin');
SELECT * FROM careforall.pledge_apply(:'p', 'refund_request', 'requested', 401);
SELECT * FROM careforall.pledge_apply(:'p', 'refund_request');
SELECT kind, amount_minor, state, reason, requested_by FROM careforall.refunds
WHERE pledge_id = :'p' ORDER BY id;

-- Who, why, and in which trace, for plain SQL.
SELECT t.pledge_in(120, 'pending') AS p \gset
SET careforall.actor = 'carol';
SET careforall.reason = 'asked by phone';
SET careforall.traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
UPDATE careforall.pledges SET state = 'failed' WHERE id = :'p';
RESET careforall.actor;
RESET careforall.reason;
RESET careforall.traceparent;
SELECT event, from_state, to_state, reason, actor, traceparent FROM careforall.pledge_history
WHERE pledge_id = :'p' ORDER BY version;

-- Payments: attach once, never replace; a cancellation is asked for once.
SELECT t.pledge_in(120, 'pending') AS p \gset
UPDATE careforall.pledges SET provider = 'mock', payment_id = 'pi_s1' WHERE id = :'p';
SELECT t.try(format('UPDATE careforall.pledges SET payment_id = ''pi_s2'' WHERE id = %L', :'p'));
SELECT * FROM careforall.pledge_apply(:'p', 'cancel_request', 'expired');
SELECT * FROM careforall.pledge_apply(:'p', 'cancel_request', 'expired');
SELECT version, event FROM careforall.pledge_history WHERE pledge_id = :'p' ORDER BY version;

-- Only at the version that was looked at: two who decide from the same sight.
SELECT t.pledge_in(120, 'confirmed') AS p \gset
SELECT version AS seen FROM careforall.pledges WHERE id = :'p' \gset
SELECT * FROM careforall.pledge_apply(:'p', 'refund', 'first', 300, expected_version => :seen);
SELECT * FROM careforall.pledge_apply(:'p', 'refund', 'second', 300, expected_version => :seen);
SELECT * FROM careforall.pledge_apply(:'p', 'refund', 'of the future', 300, expected_version => :seen + 2);
SELECT * FROM careforall.pledge_apply(:'p', 'cancel', 'illegal besides', expected_version => :seen);
SELECT refunded_minor, version - :seen AS versions FROM careforall.pledges WHERE id = :'p';
SELECT reason FROM careforall.pledge_history WHERE pledge_id = :'p' AND version > :seen;
SELECT count(*) FROM careforall.outbox WHERE aggregate_id = :'p' AND aggregate_version > :seen;
SELECT outcome FROM careforall.pledge_apply(careforall.uuid7(), 'cancel', expected_version => 1);

-- Unknown pledge, unknown event, event of creation.
SELECT * FROM careforall.pledge_apply(careforall.uuid7(), 'cancel');
SELECT t.try(format('SELECT careforall.pledge_apply(%L, %L)', :'p', e))
FROM unnest(ARRAY['explode', 'create', '']) AS e;
SELECT t.try('SELECT careforall.pledge_apply(NULL, ''cancel'')');

-- Nothing can be deleted or emptied.
SELECT s, t.try(s) FROM unnest(ARRAY['DELETE FROM careforall.pledges', 'TRUNCATE careforall.pledges CASCADE',
  'DELETE FROM careforall.pledge_history', 'UPDATE careforall.pledge_history SET reason = ''x''',
  'TRUNCATE careforall.pledge_history', 'DELETE FROM careforall.campaigns', 'DELETE FROM careforall.rewards',
  'DELETE FROM careforall.pools', 'TRUNCATE careforall.rewards', 'DELETE FROM careforall.outbox',
  'UPDATE careforall.outbox SET type = ''x''', 'TRUNCATE careforall.outbox', 'DELETE FROM careforall.refunds',
  'TRUNCATE careforall.refunds']) AS s;
