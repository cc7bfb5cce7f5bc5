-- SPDX-License-Identifier: Apache-2.0
-- One event in a transaction of its own.
INSERT INTO careforall.outbox (event_id, aggregate_type, aggregate_id, aggregate_version, campaign_id, type, data, occurred_at)
VALUES (careforall.uuid7(), 'pledge', careforall.uuid7(), 1, careforall.uuid7(), 'pledge.created', '{"n": 1}', clock_timestamp());
