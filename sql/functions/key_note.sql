-- SPDX-License-Identifier: Apache-2.0
-- Keys are replaced in the files of the processes (careforall-keys); the database knows
-- who uses them, and keeps what was done.

-- Notes a step of the replacement of a key, which is named by its id. A pepper that
-- accounts need is not retired.
CREATE OR REPLACE FUNCTION careforall.key_note(key text, step text, key_id text, reason text)
RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  why  text := careforall.reason_check(key_note.reason);
  uses bigint;
BEGIN
  IF key_note.key !~ '^[A-Z][A-Z0-9_]{2,60}$' OR key_note.step NOT IN ('add', 'promote', 'retire', 'replace')
    OR key_note.key_id !~ '^[0-9a-f]{8,64}$' IS NOT FALSE THEN
    RAISE EXCEPTION 'invalid note of a key: "%", "%", "%"', left(key_note.key, 40), left(key_note.step, 40), left(key_note.key_id, 40)
      USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Give the name of its setting, the step (add, promote, retire, replace) and its id in hexadecimal digits, never the key.';
  END IF;
  IF key_note.key = 'CAREFORALL_PASSWORD_PEPPERS' AND key_note.step = 'retire' THEN
    SELECT count(*) INTO uses FROM careforall.accounts a WHERE a.pepper_id = key_note.key_id;
    IF uses > 0 THEN
      RAISE EXCEPTION 'cannot retire the pepper: % accounts need it', uses
        USING ERRCODE = 'PL002',
              HINT = 'Each account moves to the first pepper at its next log-in; see careforall.keys_status.';
    END IF;
  END IF;
  PERFORM careforall.audit_add('key.' || key_note.step, 'key', key_note.key || ' ' || key_note.key_id, why);
  RETURN 'noted';
END
$$;

-- Takes a one-time token of an administrator back: revoked, used, or unknown.
CREATE OR REPLACE FUNCTION careforall.admin_token_revoke(
  admin_token_id uuid, reason text, dry_run boolean DEFAULT false)
RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  why  text := careforall.reason_check(admin_token_revoke.reason);
  used timestamptz;
BEGIN
  SELECT t.used_at INTO used FROM careforall.admin_tokens t
  WHERE t.id = admin_token_revoke.admin_token_id FOR UPDATE;
  IF NOT FOUND THEN
    RETURN 'unknown';
  ELSIF used IS NOT NULL THEN
    RETURN 'used';
  ELSIF admin_token_revoke.dry_run THEN
    RETURN 'would_revoke';
  END IF;
  DELETE FROM careforall.admin_tokens t WHERE t.id = admin_token_revoke.admin_token_id;
  PERFORM careforall.audit_add('admin_token.revoke', 'admin_token', admin_token_revoke.admin_token_id::text, why);
  RETURN 'revoked';
END
$$;

COMMENT ON FUNCTION careforall.key_note(text, text, text, text) IS
  'Notes a step of the replacement of a key: name of its setting, step (add, promote, retire, replace), id. Refuses to retire a pepper in use. Reason required, audited.';
COMMENT ON FUNCTION careforall.admin_token_revoke(uuid, text, boolean) IS
  'Takes a one-time token of an administrator back: revoked, used or unknown. Reason required, audited; dry_run changes nothing.';
