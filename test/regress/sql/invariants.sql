-- SPDX-License-Identifier: Apache-2.0
-- Goal: after all other files the invariants hold, and each check can fail.
-- Method: verify(); then one broken row for each check, past the triggers, rolled back.
SELECT careforall.limits_reload();
SELECT * FROM careforall.verify() WHERE violations > 0;
CREATE FUNCTION t.broken(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  found text;
BEGIN
  BEGIN
    SET LOCAL session_replication_role = replica;
    EXECUTE statement;
    SELECT string_agg(v.name, ' ' ORDER BY v.name) INTO found FROM careforall.verify() v WHERE v.violations > 0;
    RAISE EXCEPTION SQLSTATE 'T0000' USING MESSAGE = coalesce(found, 'nothing');
  EXCEPTION WHEN SQLSTATE 'T0000' THEN RETURN SQLERRM;
  END;
END $$;
SELECT t.campaign(500, cap => 2000, quantity => 2, capacity => 2) IS NOT NULL AS made;
SELECT t.pledge(500, 1000, true) AS p \gset
SELECT outcome FROM careforall.pledge_apply(:'p', 'payment_succeeded');
SELECT t.broken('SELECT 1');
SELECT t.broken(format('DELETE FROM careforall.outbox WHERE aggregate_id = %L AND aggregate_version = 2', :'p'));
SELECT t.broken(format('DELETE FROM careforall.pledge_history WHERE pledge_id = %L AND version = 2', :'p'));
SELECT t.broken(format('DELETE FROM careforall.pledge_history WHERE pledge_id = %L AND version = 1', :'p'));
SELECT t.broken(format('INSERT INTO careforall.outbox (event_id, aggregate_type, aggregate_id, aggregate_version, campaign_id, type, data, occurred_at)
  SELECT careforall.uuid7(), aggregate_type, aggregate_id, aggregate_version, campaign_id, type, data, occurred_at FROM careforall.outbox
  WHERE aggregate_id = %L AND aggregate_version = 1', :'p'));
SELECT t.broken(format('UPDATE careforall.campaigns SET version = 99 WHERE id = %L', t.id('c', 500)));
SELECT t.broken(format('UPDATE careforall.campaigns SET cap_minor = 999 WHERE id = %L', t.id('c', 500)));
SELECT t.broken(format('UPDATE careforall.rewards SET quantity = 0 WHERE id = %L', t.id('a', 500)));
SELECT t.broken(format('UPDATE careforall.pools SET capacity = 0 WHERE id = %L', t.id('b', 500)));
SELECT t.broken(format('UPDATE careforall.pledges SET held_minor = 5 WHERE id = %L', :'p'));
SELECT t.broken(format('UPDATE careforall.pledges SET state = ''failed'', held_minor = 0, held_places = 0 WHERE id = %L', :'p'));
SELECT t.broken(format('UPDATE careforall.pledges SET currency = ''USD'' WHERE id = %L', :'p'));
SELECT t.broken(format('UPDATE careforall.pledge_history SET event = ''refund'' WHERE pledge_id = %L AND version = 2', :'p'));
SELECT t.broken(format('INSERT INTO careforall.campaign_totals VALUES (%L, 5, 0, 0)', careforall.uuid7()));
SELECT t.broken('INSERT INTO careforall.idempotency_keys VALUES (sha256(''lost''), sha256(''f''), careforall.uuid7())');
SELECT t.broken(format('INSERT INTO careforall.refunds (pledge_id, campaign_id, amount_minor, currency, kind, reason, requested_by, state)
  VALUES (%L, %L, 5, ''EUR'', ''manual'', ''x'', ''x'', ''succeeded'')', :'p', t.id('c', 500)));
SELECT t.broken(format('INSERT INTO careforall.inbox (provider, event_id, kind, pledge_id, outcome)
  SELECT ''mock'', ''twice'' || n, ''payment_succeeded'', %L, ''applied'' FROM generate_series(1, 2) AS n', :'p'));
