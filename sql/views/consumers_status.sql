-- SPDX-License-Identifier: Apache-2.0
-- The processes that follow outbox and stream, for psql.

CREATE OR REPLACE VIEW careforall.consumers_status AS
SELECT
  c.consumer,
  CASE
    WHEN c.running = 0 THEN CASE WHEN c.is_paused THEN 'paused, not running' ELSE 'not running' END
    WHEN c.is_paused AND c.pausing < c.running THEN 'pausing'
    WHEN c.is_paused THEN 'paused'
    WHEN c.pausing > 0 THEN 'resuming'
    ELSE 'running' END AS status,
  c.state,
  c.stream_seq,
  c.behind,
  date_trunc('milliseconds', c.lag) AS lag,
  c.failures,
  c.running,
  c.reason AS last_reason,
  c.changed_by,
  c.changed_at,
  date_trunc('milliseconds', clock_timestamp() - c.reported_at) AS silent_for
FROM careforall.consumers() c;

COMMENT ON VIEW careforall.consumers_status IS
  'Relay, projector and payments: whether they run or are paused, and how far behind they are; careforall.consumer_pause() and consumer_resume() change it.';
