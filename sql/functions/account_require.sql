-- SPDX-License-Identifier: Apache-2.0
-- Who may do what through the API. The route table asks first; every function
-- that acts for an account asks again here, so that no path leads around it.

-- The roles from weak to strong.
CREATE OR REPLACE FUNCTION careforall.role_rank(role text)
RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN array_position('{donor,owner,admin}'::text[], role);

-- Whether an account lacks the second factor that its role needs.
CREATE OR REPLACE FUNCTION careforall.second_factor_missing(account_id uuid, role text)
RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT EXISTS (SELECT FROM careforall.second_factor_policy p
                 WHERE p.role = second_factor_missing.role)
    AND NOT EXISTS (SELECT FROM careforall.second_factors f
                    WHERE f.account_id = second_factor_missing.account_id
                      AND f.enrolled_at IS NOT NULL)
$$;

-- The role whose rights an account has: that of a donor while it lacks the second factor
-- that its own one needs.
CREATE OR REPLACE FUNCTION careforall.role_now(account_id uuid, role text)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$ SELECT CASE WHEN careforall.second_factor_missing(account_id, role) THEN 'donor' ELSE role END $$;

-- Gives the role of an account that is alive and has at least the role asked for.
CREATE OR REPLACE FUNCTION careforall.account_require(actor uuid, role text)
RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  has_role text;
BEGIN
  SELECT careforall.role_now(a.id, a.role) INTO has_role
  FROM careforall.accounts a
  WHERE a.id = account_require.actor AND a.disabled_at IS NULL;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the session is over' USING ERRCODE = 'PL011';
  ELSIF careforall.role_rank(has_role) >= careforall.role_rank(account_require.role) THEN
    RETURN has_role;
  END IF;
  RAISE EXCEPTION 'this needs the role %', account_require.role USING ERRCODE = 'PL010';
END
$$;

-- Gives what an account is to a campaign: own, edit or view, and NULL if nothing.
-- An administrator has every right. The owner of a campaign whose account is no
-- longer that of an owner may only look.
CREATE OR REPLACE FUNCTION careforall.campaign_right(actor uuid, campaign uuid)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT CASE
    WHEN n.role = 'admin' THEN 'own'
    WHEN c.owner_id = a.id AND n.role = 'owner' THEN 'own'
    WHEN m.role = 'editor' THEN 'edit'
    WHEN m.role = 'viewer' OR c.owner_id = a.id THEN 'view' END
  FROM careforall.accounts a
  CROSS JOIN LATERAL (SELECT careforall.role_now(a.id, a.role) AS role) n
  JOIN careforall.campaigns c ON c.id = campaign_right.campaign
  LEFT JOIN careforall.campaign_members m ON m.campaign_id = c.id AND m.account_id = a.id
  WHERE a.id = campaign_right.actor AND a.disabled_at IS NULL
$$;

-- Gives the right that an account has to a campaign if it is at least the one asked
-- for: view (what only the team sees), edit, own. A draft that the account has
-- nothing to do with does not exist for it.
CREATE OR REPLACE FUNCTION careforall.campaign_require(actor uuid, campaign uuid, "right" text)
RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  strength constant text[] := '{view,edit,own}';
  has_right text;
BEGIN
  PERFORM careforall.account_require(campaign_require.actor, 'donor');
  has_right := careforall.campaign_right(campaign_require.actor, campaign_require.campaign);
  IF array_position(strength, has_right) >= array_position(strength, campaign_require."right") THEN
    RETURN has_right;
  ELSIF has_right IS NULL AND NOT EXISTS (
    SELECT FROM careforall.campaigns c
    WHERE c.id = campaign_require.campaign AND c.state <> 'draft')
  THEN
    RAISE EXCEPTION 'there is no such campaign' USING ERRCODE = 'PL005';
  END IF;
  RAISE EXCEPTION 'this is for %', CASE campaign_require."right"
      WHEN 'view' THEN 'the people who run the campaign'
      WHEN 'edit' THEN 'those who may edit the campaign'
      ELSE 'the owner of the campaign' END
    USING ERRCODE = 'PL010';
END
$$;

-- The campaigns whose lists an account reads: the one given, which it must be in the
-- team of, else all that it is in the team of. NULL is every campaign.
CREATE OR REPLACE FUNCTION careforall.team_scope(actor uuid, campaign_id uuid)
RETURNS uuid[]
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  IF team_scope.campaign_id IS NOT NULL THEN
    PERFORM careforall.campaign_require(actor, team_scope.campaign_id, 'view');
    RETURN ARRAY[team_scope.campaign_id];
  ELSIF careforall.account_require(actor, 'donor') = 'admin' THEN
    RETURN NULL;
  END IF;
  RETURN ARRAY(
    SELECT c.id FROM careforall.campaigns c WHERE c.owner_id = actor
    UNION SELECT m.campaign_id FROM careforall.campaign_members m WHERE m.account_id = actor);
END
$$;

-- Makes an account the actor of this transaction: history and audit rows name it.
CREATE OR REPLACE FUNCTION careforall.actor_set(actor uuid)
RETURNS void
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT set_config('careforall.actor', COALESCE('account:' || actor, ''), true)
$$;

COMMENT ON FUNCTION careforall.role_rank(text) IS
  'The strength of a role: donor, owner, admin.';
COMMENT ON FUNCTION careforall.second_factor_missing(uuid, text) IS
  'Whether an account lacks the second factor that its role needs.';
COMMENT ON FUNCTION careforall.role_now(uuid, text) IS
  'The role whose rights an account has: donor while it lacks a second factor that it needs.';
COMMENT ON FUNCTION careforall.account_require(uuid, text) IS
  'Gives the role of a live account that has at least the role asked for; refuses others (PL010, PL011).';
COMMENT ON FUNCTION careforall.campaign_right(uuid, uuid) IS
  'What an account is to a campaign: own, edit, view, or NULL.';
COMMENT ON FUNCTION careforall.campaign_require(uuid, uuid, text) IS
  'Gives the right of an account to a campaign if it is at least the one asked for; refuses others (PL005, PL010, PL011).';
COMMENT ON FUNCTION careforall.team_scope(uuid, uuid) IS
  'The campaigns whose lists an account reads; NULL is every one.';
COMMENT ON FUNCTION careforall.actor_set(uuid) IS
  'Makes an account the actor of this transaction, in history and audit.';
