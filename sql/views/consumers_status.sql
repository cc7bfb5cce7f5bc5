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

COMMENT ON COLUMN careforall.consumers_status.consumer IS
  'relay, projector or payments.';
COMMENT ON COLUMN careforall.consumers_status.status IS
  'running, pausing, paused, resuming, not running.';
COMMENT ON COLUMN careforall.consumers_status.state IS
  'What the one that works says it is doing.';
COMMENT ON COLUMN careforall.consumers_status.stream_seq IS
  'Sequence of the stream that it has reached.';
COMMENT ON COLUMN careforall.consumers_status.behind IS
  'Events or payment work that wait for it.';
COMMENT ON COLUMN careforall.consumers_status.lag IS
  'How long the oldest of that has waited.';
COMMENT ON COLUMN careforall.consumers_status.failures IS
  'Times since its start that it had to begin again.';
COMMENT ON COLUMN careforall.consumers_status.running IS
  'Processes that reported within five seconds.';
COMMENT ON COLUMN careforall.consumers_status.last_reason IS
  'Why it was last paused or resumed.';
COMMENT ON COLUMN careforall.consumers_status.changed_by IS
  'Who did that.';
COMMENT ON COLUMN careforall.consumers_status.changed_at IS
  'When.';
COMMENT ON COLUMN careforall.consumers_status.silent_for IS
  'Time since the last report.';
