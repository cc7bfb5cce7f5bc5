-- SPDX-License-Identifier: Apache-2.0
-- New accounts.

-- Makes an account and opens its first session. Internal.
CREATE OR REPLACE FUNCTION careforall.account_add(
  email text, name text, role text, password_hash text, pepper_id text, token_hash bytea,
  user_agent text)
RETURNS TABLE (account_id uuid, session_id uuid, max_age_s integer, doc json)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  account careforall.accounts;
BEGIN
  INSERT INTO careforall.accounts AS a (email, name, role, password_hash, pepper_id)
  VALUES (account_add.email, account_add.name, account_add.role, account_add.password_hash,
    account_add.pepper_id)
  ON CONFLICT ((lower(email))) DO NOTHING
  RETURNING a.* INTO account;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the e-mail address has an account already'
      USING ERRCODE = 'PL013',
            DETAIL = '{"errors":[{"pointer":"/email","code":"taken","detail":"Has an account already."}]}';
  END IF;
  account_id := account.id;
  session_id := careforall.session_open(account.id, token_hash, user_agent);
  max_age_s := careforall.session_max_age(session_id);
  doc := careforall.account_json(account);
  RETURN NEXT;
END
$$;

-- Anybody may make the account of a donor.
CREATE OR REPLACE FUNCTION careforall.account_register(
  email text, name text, password_hash text, pepper_id text, token_hash bytea, user_agent text)
RETURNS TABLE (account_id uuid, session_id uuid, max_age_s integer, doc json)
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT n.account_id, n.session_id, n.max_age_s, n.doc
  FROM careforall.account_add(email, name, 'donor', password_hash, pepper_id, token_hash, user_agent) n
$$;

COMMENT ON FUNCTION careforall.account_add(text, text, text, text, text, bytea, text) IS
  'Makes an account and opens its first session; refuses an address that has one (PL013).';
COMMENT ON FUNCTION careforall.account_register(text, text, text, text, bytea, text) IS
  'Makes the account of a donor and opens its first session.';
