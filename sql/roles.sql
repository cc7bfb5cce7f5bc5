-- SPDX-License-Identifier: Apache-2.0
-- The group roles. None can log in and none is a superuser: a log-in user is made
-- by the operator, IN ROLE one of these. What each may do stands in grants.sql.

DO $$
DECLARE
  role_name text;
BEGIN
  FOREACH role_name IN ARRAY ARRAY[
    'careforall_owner', 'careforall_api', 'careforall_relay', 'careforall_projector',
    'careforall_payments', 'careforall_reader', 'careforall_admin', 'careforall_support',
    'careforall_readonly']
  LOOP
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = role_name) THEN
      EXECUTE format('CREATE ROLE %I', role_name);
    END IF;
    EXECUTE format('ALTER ROLE %I NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE'
                   ' NOREPLICATION NOBYPASSRLS INHERIT', role_name);
  END LOOP;
END
$$;

COMMENT ON ROLE careforall_owner IS
  'Owns every table, view and function of CareForAll; nobody works as this role.';
COMMENT ON ROLE careforall_api IS
  'The HTTP API: may only call the API functions.';
COMMENT ON ROLE careforall_relay IS
  'The relay: reads the outbox and keeps its checkpoints.';
COMMENT ON ROLE careforall_projector IS
  'The projector: may only call the functions that rebuild the read model.';
COMMENT ON ROLE careforall_payments IS
  'The payment worker: may only call the payment functions.';
COMMENT ON ROLE careforall_reader IS
  'Independent consumers of the outbox: may only read events by a cursor that an administrator made.';
COMMENT ON ROLE careforall_admin IS
  'Administrators: the admin functions and every view; no right on any table.';
COMMENT ON ROLE careforall_support IS
  'Support staff: views with masked personal data; changes nothing.';
COMMENT ON ROLE careforall_readonly IS
  'Analysts and dashboards: views without personal data; changes nothing.';

-- The activity view and the metrics look at other sessions through functions of the
-- owner; administrators may also use PostgreSQL's own statistics views, and end a
-- session that holds up others.
GRANT pg_read_all_stats TO careforall_owner;
GRANT pg_monitor, pg_signal_backend TO careforall_admin;
