-- SPDX-License-Identifier: Apache-2.0
-- Goal: after pg_upgrade the relay and independent consumers go on, after a restored dump
-- they begin again. Method: events as each of the two leaves them, under checkpoints of
-- another identity.
\ir setup.psql
SELECT plan(14);

-- Events of several transactions: the first by the one that it names, the others in
-- subtransactions, so that each row has a writer of its own.
CREATE FUNCTION pg_temp.event(named xid8) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO careforall.outbox (event_id, xid, aggregate_type, aggregate_id, aggregate_version, campaign_id, type, data, occurred_at)
  VALUES (careforall.uuid7(), named, 'pledge', careforall.uuid7(), 1, careforall.uuid7(), 'pledge.created', '{}', now());
EXCEPTION WHEN unique_violation THEN
  NULL;
END $$;
INSERT INTO careforall.outbox (event_id, aggregate_type, aggregate_id, aggregate_version, campaign_id, type, data, occurred_at)
VALUES (careforall.uuid7(), 'pledge', careforall.uuid7(), 1, careforall.uuid7(), 'pledge.created', '{}', now());
SELECT pg_temp.event('100'), pg_temp.event('101') \g /dev/null

SELECT careforall.relay_lead('relay', 'test') AS epoch \gset
CREATE FUNCTION pg_temp.checkpoint(system bigint) RETURNS void LANGUAGE sql AS $$
  INSERT INTO careforall.relay_checkpoints (consumer, epoch, system_identifier, snapshot, stream, stream_created, stream_seq, last_outbox_id)
  SELECT 'relay', 1, system, pg_current_snapshot(), 'S', 'then', 3, max(id) FROM careforall.outbox
$$;
SELECT pg_temp.checkpoint(7) \g /dev/null
SELECT careforall.outbox_reader_create('upgraded', 'zero', 'a test'), careforall.outbox_reader_create('older', 'zero', 'a test') \g /dev/null
UPDATE careforall.outbox_readers SET system_identifier = 7 WHERE name = 'upgraded';
UPDATE careforall.outbox_readers SET system_identifier = 6 WHERE name = 'older';

SAVEPOINT upgraded;
SELECT results_eq(format($$SELECT is_leader, stream_seq, is_foreign FROM careforall.relay_start('relay', %s, 'S', 'then', 1, 3)$$, :epoch),
  'VALUES (true, 3::bigint, false)', 'the relay goes on from its checkpoint');
SELECT is((SELECT system_identifier FROM careforall.relay_checkpoints ORDER BY id DESC LIMIT 1), careforall.relay_system(), 'which is of this cluster now');
SELECT is((SELECT system_identifier FROM careforall.outbox_readers WHERE name = 'upgraded'), careforall.relay_system(), 'so is a consumer');
SELECT is((SELECT system_identifier FROM careforall.outbox_readers WHERE name = 'older'), 6::bigint, 'but not one of a cluster before that');
SELECT is(careforall.relay_adopt(), false, 'a second time there is nothing to do');
ROLLBACK TO upgraded;

-- A consumer may be the first to come.
SELECT count(*) FROM careforall.outbox_reader_next('upgraded') \g /dev/null
SELECT is((SELECT restarts FROM careforall.outbox_readers WHERE name = 'upgraded'), 0, 'a consumer goes on, whoever comes first');
SELECT count(*) FROM careforall.outbox_reader_next('older') \g /dev/null
SELECT is((SELECT restarts FROM careforall.outbox_readers WHERE name = 'older'), 1, 'one of a cluster before that begins again');
ROLLBACK TO upgraded;

SELECT is((SELECT is_leader FROM careforall.relay_start('relay', :epoch + 1, 'S', 'then', 1, 3)), false, 'who does not lead');
SELECT is((SELECT count(*) FROM careforall.relay_checkpoints WHERE system_identifier = 7), 1::bigint, 'adopts nothing');

-- A dump was loaded: one transaction has written what several had.
CREATE TEMPORARY TABLE dump AS SELECT * FROM careforall.outbox;
SET LOCAL session_replication_role = replica;
DELETE FROM careforall.outbox;
INSERT INTO careforall.outbox SELECT * FROM dump;
SELECT results_eq(format($$SELECT stream_seq, is_foreign FROM careforall.relay_start('relay', %s, 'S', 'then', 1, 3)$$, :epoch),
  'VALUES (NULL::bigint, true)', 'after a restore the relay begins again');
SELECT is((SELECT system_identifier FROM careforall.outbox_readers WHERE name = 'upgraded'), 7::bigint, 'and no consumer is touched');
ROLLBACK TO upgraded;

-- One event alone names a transaction that is yet to come here.
UPDATE careforall.outbox SET xid = (pg_snapshot_xmax(pg_current_snapshot())::text::bigint + 1000)::text::xid8
WHERE id = (SELECT max(id) FROM careforall.outbox);
SELECT is(careforall.relay_adopt(), false, 'a transaction of the future is of another cluster');
ROLLBACK TO upgraded;

UPDATE careforall.relay_checkpoints SET last_outbox_id = NULL;
SELECT is(careforall.relay_adopt(), false, 'a checkpoint that covers no event proves nothing');
ROLLBACK TO upgraded;
DELETE FROM careforall.relay_checkpoints;
SELECT is(careforall.relay_adopt(), false, 'nor does none');

SELECT finish();
ROLLBACK;
