-- SPDX-License-Identifier: Apache-2.0
-- The usual design: a version column; who lost the race tries again.
\set n 1
SELECT version FROM bench.caps WHERE n = :n \gset
BEGIN;
SELECT id AS campaign, gen_random_uuid() AS pledge FROM bench.ids WHERE n = :n \gset
WITH won AS (UPDATE bench.caps SET used = used + 1000, version = version + 1 WHERE n = :n AND version = :version RETURNING 1) SELECT count(*) AS won FROM won \gset
\if :won
INSERT INTO bench.pledges (id, campaign_id, amount_minor, currency, held_minor, donor_name, donor_email, hold_expires_at) VALUES (:pledge::uuid, :campaign::uuid, 1000, 'EUR', 1000, 'Ada', 'ada@example.org', now() + '15 min');
INSERT INTO bench.pledge_history VALUES (:pledge::uuid, 1, :campaign::uuid, 'create', NULL, 'pending', 1000, NULL, 'bench', NULL, now());
INSERT INTO bench.idempotency_keys (key_hash, fingerprint, pledge_id) VALUES (sha256(uuid_send(:pledge::uuid)), sha256('x'), :pledge::uuid);
INSERT INTO bench.outbox (event_id, aggregate_type, aggregate_id, aggregate_version, campaign_id, type, data, occurred_at) VALUES (gen_random_uuid(), 'pledge', :pledge::uuid, 1, :campaign::uuid, 'pledge.created', bench.event_json(:pledge::uuid, :campaign::uuid), now());
\endif
COMMIT;
