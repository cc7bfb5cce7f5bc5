-- SPDX-License-Identifier: Apache-2.0
-- How the jobs that run by the clock are doing, one row for each.

CREATE TABLE IF NOT EXISTS careforall.job_runs (
  job              text        NOT NULL,
  last_started_at  timestamptz NOT NULL,
  last_took        interval    NOT NULL,
  last_result      text        NOT NULL,
  last_ok_at       timestamptz,
  last_error       text,
  last_error_at    timestamptz,
  runs             bigint      NOT NULL DEFAULT 0,
  failures         bigint      NOT NULL DEFAULT 0,
  CONSTRAINT job_runs_pkey PRIMARY KEY (job)
);

COMMENT ON TABLE careforall.job_runs IS
  'The newest run of each job and how often it has run and failed; written by job_run().';
COMMENT ON COLUMN careforall.job_runs.job IS
  'Name of the job, as in careforall.jobs().';
COMMENT ON COLUMN careforall.job_runs.last_started_at IS
  'When it last began.';
COMMENT ON COLUMN careforall.job_runs.last_took IS
  'How long that took.';
COMMENT ON COLUMN careforall.job_runs.last_result IS
  'What it did, or its error.';
COMMENT ON COLUMN careforall.job_runs.last_ok_at IS
  'When it last began a run that went well.';
COMMENT ON COLUMN careforall.job_runs.last_error IS
  'The last error, even if a later run went well.';
COMMENT ON COLUMN careforall.job_runs.last_error_at IS
  'When that was.';
COMMENT ON COLUMN careforall.job_runs.runs IS
  'How often it has run.';
COMMENT ON COLUMN careforall.job_runs.failures IS
  'How often it has failed.';
