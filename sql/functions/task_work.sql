-- SPDX-License-Identifier: Apache-2.0
-- The work on tasks, one small transaction after the other.
--
-- Whoever calls task_step() works: the API does so all the time. A part and the note that
-- it is done are one transaction, so who is killed in the middle leaves nothing of it, and
-- the next call goes on. The task is locked meanwhile, and other callers take another one.

-- Ends a task; an export that is not whole leaves no file.
CREATE OR REPLACE FUNCTION careforall.task_finish(task_id uuid, state text, error text DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
  IF state <> 'done' THEN
    DELETE FROM careforall.task_parts p WHERE p.task_id = task_finish.task_id;
  END IF;
  UPDATE careforall.tasks t
  SET state = task_finish.state, error = task_finish.error, finished_at = careforall.clock()
  WHERE t.id = task_id;
END
$$;

-- Removes the files of exports; those that are being made fail.
CREATE OR REPLACE FUNCTION careforall.task_files_remove(ids uuid[])
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  UPDATE careforall.tasks t
  SET state = 'failed', error = 'a donor was erased meanwhile; export again', finished_at = careforall.clock()
  WHERE t.id = ANY (ids) AND t.finished_at IS NULL;
  DELETE FROM careforall.task_parts p WHERE p.task_id = ANY (ids);
END
$$;

-- The next page of an export of pledges: the text of the rows, how many, and the last key.
CREATE OR REPLACE FUNCTION careforall.task_pledge_page(
  task careforall.tasks, OUT body text, OUT rows integer, OUT last_key text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  f record;
BEGIN
  SELECT * INTO f FROM jsonb_to_record(task.filters) AS f (state text, "from" timestamptz,
    "to" timestamptz, min_amount bigint, max_amount bigint, q text, reward uuid, news boolean);
  SELECT CASE task.format
      WHEN 'json' THEN string_agg(p.doc::text, E',\n' ORDER BY p.reference DESC)
      ELSE string_agg(careforall.csv_row(p.reference, p.created_at, p.state_now, p.state_reason, p.amount,
        p.gift, p.fee, p.refunded, p.currency, p.reward, p.quantity, p.donor_name, p.donor_email,
        p.display, p.message, p.updated_at, p.wants_news), '' ORDER BY p.reference DESC) END,
    count(*), min(p.reference)
  INTO body, rows, last_key
  FROM careforall.pledge_export_page(task.account_id, task.campaign_id, task.format, f.state, f."from", f."to",
    f.min_amount, f.max_amount, f.q, task.position::uuid, 1000, f.reward, f.news) p;
END
$$;

-- The next page of an export of the audit log.
CREATE OR REPLACE FUNCTION careforall.task_audit_page(
  task careforall.tasks, OUT body text, OUT rows integer, OUT last_key text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT CASE task.format
      WHEN 'json' THEN string_agg(p.doc::text, E',\n' ORDER BY p.id::bigint DESC)
      ELSE string_agg(careforall.csv_row(p.id, p.at, p.actor_id, p.actor_name, p.action_now,
        p.target_type_now, p.target_id_now, p.reason, p.detail), '' ORDER BY p.id::bigint DESC) END,
    count(*), min(p.id::bigint)::text
  FROM careforall.audit_export_page(task.account_id, task.format, task.filters ->> 'actor',
    task.filters ->> 'action', task.filters ->> 'target_type', task.filters ->> 'target_id',
    (task.filters ->> 'from')::timestamptz, (task.filters ->> 'to')::timestamptz,
    task.position::bigint, 1000) p
$$;

-- What stands before the rows of a file, and behind them.
CREATE OR REPLACE FUNCTION careforall.task_file_frame(kind text, format text, OUT head text, OUT foot text)
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT CASE WHEN format = 'json' THEN '{"items":['
      WHEN kind = 'audit_export' THEN E'id,at,actor_id,actor_name,action,target_type,target_id,reason,detail\r\n'
      ELSE E'reference,created_at,state,state_reason,amount,gift,fee,refunded,currency,reward,quantity,donor_name,donor_email,display,message,updated_at,wants_news\r\n' END,
    CASE WHEN format = 'json' THEN E'\n]}\n' ELSE '' END
$$;

-- Adds a page to the file of an export. The task is done with the page that is not full.
CREATE OR REPLACE FUNCTION careforall.task_export_work(task careforall.tasks)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  bytes_max constant bigint := 128 * 1024 * 1024;
  page  record;
  frame record;
  data  bytea;
BEGIN
  IF task.kind = 'pledge_export' THEN
    page := careforall.task_pledge_page(task);
  ELSE
    page := careforall.task_audit_page(task);
  END IF;
  frame := careforall.task_file_frame(task.kind, task.format);
  data := convert_to(
    CASE WHEN task.file_parts = 0 THEN frame.head ELSE '' END
    || CASE WHEN task.format = 'json' AND page.rows > 0
         THEN CASE WHEN task.done > 0 THEN E',\n' ELSE E'\n' END ELSE '' END
    || COALESCE(page.body, '')
    || CASE WHEN page.rows < 1000 THEN frame.foot ELSE '' END, 'UTF8');
  IF task.file_bytes + length(data) > bytes_max THEN
    PERFORM careforall.task_finish(task.id, 'failed',
      format('The file would have more than %s; narrow it down.', pg_size_pretty(bytes_max)));
    RETURN;
  END IF;
  IF length(data) > 0 THEN
    INSERT INTO careforall.task_parts (task_id, place, data) VALUES (task.id, task.file_parts, data);
  END IF;
  UPDATE careforall.tasks t
  SET done = t.done + page.rows, total = GREATEST(t.total, t.done + page.rows),
    position = COALESCE(page.last_key, t.position),
    file_bytes = t.file_bytes + length(data), file_parts = t.file_parts + (length(data) > 0)::integer,
    has_emails = t.has_emails OR (task.kind = 'pledge_export'
      AND careforall.task_require(task.account_id, task) <> 'view')
  WHERE t.id = task.id;
  IF page.rows < 1000 THEN
    UPDATE careforall.tasks t
    SET total = t.done, file_sha256 = encode(sha256((
      SELECT string_agg(p.data, '' ORDER BY p.place) FROM careforall.task_parts p WHERE p.task_id = t.id)), 'hex')
    WHERE t.id = task.id;
    PERFORM careforall.task_finish(task.id, 'done');
  END IF;
END
$$;

-- Changes one row as a single change would, and says in a word what came of it. A refusal is
-- an outcome; what another try may mend is raised.
CREATE OR REPLACE FUNCTION careforall.task_item_do(
  task careforall.tasks, target_id text, OUT outcome text, OUT detail text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  key bytea;
BEGIN
  CASE task.kind
    WHEN 'pledge_refund' THEN
      IF task.account_id IS NULL THEN
        -- In the name of who asked, who must not be the second person.
        SELECT CASE WHEN r.refund_id IS NULL THEN 'proposed' ELSE 'requested' END INTO outcome
        FROM careforall.pledge_refund_by(task.requested_by, target_id::uuid, NULL, task.reason, false) r;
      ELSE
        -- As a request of the API with a key of its own for each pledge.
        key := sha256(convert_to('task/' || task.id || '/' || target_id, 'UTF8'));
        PERFORM FROM careforall.refund_create(task.account_id, target_id::uuid, NULL, NULL, task.reason, key, key);
        outcome := CASE WHEN EXISTS (SELECT FROM careforall.refunds r WHERE r.key_hash = key)
          THEN 'requested' ELSE 'proposed' END;
      END IF;
    WHEN 'pledge_cancel' THEN
      SELECT CASE c.result WHEN 'ended' THEN 'canceled' ELSE 'cancel_requested' END INTO outcome
      FROM careforall.pledge_cancel(target_id::uuid, task.reason) c;
    WHEN 'payment_redrive' THEN
      outcome := careforall.payment_redrive(target_id::bigint, task.reason);
    WHEN 'event_release' THEN
      -- Nothing is parked any more: nothing is to be noted either.
      outcome := CASE WHEN careforall.outbox_release(target_id::uuid, task.reason, true) = 0 THEN 'not_parked'
        WHEN careforall.outbox_release(target_id::uuid, task.reason) > 0 THEN 'released' END;
  END CASE;
  PERFORM careforall.dry_run_end(task.is_dry_run);
EXCEPTION
  WHEN SQLSTATE 'DRYRN' THEN
    RETURN;
  WHEN OTHERS THEN
    IF SQLSTATE ~ '^(08|25|40|53|55|57|58|XX)' THEN
      RAISE;
    END IF;
    detail := SQLERRM;
    outcome := CASE
      WHEN task.kind LIKE 'pledge%' AND SQLSTATE = 'PL002' THEN (
        SELECT CASE p.state WHEN 'refunded' THEN 'already_refunded' ELSE 'is_' || p.state END
        FROM careforall.pledges p WHERE p.id = target_id::uuid)
      WHEN SQLSTATE = 'PL008' THEN 'already_asked'
      WHEN SQLSTATE = 'PL031' THEN 'already_proposed'
      ELSE 'refused' END;
END
$$;

-- Works on rows of a task for a fifth of a second. A pledge that somebody else holds has its
-- turn in another step: who holds many and waits would lock others out.
CREATE OR REPLACE FUNCTION careforall.task_items_work(task careforall.tasks)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  until   timestamptz := clock_timestamp() + interval '200 milliseconds';
  item    record;
  came    record;
  words   text[] := '{}';
BEGIN
  FOR item IN
    SELECT i.place, i.target_id FROM careforall.task_items i
    WHERE i.task_id = task.id AND i.outcome IS NULL ORDER BY i.place LIMIT 200
  LOOP
    EXIT WHEN clock_timestamp() > until;
    IF task.kind LIKE 'pledge%' THEN
      PERFORM FROM careforall.pledges p WHERE p.id = item.target_id::uuid FOR NO KEY UPDATE SKIP LOCKED;
      CONTINUE WHEN NOT FOUND;
    END IF;
    came := careforall.task_item_do(task, item.target_id);
    UPDATE careforall.task_items i SET outcome = came.outcome, detail = came.detail
    WHERE i.task_id = task.id AND i.place = item.place;
    words := words || came.outcome;
  END LOOP;
  UPDATE careforall.tasks t
  SET done = t.done + cardinality(words),
    outcomes = COALESCE((
      SELECT jsonb_object_agg(o.word, o.count)
      FROM (SELECT n.word, sum(n.count) AS count
            FROM (SELECT w AS word, 1 AS count FROM unnest(words) w
                  UNION ALL SELECT e.key, e.value::bigint FROM jsonb_each_text(t.outcomes) e) n
            GROUP BY n.word) o), '{}')
  WHERE t.id = task.id;
  IF NOT EXISTS (SELECT FROM careforall.task_items i WHERE i.task_id = task.id AND i.outcome IS NULL) THEN
    PERFORM careforall.task_finish(task.id, 'done');
  END IF;
END
$$;

-- Does a part of the task that has waited for longest and that nobody works on; gives the
-- task and its state behind it, or nothing if none is left.
CREATE OR REPLACE FUNCTION careforall.task_step()
RETURNS TABLE (task_id uuid, kind text, state text, done bigint, total bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  caller text := COALESCE(current_setting('careforall.actor', true), '');
  task   careforall.tasks;
BEGIN
  SELECT * INTO task FROM careforall.tasks t
  WHERE t.state IN ('queued', 'running', 'stopping')
  ORDER BY t.worked_at NULLS FIRST, t.id LIMIT 1
  FOR NO KEY UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN;
  ELSIF task.state = 'stopping' THEN
    PERFORM careforall.task_finish(task.id, 'stopped');
  ELSE
    UPDATE careforall.tasks t
    SET state = 'running', started_at = COALESCE(t.started_at, careforall.clock()), worked_at = clock_timestamp()
    WHERE t.id = task.id;
    BEGIN
      PERFORM careforall.task_require(task.account_id, task);
      PERFORM set_config('careforall.actor', task.requested_by, true);
      IF task.format IS NULL THEN
        PERFORM careforall.task_items_work(task);
      ELSE
        PERFORM careforall.task_export_work(task);
      END IF;
    EXCEPTION WHEN OTHERS THEN
      IF SQLSTATE ~ '^(08|25|40|53|55|57|58|XX)' THEN
        RAISE;
      END IF;
      PERFORM careforall.task_finish(task.id, 'failed', format('%s (%s)', SQLERRM, SQLSTATE));
    END;
    PERFORM set_config('careforall.actor', caller, true);
  END IF;
  RETURN QUERY SELECT t.id, t.kind, t.state, t.done, t.total FROM careforall.tasks t WHERE t.id = task.id;
END
$$;

COMMENT ON FUNCTION careforall.task_finish(uuid, text, text) IS
  'Ends a task; an export that is not whole leaves no file.';
COMMENT ON FUNCTION careforall.task_files_remove(uuid[]) IS
  'Removes the files of exports; those that are being made fail.';
COMMENT ON FUNCTION careforall.task_pledge_page(careforall.tasks) IS
  'The next page of an export of pledges.';
COMMENT ON FUNCTION careforall.task_audit_page(careforall.tasks) IS
  'The next page of an export of the audit log.';
COMMENT ON FUNCTION careforall.task_file_frame(text, text) IS
  'What stands before the rows of an exported file, and behind them.';
COMMENT ON FUNCTION careforall.task_export_work(careforall.tasks) IS
  'Adds a page to the file of an export.';
COMMENT ON FUNCTION careforall.task_item_do(careforall.tasks, text) IS
  'Changes one row of a task as a single change would; a refusal is an outcome.';
COMMENT ON FUNCTION careforall.task_items_work(careforall.tasks) IS
  'Works on rows of a task for a short while.';
COMMENT ON FUNCTION careforall.task_step() IS
  'Works on tasks: does a part of the one that has waited for longest. The API calls it all the time; so can psql.';
