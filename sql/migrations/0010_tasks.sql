-- SPDX-License-Identifier: Apache-2.0
-- Tasks: long work that somebody asked for, done in small parts, and the files it makes.

CREATE TABLE careforall.tasks (
  id            uuid        NOT NULL DEFAULT careforall.uuid7(),
  kind          text        NOT NULL,
  campaign_id   uuid,
  account_id    uuid,
  requested_by  text        NOT NULL,
  filters       jsonb       NOT NULL DEFAULT '{}',
  reason        text        NOT NULL DEFAULT '',
  is_dry_run    boolean     NOT NULL DEFAULT false,
  state         text        NOT NULL DEFAULT 'queued',
  total         bigint      NOT NULL,
  done          bigint      NOT NULL DEFAULT 0,
  outcomes      jsonb       NOT NULL DEFAULT '{}',
  error         text,
  format        text,
  has_emails    boolean     NOT NULL DEFAULT false,
  position      text,
  file_bytes    bigint      NOT NULL DEFAULT 0,
  file_parts    integer     NOT NULL DEFAULT 0,
  file_sha256   text,
  created_at    timestamptz NOT NULL DEFAULT careforall.clock(),
  started_at    timestamptz,
  worked_at     timestamptz,
  finished_at   timestamptz,
  CONSTRAINT tasks_pkey PRIMARY KEY (id),
  CONSTRAINT tasks_campaign_id_fkey
    FOREIGN KEY (campaign_id) REFERENCES careforall.campaigns (id),
  CONSTRAINT tasks_account_id_fkey
    FOREIGN KEY (account_id) REFERENCES careforall.accounts (id),
  CONSTRAINT tasks_kind_check CHECK (kind IN
    ('pledge_export', 'audit_export', 'pledge_refund', 'pledge_cancel', 'payment_redrive', 'event_release')),
  CONSTRAINT tasks_campaign_id_check
    CHECK ((campaign_id IS NOT NULL) = (kind IN ('pledge_export', 'pledge_refund', 'pledge_cancel'))),
  CONSTRAINT tasks_state_check
    CHECK (state IN ('queued', 'running', 'stopping', 'done', 'failed', 'stopped')),
  CONSTRAINT tasks_finished_at_check
    CHECK ((finished_at IS NOT NULL) = (state IN ('done', 'failed', 'stopped'))),
  CONSTRAINT tasks_format_check CHECK (CASE WHEN kind IN ('pledge_export', 'audit_export')
    THEN format IN ('csv', 'json') ELSE format IS NULL END),
  CONSTRAINT tasks_done_check CHECK (done >= 0 AND total >= 0)
);

-- What is to be worked on: a handful of rows.
CREATE INDEX tasks_worked_at_idx ON careforall.tasks (worked_at NULLS FIRST, id)
  WHERE state IN ('queued', 'running', 'stopping');
CREATE INDEX tasks_campaign_id_id_idx ON careforall.tasks (campaign_id, id);
CREATE INDEX tasks_account_id_idx ON careforall.tasks (account_id) WHERE finished_at IS NULL;
CREATE INDEX tasks_finished_at_idx ON careforall.tasks (finished_at);

COMMENT ON TABLE careforall.tasks IS
  'Long work that somebody asked for: exports, and changes of many things at once. Worked on by task_step().';
COMMENT ON COLUMN careforall.tasks.id IS
  'UUID version 7.';
COMMENT ON COLUMN careforall.tasks.kind IS
  'What is done: pledge_export, audit_export, pledge_refund, pledge_cancel, payment_redrive or event_release.';
COMMENT ON COLUMN careforall.tasks.campaign_id IS
  'The campaign whose pledges it is about; NULL for what only administrators do.';
COMMENT ON COLUMN careforall.tasks.account_id IS
  'Whose rights it works with; NULL for an administrator in psql.';
COMMENT ON COLUMN careforall.tasks.requested_by IS
  'Who asked for it: account:<id>, or a log-in.';
