-- SPDX-License-Identifier: Apache-2.0
-- Tasks and what came of their rows.

CREATE OR REPLACE VIEW careforall.tasks_status AS
SELECT t.created_at, t.id AS task_id, t.kind, c.slug AS campaign, t.state,
  t.done, t.total, t.is_dry_run,
  (SELECT string_agg(format('%s %s', o.value, o.key), ', ' ORDER BY o.value::bigint DESC, o.key)
   FROM jsonb_each_text(t.outcomes) o) AS outcomes,
  t.file_bytes, t.file_sha256, t.requested_by, t.reason, t.error, t.started_at, t.finished_at
FROM careforall.tasks t
LEFT JOIN careforall.campaigns c ON c.id = t.campaign_id
ORDER BY t.id DESC;

CREATE OR REPLACE VIEW careforall.task_outcomes AS
SELECT i.task_id, i.place, i.target_id, i.outcome, i.detail
FROM careforall.task_items i
ORDER BY i.task_id, i.place;

COMMENT ON VIEW careforall.tasks_status IS
  'Tasks, newest first: what they do, how far they are, and what came of their rows.';
COMMENT ON COLUMN careforall.tasks_status.created_at IS
  'When it was asked for.';
COMMENT ON COLUMN careforall.tasks_status.task_id IS
  'Id of the task, for task_stop().';
COMMENT ON COLUMN careforall.tasks_status.kind IS
  'What is done.';
COMMENT ON COLUMN careforall.tasks_status.campaign IS
  'Slug of the campaign, if it is about one.';
COMMENT ON COLUMN careforall.tasks_status.state IS
  'queued, running, stopping, done, failed or stopped.';
COMMENT ON COLUMN careforall.tasks_status.done IS
  'Rows that it has worked on.';
COMMENT ON COLUMN careforall.tasks_status.total IS
  'Rows that it has.';
COMMENT ON COLUMN careforall.tasks_status.is_dry_run IS
  'Whether each change is undone.';
COMMENT ON COLUMN careforall.tasks_status.outcomes IS
  'How many rows came to which outcome.';
COMMENT ON COLUMN careforall.tasks_status.file_bytes IS
  'Size of the file of an export.';
COMMENT ON COLUMN careforall.tasks_status.file_sha256 IS
  'Its SHA-256.';
COMMENT ON COLUMN careforall.tasks_status.requested_by IS
  'Who asked for it.';
COMMENT ON COLUMN careforall.tasks_status.reason IS
  'Why.';
COMMENT ON COLUMN careforall.tasks_status.error IS
  'Why it failed.';
COMMENT ON COLUMN careforall.tasks_status.started_at IS
  'When work on it began.';
COMMENT ON COLUMN careforall.tasks_status.finished_at IS
  'When it was over.';
COMMENT ON VIEW careforall.task_outcomes IS
  'The rows of tasks, each with what came of it.';
COMMENT ON COLUMN careforall.task_outcomes.task_id IS
  'The task.';
COMMENT ON COLUMN careforall.task_outcomes.place IS
  'Order of work.';
COMMENT ON COLUMN careforall.task_outcomes.target_id IS
  'A pledge, a dead letter or an aggregate.';
COMMENT ON COLUMN careforall.task_outcomes.outcome IS
  'One word; NULL until its turn.';
COMMENT ON COLUMN careforall.task_outcomes.detail IS
  'More about a refusal.';
