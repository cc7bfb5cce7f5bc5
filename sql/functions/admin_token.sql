-- SPDX-License-Identifier: Apache-2.0
-- The first administrator, and any that is made without another one's help.
--
-- There is no default account. Whoever runs the database makes a token, which shows
-- once, and gives it to the person; with it that person makes the account. Only
-- its hash is kept.

-- Makes a one-time token and gives it: 64 hexadecimal digits.
CREATE OR REPLACE FUNCTION careforall.admin_token_create(
  reason text, valid_for interval DEFAULT '24 hours')
RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  why    text := careforall.reason_check(reason);
  -- Two random ids hold 244 bits from the strong source of the server.
  token  bytea := sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
  new_id uuid;
BEGIN
  IF valid_for IS NULL OR valid_for NOT BETWEEN interval '1 minute' AND interval '7 days' THEN
    RAISE EXCEPTION 'invalid length of time: %', valid_for
      USING ERRCODE = 'invalid_parameter_value', HINT = 'From 1 minute to 7 days.';
  END IF;
  INSERT INTO careforall.admin_tokens AS t (token_hash, created_at, expires_at)
  VALUES (sha256(token), careforall.clock(), careforall.clock() + valid_for)
  RETURNING t.id INTO new_id;
  PERFORM careforall.audit_add('admin_token.create', 'admin_token', new_id::text, why);
  RETURN encode(token, 'hex');
END
$$;

-- Makes the account of an administrator with a token. No row if the token is not
-- valid; it is used up only if the account is made.
CREATE OR REPLACE FUNCTION careforall.admin_register(
  admin_token_hash bytea, email text, name text, password_hash text, pepper_id text,
  token_hash bytea, user_agent text)
RETURNS TABLE (account_id uuid, session_id uuid, max_age_s integer, doc json)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  token careforall.admin_tokens;
  made  record;
BEGIN
  SELECT * INTO token FROM careforall.admin_tokens t
  WHERE t.token_hash = admin_register.admin_token_hash AND t.used_at IS NULL
    AND t.expires_at > careforall.clock()
  FOR UPDATE;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  SELECT n.* INTO made
  FROM careforall.account_add(admin_register.email, admin_register.name, 'admin',
    admin_register.password_hash, admin_register.pepper_id, admin_register.token_hash,
    admin_register.user_agent) n;
  UPDATE careforall.admin_tokens t SET used_at = careforall.clock(), account_id = made.account_id
  WHERE t.id = token.id;
  PERFORM careforall.actor_set(made.account_id);
  PERFORM careforall.audit_add('account.create_admin', 'account', made.account_id::text,
    'with a one-time token', jsonb_build_object('admin_token', token.id));
  RETURN QUERY SELECT made.account_id, made.session_id, made.max_age_s, made.doc;
END
$$;

COMMENT ON FUNCTION careforall.admin_token_create(text, interval) IS
  'Makes a one-time token for the account of an administrator and shows it once. Reason required, audited.';
COMMENT ON FUNCTION careforall.admin_register(bytea, text, text, text, text, bytea, text) IS
  'Makes the account of an administrator with a one-time token; no row if the token is not valid.';
