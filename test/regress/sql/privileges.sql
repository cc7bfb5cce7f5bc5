-- SPDX-License-Identifier: Apache-2.0
-- Goal: EXECUTE is all a caller needs, and nobody has it by default; look-alike objects
-- on the search path are never used.
-- Method: a role without any right, then with EXECUTE on one function.
CREATE ROLE t_caller;
GRANT USAGE ON SCHEMA careforall, t TO t_caller;
SELECT t.campaign(180) IS NOT NULL AS made;
SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'careforall'::regnamespace
  AND has_function_privilege('t_caller', p.oid, 'EXECUTE') ORDER BY 1;
SET ROLE t_caller;
SELECT careforall.pledge_create(t.id('c', 180), 500, 'EUR', 'B', 'b@x.y');
SELECT careforall.verify();
SELECT careforall.clock_set(now());
SELECT count(*) FROM careforall.pledges;
RESET ROLE;
GRANT EXECUTE ON FUNCTION careforall.pledge_create TO t_caller;
GRANT CREATE ON DATABASE regression TO t_caller;
SET ROLE t_caller;
CREATE SCHEMA evil;
CREATE TABLE evil.pledges (id int);
CREATE FUNCTION evil.always(uuid, uuid) RETURNS boolean LANGUAGE sql AS 'SELECT 1 / 0 = 1';
CREATE OPERATOR evil.= (FUNCTION = evil.always, LEFTARG = uuid, RIGHTARG = uuid);
SET search_path = evil, pg_catalog, careforall;
SELECT outcome FROM careforall.pledge_create(t.id('c', 180), 500, 'EUR', 'B', 'b@x.y');
SELECT current_user;
RESET search_path;
RESET ROLE;
-- An error in between leaves user and path as they were.
SET ROLE t_caller;
SELECT outcome FROM careforall.pledge_create(t.id('c', 180), 500, 'EUR', 'B', 'b@x.y', key_hash => 'x');
SELECT current_user, current_setting('search_path');
RESET ROLE;
SELECT actor FROM careforall.pledge_history h JOIN careforall.pledges p ON p.id = h.pledge_id
WHERE p.campaign_id = t.id('c', 180);
DROP SCHEMA evil CASCADE;
-- The owner of the tables is who the engine runs as.
CREATE ROLE t_owner;
GRANT USAGE ON SCHEMA careforall TO t_owner;
ALTER TABLE careforall.pledges OWNER TO t_owner;
SET ROLE t_caller;
SELECT careforall.pledge_create(t.id('c', 180), 500, 'EUR', 'B', 'b@x.y');
RESET ROLE;
ALTER TABLE careforall.pledges OWNER TO CURRENT_USER;
SET ROLE t_caller;
SELECT outcome FROM careforall.pledge_create(t.id('c', 180), 500, 'EUR', 'B', 'b@x.y');
RESET ROLE;