COMMENT ON COLUMN careforall.tasks.filters IS
  'The filters of the list that it works on, and the ids if some were chosen.';
COMMENT ON COLUMN careforall.tasks.reason IS
  'Why, in the words of whoever asked; empty for exports.';
COMMENT ON COLUMN careforall.tasks.is_dry_run IS
  'Whether each change is undone once its outcome is known.';
COMMENT ON COLUMN careforall.tasks.state IS
  'queued, running, stopping, done, failed or stopped.';
COMMENT ON COLUMN careforall.tasks.total IS
  'How many rows fitted when it was asked for.';
COMMENT ON COLUMN careforall.tasks.done IS
  'How many rows it has worked on.';
COMMENT ON COLUMN careforall.tasks.outcomes IS
  'How many rows came to which outcome.';
COMMENT ON COLUMN careforall.tasks.error IS
  'Why it failed.';
COMMENT ON COLUMN careforall.tasks.format IS
  'Of an export: csv or json.';
COMMENT ON COLUMN careforall.tasks.has_emails IS
  'Of an export: whether its file holds e-mail addresses, which then takes the right to edit.';
COMMENT ON COLUMN careforall.tasks.position IS
  'Of an export: the last key in the file; the next page lies behind it.';
COMMENT ON COLUMN careforall.tasks.file_bytes IS
  'Size of the file so far.';
COMMENT ON COLUMN careforall.tasks.file_parts IS
  'How many parts the file has so far.';
COMMENT ON COLUMN careforall.tasks.file_sha256 IS
  'SHA-256 of the whole file in hexadecimal digits.';
COMMENT ON COLUMN careforall.tasks.created_at IS
  'When it was asked for.';
COMMENT ON COLUMN careforall.tasks.started_at IS
  'When work on it began.';
COMMENT ON COLUMN careforall.tasks.worked_at IS
  'When it last came on.';
COMMENT ON COLUMN careforall.tasks.finished_at IS
  'When it was done, failed or stopped.';

CREATE TABLE careforall.task_items (
  task_id    uuid    NOT NULL,
  place      integer NOT NULL,
  target_id  text    NOT NULL,
  outcome    text,
  detail     text,
  CONSTRAINT task_items_pkey PRIMARY KEY (task_id, place),
  CONSTRAINT task_items_task_id_fkey
    FOREIGN KEY (task_id) REFERENCES careforall.tasks (id) ON DELETE CASCADE
);

CREATE INDEX task_items_open_idx ON careforall.task_items (task_id, place) WHERE outcome IS NULL;

COMMENT ON TABLE careforall.task_items IS
  'The rows that a task changes, chosen when it was asked for, each with what came of it.';
COMMENT ON COLUMN careforall.task_items.task_id IS
  'The task.';
COMMENT ON COLUMN careforall.task_items.place IS
  'Order of work, from 1.';
COMMENT ON COLUMN careforall.task_items.target_id IS
  'A pledge, a dead letter, or an aggregate with parked events.';
COMMENT ON COLUMN careforall.task_items.outcome IS
  'What came of it, one word; NULL until its turn. Written in the transaction of the change.';
COMMENT ON COLUMN careforall.task_items.detail IS
  'More about a refusal.';

CREATE TABLE careforall.task_parts (
  task_id  uuid    NOT NULL,
  place    integer NOT NULL,
  data     bytea   NOT NULL,
  CONSTRAINT task_parts_pkey PRIMARY KEY (task_id, place),
  CONSTRAINT task_parts_task_id_fkey
    FOREIGN KEY (task_id) REFERENCES careforall.tasks (id) ON DELETE CASCADE
);

COMMENT ON TABLE careforall.task_parts IS
  'The files of exports, in parts. Personal data; kept as retention says.';
COMMENT ON COLUMN careforall.task_parts.task_id IS
  'The task that made the file.';
COMMENT ON COLUMN careforall.task_parts.place IS
  'Order of the parts, from 0.';
COMMENT ON COLUMN careforall.task_parts.data IS
  'The bytes.';
