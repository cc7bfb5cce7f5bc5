-- SPDX-License-Identifier: Apache-2.0
-- Tasks: long work that somebody asks for, and what it is about.
--
-- A task that changes things chooses its rows when it is asked for, so that what was
-- counted and confirmed is what is worked on. Each row goes through the function that
-- changes a single one, with the rights of whoever asked.

-- The kinds there are: which filters each takes, what it works on, and whether it makes
-- a file. An owner, or an editor, may ask for those that belong to a campaign, a viewer
-- for its export; all else, and to cancel, is for administrators.
CREATE OR REPLACE FUNCTION careforall.task_kinds()
RETURNS TABLE (kind text, "right" text, is_export boolean, filters text[], purpose text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
  VALUES
    ('pledge_export', 'view', true, '{state,from,to,min_amount,max_amount,q,reward,news}'::text[],
     'the pledges of a campaign as a file'),
    ('audit_export', 'admin', true, '{actor,action,target_type,target_id,from,to}',
     'the audit log as a file'),
    ('pledge_refund', 'edit', false, '{state,from,to,min_amount,max_amount,q,reward,news,ids}',
     'give back all that is left of pledges'),
    ('pledge_cancel', 'admin', false, '{state,from,to,min_amount,max_amount,q,reward,news,ids}',
     'cancel pending pledges'),
    ('payment_redrive', 'admin', false, '{kind,code}',
     'let the payment worker try parked work again'),
    ('event_release', 'admin', false, '{type,campaign}',
     'let parked events be published')
$$;

-- The pledges of a campaign that fit filters, in the order of their ids.
CREATE OR REPLACE FUNCTION careforall.task_pledges(
  campaign_id uuid, filters jsonb, sees_email boolean, max integer)
RETURNS TABLE (id uuid, amount_minor bigint)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  f record;
BEGIN
  SELECT * INTO f FROM jsonb_to_record(filters) AS f (state text, "from" timestamptz,
    "to" timestamptz, min_amount bigint, max_amount bigint, q text, reward uuid, news boolean, ids uuid[]);
  RETURN QUERY
  SELECT p.id, p.amount_minor
  FROM careforall.pledges p
  WHERE p.campaign_id = task_pledges.campaign_id
    AND careforall.pledge_fits(p, f.state, f."from", f."to", f.min_amount, f.max_amount, f.q,
      f.reward, f.news, sees_email)
    AND (f.ids IS NULL OR p.id = ANY (f.ids))
  ORDER BY p.id
  LIMIT max;
END
$$;

-- What a task works on, at most max rows, and of pledges their amounts.
CREATE OR REPLACE FUNCTION careforall.task_targets(
  kind text, campaign_id uuid, filters jsonb, sees_email boolean, max integer)
RETURNS TABLE (target_id text, amount_minor bigint)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  CASE task_targets.kind
    WHEN 'pledge_export', 'pledge_refund', 'pledge_cancel' THEN
      RETURN QUERY
      SELECT p.id::text, p.amount_minor
      FROM careforall.task_pledges(task_targets.campaign_id, filters, sees_email, max) p;
    WHEN 'audit_export' THEN
      RETURN QUERY
      SELECT a.id::text, NULL::bigint FROM careforall.audit_log a
      WHERE careforall.audit_fits(a, filters ->> 'actor', filters ->> 'action', filters ->> 'target_type',
        filters ->> 'target_id', (filters ->> 'from')::timestamptz, (filters ->> 'to')::timestamptz)
      LIMIT max;
    WHEN 'payment_redrive' THEN
      RETURN QUERY
      SELECT d.id::text, NULL::bigint FROM careforall.payment_dead_letters d
      WHERE d.state = 'parked'
        AND (filters ->> 'kind' IS NULL OR d.kind = filters ->> 'kind')
        AND (filters ->> 'code' IS NULL OR d.code = filters ->> 'code')
      ORDER BY d.id LIMIT max;
    WHEN 'event_release' THEN
      RETURN QUERY
      SELECT e.aggregate_id::text, NULL::bigint
      FROM careforall.outbox_parked e
      WHERE e.state = 'parked'
        AND (filters ->> 'type' IS NULL OR e.type = filters ->> 'type')
        AND (filters ->> 'campaign' IS NULL
             OR e.campaign_id = careforall.campaign_id_of(filters ->> 'campaign'))
      GROUP BY e.aggregate_id ORDER BY min(e.outbox_id) LIMIT max;
  END CASE;
END
$$;

-- The most rows that a task may have.
CREATE OR REPLACE FUNCTION careforall.task_rows_max(is_export boolean)
RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN is_export THEN 500000 ELSE 50000 END;

-- Checks who asks for what, and gives it in one form. The actor is NULL in psql, where the
-- log-in has the right of an administrator.
CREATE OR REPLACE FUNCTION careforall.task_check(actor uuid, body jsonb)
RETURNS careforall.tasks
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  ask  careforall.tasks;
  rule record;
  name text;
  has_right text;
BEGIN
  SELECT * INTO rule FROM careforall.task_kinds() k WHERE k.kind = body ->> 'kind';
  IF NOT FOUND THEN
    PERFORM careforall.json_errors_raise(careforall.json_error('/kind', 'invalid_choice', 'There is no such kind of task.'));
  END IF;
  ask.kind := rule.kind;
  ask.account_id := actor;
  ask.filters := jsonb_strip_nulls(COALESCE(body -> 'filters', '{}'));
  ask.is_dry_run := COALESCE((body ->> 'dry_run')::boolean, false);
  IF rule.is_export THEN
    ask.format := COALESCE(body ->> 'format', 'csv');
  END IF;
  ask.reason := btrim(COALESCE(body ->> 'reason', ''));

  FOR name IN SELECT n FROM jsonb_object_keys(ask.filters) n WHERE n <> ALL (rule.filters) LOOP
    PERFORM careforall.json_errors_raise(careforall.json_error('/filters/' || name, 'not_expected',
      format('A task of the kind %s has no such filter.', ask.kind)));
  END LOOP;
  IF rule.is_export AND ask.is_dry_run THEN
    PERFORM careforall.json_errors_raise(careforall.json_error('/dry_run', 'not_expected', 'An export changes nothing.'));
  ELSIF NOT rule.is_export AND body ? 'format' THEN
    PERFORM careforall.json_errors_raise(careforall.json_error('/format', 'not_expected', 'Only an export has one.'));
  ELSIF ask.kind LIKE 'pledge%' AND body ->> 'campaign' IS NULL THEN
    PERFORM careforall.json_errors_raise(careforall.json_error('/campaign', 'required', 'Is missing.'));
  ELSIF ask.kind NOT LIKE 'pledge%' AND body ? 'campaign' THEN
    PERFORM careforall.json_errors_raise(careforall.json_error('/campaign', 'not_expected', 'Only tasks on pledges have one.'));
  END IF;

  IF ask.kind LIKE 'pledge%' THEN
    ask.campaign_id := careforall.campaign_id_of(body ->> 'campaign');
    IF ask.campaign_id IS NULL THEN
      RAISE EXCEPTION 'there is no such campaign' USING ERRCODE = 'PL005';
    END IF;
  END IF;
  has_right := careforall.task_require(actor, ask);
  ask.has_emails := ask.kind = 'pledge_export' AND has_right <> 'view';
  RETURN ask;
END
$$;

-- Refuses an account that has not the right to a kind of task (now); gives its right, own
-- for administrators. psql (no account) has every right.
CREATE OR REPLACE FUNCTION careforall.task_require(actor uuid, task careforall.tasks)
RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  needed text := (SELECT k."right" FROM careforall.task_kinds() k WHERE k.kind = task.kind);
BEGIN
  IF actor IS NULL THEN
    RETURN 'own';
  ELSIF needed = 'admin' THEN
    PERFORM careforall.account_require(actor, 'admin');
    RETURN 'own';
  END IF;
  RETURN careforall.campaign_require(actor, task.campaign_id, needed);
END
$$;

-- Makes a task that was checked, with its rows if it changes something; audited.
CREATE OR REPLACE FUNCTION careforall.task_make(ask careforall.tasks)
RETURNS uuid
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  open_max  constant integer := 5;
  is_export boolean := ask.format IS NOT NULL;
  rows_max  integer := careforall.task_rows_max(is_export);
  task_id   uuid := careforall.uuid7();
BEGIN
  IF NOT is_export THEN
    ask.reason := careforall.reason_check(ask.reason);
  END IF;
  IF (SELECT count(*) FROM careforall.tasks t
      WHERE t.account_id = ask.account_id AND t.finished_at IS NULL) >= open_max THEN
    RAISE EXCEPTION 'Wait for one of your tasks, or stop one: % are under way.', open_max
      USING ERRCODE = 'PL031';
  END IF;

  -- Behind this place lies what is made from now on.
  IF ask.kind = 'pledge_export' THEN
    ask.position := task_id::text;
  ELSIF ask.kind = 'audit_export' THEN
    ask.position := (SELECT COALESCE(max(a.id), 0) + 1 FROM careforall.audit_log a);
  END IF;
  INSERT INTO careforall.tasks (id, kind, campaign_id, account_id, requested_by, filters, reason,
    is_dry_run, total, format, has_emails, position)
  VALUES (task_id, ask.kind, ask.campaign_id, ask.account_id, careforall.actor_name(), ask.filters,
    ask.reason, ask.is_dry_run, 0, ask.format, ask.has_emails, ask.position);
  IF is_export THEN
    SELECT count(*) INTO ask.total
    FROM careforall.task_targets(ask.kind, ask.campaign_id, ask.filters, ask.has_emails, rows_max + 1);
  ELSE
    INSERT INTO careforall.task_items (task_id, place, target_id)
    SELECT task_id, n.ordinality, n.target_id
    FROM careforall.task_targets(ask.kind, ask.campaign_id, ask.filters, true, rows_max + 1)
      WITH ORDINALITY n;
    GET DIAGNOSTICS ask.total = ROW_COUNT;
  END IF;
  IF ask.total > rows_max THEN
    PERFORM careforall.json_errors_raise(careforall.json_error('/filters', 'out_of_range',
      format('A task of this kind takes at most %s rows; narrow it down.', rows_max)));
  END IF;
  UPDATE careforall.tasks t SET total = ask.total WHERE t.id = task_id;

  IF ask.kind = 'pledge_export' THEN
    PERFORM careforall.audit_add('pledges.export', 'campaign', ask.campaign_id::text, 'export over the API',
      jsonb_build_object('task_id', task_id, 'format', ask.format, 'filters', ask.filters, 'with_emails', ask.has_emails));
  ELSIF ask.kind = 'audit_export' THEN
    PERFORM careforall.audit_add('audit.export', 'audit_log', 'audit_log', 'export over the API',
      jsonb_build_object('task_id', task_id, 'format', ask.format, 'filters', ask.filters));
  ELSE
    PERFORM careforall.audit_add('task.create', 'task', task_id::text, ask.reason,
      jsonb_build_object('kind', ask.kind, 'campaign_id', ask.campaign_id, 'filters', ask.filters,
        'rows', ask.total, 'dry_run', ask.is_dry_run));
  END IF;
  RETURN task_id;
END
$$;

-- How many rows a task would have now, and what they amount to; makes nothing.
CREATE OR REPLACE FUNCTION careforall.task_preview(actor uuid, body jsonb)
RETURNS TABLE (doc json)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  ask      careforall.tasks := careforall.task_check(actor, body);
  rows_max integer := careforall.task_rows_max(ask.format IS NOT NULL);
BEGIN
  RETURN QUERY
  SELECT json_build_object(
    'total', LEAST(count(*), rows_max),
    'is_too_large', count(*) > rows_max,
    'amount', (SELECT careforall.json_money(COALESCE(sum(n.amount_minor), 0)::bigint, c.currency)
               FROM careforall.campaigns c WHERE c.id = ask.campaign_id))
  FROM careforall.task_targets(ask.kind, ask.campaign_id, ask.filters,
    ask.format IS NULL OR ask.has_emails, rows_max + 1) n;
END
$$;

-- Asks for a task through the API: {kind, campaign, filters, reason, dry_run, format}.
CREATE OR REPLACE FUNCTION careforall.task_create(actor uuid, body jsonb)
RETURNS TABLE (doc json, etag text, location text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  ask     careforall.tasks := careforall.task_check(actor, body);
  task_id uuid;
BEGIN
  PERFORM careforall.actor_set(actor);
  task_id := careforall.task_make(ask);
  RETURN QUERY SELECT careforall.task_json(t), NULL::text, '/api/v1/tasks/' || t.id
  FROM careforall.tasks t WHERE t.id = task_id;
END
$$;

-- Asks for a change of many rows in psql; a campaign is named by its id or slug. With
-- dry_run, which is the default, each change is undone once its outcome is known.
CREATE OR REPLACE FUNCTION careforall.task_start(
  kind text, campaign text, filters jsonb, reason text, dry_run boolean DEFAULT true)
RETURNS TABLE (task_id uuid, how_many bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  ask careforall.tasks := careforall.task_check(NULL, jsonb_strip_nulls(jsonb_build_object(
    'kind', task_start.kind, 'campaign', campaign, 'filters', task_start.filters,
    'reason', task_start.reason, 'dry_run', CASE WHEN task_start.kind LIKE '%export' THEN false ELSE COALESCE(dry_run, true) END)));
BEGIN
  IF ask.format IS NOT NULL THEN
    RAISE EXCEPTION 'cannot start an export in psql'
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Write a file with \copy, or export through the API.';
  END IF;
  task_id := careforall.task_make(ask);
  how_many := (SELECT t.total FROM careforall.tasks t WHERE t.id = task_id);
  RETURN NEXT;
END
$$;

COMMENT ON FUNCTION careforall.task_kinds() IS
  'The kinds of tasks: the right that each needs, whether it makes a file, and its filters.';
COMMENT ON FUNCTION careforall.task_pledges(uuid, jsonb, boolean, integer) IS
  'The pledges of a campaign that fit the filters of a task.';
COMMENT ON FUNCTION careforall.task_targets(text, uuid, jsonb, boolean, integer) IS
  'The rows that a task works on.';
COMMENT ON FUNCTION careforall.task_rows_max(boolean) IS
  'The most rows of an export, and of a change.';
COMMENT ON FUNCTION careforall.task_check(uuid, jsonb) IS
  'Checks who asks for which task, and gives it in one form.';
COMMENT ON FUNCTION careforall.task_require(uuid, careforall.tasks) IS
  'Refuses an account that has not the right to a task (PL005, PL010, PL011).';
COMMENT ON FUNCTION careforall.task_make(careforall.tasks) IS
  'Makes a task that was checked, with its rows; audited.';
COMMENT ON FUNCTION careforall.task_preview(uuid, jsonb) IS
  'How many rows a task would have now, and what they amount to.';
COMMENT ON FUNCTION careforall.task_create(uuid, jsonb) IS
  'Asks for a task through the API; audited.';
COMMENT ON FUNCTION careforall.task_start(text, text, jsonb, text, boolean) IS
  'Asks for a change of many rows in small parts: pledge_refund, pledge_cancel, payment_redrive or event_release. Reason required, audited; dry_run (the default) only tells the outcomes.';
