-- SPDX-License-Identifier: Apache-2.0
-- The usual design: lock the row, look, write.
\set n 1
\set i :i + 1
\set id (:run * 1000 + :client_id) * 1000000000 + :i
BEGIN;
SELECT used FROM bench.caps WHERE n = :n FOR UPDATE;
UPDATE bench.caps SET used = used + 1000 WHERE n = :n;
INSERT INTO bench.pledges (id, campaign_id, amount_minor, currency, held_minor, donor_name, donor_email, hold_expires_at) VALUES (lpad(:id::text, 32, '0')::uuid, '00000000-0000-7000-8000-000000000001'::uuid, 1000, 'EUR', 1000, 'Ada', 'ada@example.org', now() + '15 min');
INSERT INTO bench.pledge_history VALUES (lpad(:id::text, 32, '0')::uuid, 1, '00000000-0000-7000-8000-000000000001'::uuid, 'create', NULL, 'pending', 1000, NULL, 'bench', NULL, now());
INSERT INTO bench.idempotency_keys (key_hash, fingerprint, pledge_id) VALUES (sha256(uuid_send(lpad(:id::text, 32, '0')::uuid)), sha256('x'), lpad(:id::text, 32, '0')::uuid);
INSERT INTO bench.outbox (event_id, aggregate_type, aggregate_id, aggregate_version, campaign_id, type, data, occurred_at) VALUES (gen_random_uuid(), 'pledge', lpad(:id::text, 32, '0')::uuid, 1, '00000000-0000-7000-8000-000000000001'::uuid, 'pledge.created', bench.event_json(lpad(:id::text, 32, '0')::uuid, '00000000-0000-7000-8000-000000000001'::uuid), now());
COMMIT;
