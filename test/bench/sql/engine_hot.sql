-- SPDX-License-Identifier: Apache-2.0
-- The engine, one campaign.
\set n 1
SELECT outcome FROM careforall.pledge_create((SELECT id FROM bench.ids WHERE n = :n), 1000, 'EUR', 'Ada', 'ada@example.org', key_hash => sha256(uuid_send(gen_random_uuid())), fingerprint => sha256('x'));
