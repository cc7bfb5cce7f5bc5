-- SPDX-License-Identifier: Apache-2.0
-- Tasks for those who asked for them and for those who run the campaign, their files, and
-- how they are stopped.

-- Until when the file of a task that is done can be had.
CREATE OR REPLACE FUNCTION careforall.task_file_end(task careforall.tasks)
RETURNS timestamptz
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT task.finished_at + e.keep FROM careforall.retention_of('export files') e
$$;

-- A task as a document. Its file is there until as long after the end as retention says.
CREATE OR REPLACE FUNCTION careforall.task_json(task careforall.tasks)
RETURNS json
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT json_build_object(
    'id', task.id,
    'kind', task.kind,
    'state', task.state,
    'campaign', (SELECT json_build_object('id', c.id, 'slug', c.slug, 'title', c.title)
                 FROM careforall.campaigns c WHERE c.id = task.campaign_id),
    'filters', task.filters,
    'reason', task.reason,
    'dry_run', task.is_dry_run,
    'total', task.total,
    'done', task.done,
    'outcomes', task.outcomes,
    'error', task.error,
    'requested_by', careforall.actor_json(task.requested_by),
    'format', task.format,
    'file', CASE WHEN task.state = 'done' AND task.format IS NOT NULL THEN json_build_object(
      'size', task.file_bytes,
      'sha256', task.file_sha256,
      'rows', task.done,
      'has_emails', task.has_emails,
      'expires_at', careforall.json_time(careforall.task_file_end(task)),
      'is_expired', careforall.task_file_end(task) <= careforall.clock()) END,
    'created_at', careforall.json_time(task.created_at),
    'started_at', careforall.json_time(task.started_at),
    'finished_at', careforall.json_time(task.finished_at))
$$;

-- A task that an account may see: of a campaign that it is in the team of, else as an
-- administrator. What it may not see does not exist for it.
CREATE OR REPLACE FUNCTION careforall.task_find(actor uuid, task_id uuid)
RETURNS careforall.tasks
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  task careforall.tasks;
BEGIN
  IF careforall.account_require(actor, 'donor') = 'admin' THEN
    SELECT * INTO task FROM careforall.tasks t WHERE t.id = task_id;
  ELSE
    SELECT * INTO task FROM careforall.tasks t
    WHERE t.id = task_id AND careforall.campaign_right(actor, t.campaign_id) IS NOT NULL;
  END IF;
  IF task.id IS NULL THEN
    RAISE EXCEPTION 'there is no such task' USING ERRCODE = 'PL005';
  END IF;
  RETURN task;
END
$$;

CREATE OR REPLACE FUNCTION careforall.task_read(actor uuid, task_id uuid)
RETURNS TABLE (doc json)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  RETURN QUERY SELECT careforall.task_json(careforall.task_find(actor, task_id));
END
$$;

-- The tasks of a campaign, or (campaign NULL) all that the account may see, newest first,
-- before the one given (NULL: from the newest). state open: those that are not over. max
-- is held to 1..101.
CREATE OR REPLACE FUNCTION careforall.task_list(
  actor uuid, campaign_id uuid, kind text, state text, before_id uuid, max integer)
