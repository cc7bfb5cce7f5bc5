-- SPDX-License-Identifier: Apache-2.0
-- The processes that follow the outbox and the stream: what people told them, and
-- what each last said of itself.

-- A consumer without a row was never paused.
CREATE TABLE IF NOT EXISTS careforall.consumer_controls (
  consumer    text        NOT NULL,
  is_paused   boolean     NOT NULL,
  reason      text        NOT NULL,
  changed_by  text        NOT NULL,
  changed_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT consumer_controls_pkey PRIMARY KEY (consumer),
  CONSTRAINT consumer_controls_consumer_check
    CHECK (consumer IN ('relay', 'projector', 'payments'))
);

-- Written about once a second by each process; nothing depends on old rows.
CREATE TABLE IF NOT EXISTS careforall.consumer_reports (
  consumer     text        NOT NULL,
  instance     text        NOT NULL,
  is_paused    boolean     NOT NULL,
  state        text        NOT NULL,
  stream_seq   bigint,
  pending      bigint,
  failures     bigint      NOT NULL,
  started_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  reported_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT consumer_reports_pkey PRIMARY KEY (consumer, instance),
  CONSTRAINT consumer_reports_consumer_check
    CHECK (consumer IN ('relay', 'projector', 'payments')),
  CONSTRAINT consumer_reports_instance_check
    CHECK (char_length(instance) BETWEEN 1 AND 200)
) WITH (fillfactor = 50);

COMMENT ON TABLE careforall.consumer_controls IS
  'Whether relay, projector and payments may work: asked by each of them once a second.';
COMMENT ON COLUMN careforall.consumer_controls.consumer IS
  'relay, projector or payments.';
COMMENT ON COLUMN careforall.consumer_controls.is_paused IS
  'Whether it is to stand still.';
COMMENT ON COLUMN careforall.consumer_controls.reason IS
  'Why it was last paused or resumed.';
COMMENT ON COLUMN careforall.consumer_controls.changed_by IS
  'Who did it.';
COMMENT ON COLUMN careforall.consumer_controls.changed_at IS
  'When.';
COMMENT ON TABLE careforall.consumer_reports IS
  'What each running relay, projector and payments process last said of itself.';
COMMENT ON COLUMN careforall.consumer_reports.consumer IS
  'relay, projector or payments.';
COMMENT ON COLUMN careforall.consumer_reports.instance IS
  'Host and process.';
COMMENT ON COLUMN careforall.consumer_reports.is_paused IS
  'Whether the process has stopped working; follows consumer_controls within about a second.';
COMMENT ON COLUMN careforall.consumer_reports.state IS
  'What it is doing, in a few words.';
COMMENT ON COLUMN careforall.consumer_reports.stream_seq IS
  'The stream sequence up to which it is done; NULL where there is no such thing.';
COMMENT ON COLUMN careforall.consumer_reports.pending IS
  'Events of the stream that wait for it; NULL if it does not know.';
COMMENT ON COLUMN careforall.consumer_reports.failures IS
  'Times since its start that it had to begin again, or that a piece of work failed.';
COMMENT ON COLUMN careforall.consumer_reports.started_at IS
  'Since when this process has been reporting.';
COMMENT ON COLUMN careforall.consumer_reports.reported_at IS
  'When it last did; silence of seconds means that it is gone.';
