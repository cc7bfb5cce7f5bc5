-- SPDX-License-Identifier: Apache-2.0
-- Who changed what by hand, and why.

-- Gives the reason back without its outer blanks; refuses one that says nothing.
CREATE OR REPLACE FUNCTION careforall.reason_check(reason text)
RETURNS text
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  IF char_length(btrim(COALESCE(reason, ''))) NOT BETWEEN 3 AND 500 THEN
    RAISE EXCEPTION 'invalid reason: "%"', left(COALESCE(reason, ''), 40)
      USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Say in 3 to 500 characters why; the words are kept in careforall.audit_log.';
  END IF;
  RETURN btrim(reason);
END
$$;

-- Writes the audit row of a change in the transaction of the change. The actor is
-- the log-in user, which cannot be forged; whom it acts for (careforall.actor) is
-- kept beside it.
CREATE OR REPLACE FUNCTION careforall.audit_add(
  action text, target_type text, target_id text, reason text, detail jsonb DEFAULT '{}')
RETURNS void
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  INSERT INTO careforall.audit_log (actor, action, target_type, target_id, reason, detail)
  VALUES (session_user, action, target_type, target_id, careforall.reason_check(reason),
    CASE WHEN COALESCE(current_setting('careforall.actor', true), '') IN ('', session_user)
      THEN detail
      ELSE detail || jsonb_build_object('acts_for', current_setting('careforall.actor', true))
    END)
$$;

-- Who acts: whom the session acts for, if it says so, else its log-in.
CREATE OR REPLACE FUNCTION careforall.actor_name()
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$ SELECT COALESCE(NULLIF(current_setting('careforall.actor', true), ''), session_user) $$;

-- Ends the block of a change that was only tried: all that it did is undone, the checks
-- of constraints and triggers were made. The caller catches DRYRN.
CREATE OR REPLACE FUNCTION careforall.dry_run_end(dry_run boolean)
RETURNS void
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  IF dry_run THEN
    RAISE EXCEPTION 'only a dry run' USING ERRCODE = 'DRYRN';
  END IF;
END
$$;

COMMENT ON FUNCTION careforall.dry_run_end(boolean) IS
  'Undoes the block of a change that was only tried.';
COMMENT ON FUNCTION careforall.actor_name() IS
  'Whom the session acts for, else its log-in.';
COMMENT ON FUNCTION careforall.reason_check(text) IS
  'Trims a reason and refuses one that says nothing.';
COMMENT ON FUNCTION careforall.audit_add(text, text, text, text, jsonb) IS
  'Writes one audit row in the transaction of the change.';