RETURNS TABLE (doc json, id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  scope uuid[] := careforall.team_scope(actor, task_list.campaign_id);
BEGIN
  RETURN QUERY
  SELECT careforall.task_json(f.t), f.id
  FROM (
    SELECT t, t.id FROM careforall.tasks t
    WHERE (scope IS NULL OR t.campaign_id = ANY (scope))
      AND (task_list.kind IS NULL OR t.kind = task_list.kind)
      AND (task_list.state IS NULL OR t.state = task_list.state
           OR (task_list.state = 'open' AND t.finished_at IS NULL))
      AND t.id < COALESCE(before_id, careforall.uuid_last())
    ORDER BY t.id DESC
    LIMIT LEAST(GREATEST(COALESCE(max, 20), 1), 101)) f
  ORDER BY f.id DESC;
END
$$;

-- What came of the rows of a task, in the order of work; outcome NULL: all that have one.
CREATE OR REPLACE FUNCTION careforall.task_item_list(
  actor uuid, task_id uuid, outcome text, after_number bigint, after_id uuid, max integer)
RETURNS TABLE (doc json, number bigint, id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  PERFORM careforall.task_find(actor, task_item_list.task_id);
  RETURN QUERY
  SELECT json_build_object('place', i.place, 'target_id', i.target_id, 'outcome', i.outcome, 'detail', i.detail),
    i.place::bigint, NULL::uuid
  FROM careforall.task_items i
  WHERE i.task_id = task_item_list.task_id AND i.outcome IS NOT NULL
    AND (task_item_list.outcome IS NULL OR i.outcome = task_item_list.outcome)
    AND i.place > COALESCE(after_number, 0)
  ORDER BY i.place
  LIMIT LEAST(GREATEST(COALESCE(max, 20), 1), 101);
END
$$;

-- Stops a task: one that nobody has begun at once, another one behind the part that is
-- being worked on. To stop what is being stopped changes nothing. Internal.
CREATE OR REPLACE FUNCTION careforall.task_stop_do(task_id uuid, reason text)
RETURNS text
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  task careforall.tasks;
BEGIN
  SELECT * INTO task FROM careforall.tasks t WHERE t.id = task_stop_do.task_id FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'task "%" does not exist', task_stop_do.task_id
      USING ERRCODE = 'PL005', HINT = 'Look for it in careforall.tasks_status.';
  ELSIF task.finished_at IS NOT NULL THEN
    RAISE EXCEPTION 'the task is over: it is %', task.state
      USING ERRCODE = 'PL002',
            DETAIL = json_build_object('state', task.state, 'allowed', '{}'::text[]);
  ELSIF task.state = 'stopping' THEN
    RETURN task.state;
  END IF;
  PERFORM careforall.audit_add('task.stop', 'task', task.id::text, task_stop_do.reason,
    jsonb_build_object('kind', task.kind, 'done', task.done, 'total', task.total));
  IF task.state = 'queued' THEN
    PERFORM careforall.task_finish(task.id, 'stopped');
    RETURN 'stopped';
  END IF;
  UPDATE careforall.tasks t SET state = 'stopping' WHERE t.id = task.id;
  RETURN 'stopping';
END
$$;

-- Stops a task in psql.
CREATE OR REPLACE FUNCTION careforall.task_stop(task_id uuid, reason text)
RETURNS text
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$ SELECT careforall.task_stop_do(task_id, reason) $$;

-- Stops a task through the API, with the right that asking for it takes.
CREATE OR REPLACE FUNCTION careforall.task_end(actor uuid, task_id uuid)
RETURNS TABLE (doc json)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  task careforall.tasks := careforall.task_find(actor, task_id);
BEGIN
  PERFORM careforall.task_require(actor, task);
  PERFORM careforall.actor_set(actor);
  PERFORM careforall.task_stop_do(task.id, 'stopped over the API');
  RETURN QUERY SELECT careforall.task_json(t) FROM careforall.tasks t WHERE t.id = task.id;
END
$$;

-- Before a file is sent: checks the right, which is that to edit if it holds e-mail
-- addresses. Refused while there is no file (PL002) and when there is none any more (PL032).
CREATE OR REPLACE FUNCTION careforall.task_file(actor uuid, task_id uuid)
RETURNS TABLE (name text, format text, parts integer, sha256 text)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  task careforall.tasks := careforall.task_find(actor, task_id);
BEGIN
  IF task.has_emails THEN
    PERFORM careforall.campaign_require(actor, task.campaign_id, 'edit');
  END IF;
  IF task.format IS NULL THEN
    RAISE EXCEPTION 'the task makes no file' USING ERRCODE = 'PL005';
  ELSIF task.state <> 'done' THEN
    RAISE EXCEPTION 'the file is not there: the task is %', task.state
      USING ERRCODE = 'PL002',
            DETAIL = json_build_object('state', task.state, 'allowed', '["done"]'::json);
  ELSIF careforall.task_file_end(task) <= careforall.clock()
    OR NOT EXISTS (SELECT FROM careforall.task_parts p WHERE p.task_id = task.id) THEN
    RAISE EXCEPTION 'the file is not kept any more; export again' USING ERRCODE = 'PL032';
  END IF;
  name := CASE task.kind WHEN 'audit_export' THEN 'audit-log'
    ELSE 'pledges-' || (SELECT c.slug FROM careforall.campaigns c WHERE c.id = task.campaign_id) END
    || '-' || to_char(task.finished_at AT TIME ZONE 'UTC', 'YYYYMMDD-HH24MISS') || '.' || task.format;
  format := task.format;
  parts := task.file_parts;
  sha256 := task.file_sha256;
  RETURN NEXT;
END
$$;

-- A part of a file, with the same right; the first one is noted in the audit log.
CREATE OR REPLACE FUNCTION careforall.task_file_part(actor uuid, task_id uuid, place integer)
RETURNS TABLE (data bytea)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  task careforall.tasks := careforall.task_find(actor, task_file_part.task_id);
BEGIN
  IF task.has_emails THEN
    PERFORM careforall.campaign_require(actor, task.campaign_id, 'edit');
  END IF;
  IF place = 0 THEN
    PERFORM careforall.actor_set(actor);
    PERFORM careforall.audit_add('task.download', 'task', task.id::text, 'download over the API',
      jsonb_build_object('kind', task.kind, 'campaign_id', task.campaign_id, 'rows', task.done,
        'with_emails', task.has_emails));
  END IF;
  RETURN QUERY SELECT p.data FROM careforall.task_parts p
  WHERE p.task_id = task.id AND p.place = task_file_part.place;
END
$$;

COMMENT ON FUNCTION careforall.task_json(careforall.tasks) IS
  'A task as a document.';
COMMENT ON FUNCTION careforall.task_file_end(careforall.tasks) IS
  'Until when the file of a task can be had.';
COMMENT ON FUNCTION careforall.task_find(uuid, uuid) IS
  'A task that an account may see (PL005, PL011).';
COMMENT ON FUNCTION careforall.task_read(uuid, uuid) IS
  'A task, for the API.';
COMMENT ON FUNCTION careforall.task_list(uuid, uuid, text, text, uuid, integer) IS
  'Tasks that an account may see, newest first, for the API.';
COMMENT ON FUNCTION careforall.task_item_list(uuid, uuid, text, bigint, uuid, integer) IS
  'What came of the rows of a task, for the API.';
COMMENT ON FUNCTION careforall.task_stop_do(uuid, text) IS
  'Stops a task between two rows.';
COMMENT ON FUNCTION careforall.task_stop(uuid, text) IS
  'Stops a task between two rows: stopped or stopping. Reason required, audited.';
COMMENT ON FUNCTION careforall.task_end(uuid, uuid) IS
  'Stops a task, for the API; audited.';
COMMENT ON FUNCTION careforall.task_file(uuid, uuid) IS
  'What the file of an export is, for the API.';
COMMENT ON FUNCTION careforall.task_file_part(uuid, uuid, integer) IS
  'A part of the file of an export, for the API; the first is noted in the audit log as a download.';
