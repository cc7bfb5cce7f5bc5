-- SPDX-License-Identifier: Apache-2.0
-- Five events of five aggregates in one transaction.
INSERT INTO careforall.outbox (event_id, aggregate_type, aggregate_id, aggregate_version, campaign_id, type, data, occurred_at)
SELECT careforall.uuid7(), 'pledge', careforall.uuid7(), 1, careforall.uuid7(), 'pledge.created', '{"n": 1}', clock_timestamp() FROM generate_series(1, 5);
