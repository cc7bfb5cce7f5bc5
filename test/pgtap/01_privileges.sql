-- SPDX-License-Identifier: Apache-2.0
-- Goal: each role can do exactly what it should. Method: every role against every
-- table; exact lists of functions and views; then real statements that must fail.
\ir setup.psql
SELECT no_plan();

CREATE TEMPORARY TABLE our_role AS
SELECT unnest(ARRAY['careforall_api', 'careforall_relay', 'careforall_projector',
  'careforall_payments', 'careforall_reader', 'careforall_admin', 'careforall_support', 'careforall_readonly']) AS role_name;

-- The roles themselves.
SELECT is_empty($$SELECT rolname FROM pg_roles WHERE rolname LIKE 'careforall\_%'
  AND (rolsuper OR rolcanlogin OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls)$$,
  'no role can log in or has an attribute beyond INHERIT');
SELECT is_empty($$SELECT r.rolname, g.rolname FROM pg_auth_members m
  JOIN pg_roles r ON r.oid = m.member JOIN pg_roles g ON g.oid = m.roleid
  WHERE r.rolname LIKE 'careforall\_%' AND (r.rolname, g.rolname) NOT IN
    (('careforall_owner', 'pg_read_all_stats'), ('careforall_admin', 'pg_monitor'),
     ('careforall_admin', 'pg_signal_backend'))$$,
  'the roles are members of nothing but statistics roles, and admin may end sessions');

-- Every role, every table, every kind of right.
SELECT is_empty(format($$SELECT c.relname, p.kind FROM pg_class c,
    unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) p (kind)
  WHERE c.relnamespace = 'careforall'::regnamespace AND c.relkind IN ('r', 'p')
    AND (has_table_privilege(%L, c.oid, p.kind)
         OR p.kind IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
            AND has_any_column_privilege(%1$L, c.oid, p.kind))
    AND NOT (%1$L = 'careforall_relay' AND (c.relname, p.kind) = ('outbox', 'SELECT'))$$, role_name),
  role_name || ' has no right on any table it should not see')
FROM our_role;
SELECT is_empty(format($$SELECT c.relname FROM pg_class c
  WHERE c.relnamespace = 'careforall'::regnamespace AND CASE WHEN c.relkind = 'S' THEN
      has_sequence_privilege(%L, c.oid, 'USAGE, SELECT, UPDATE') END$$, role_name),
  role_name || ' has no right on any sequence')
FROM our_role;
SELECT is_empty(format($$SELECT 1 WHERE has_schema_privilege(%L, 'careforall', 'CREATE')$$, role_name),
  role_name || ' cannot create in the schema')
FROM our_role;
SELECT is_empty(format($$SELECT c.relname FROM pg_class c
  WHERE c.relnamespace = 'careforall'::regnamespace AND c.relkind = 'v'
    AND has_table_privilege(%L, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')$$, role_name),
  role_name || ' can write through no view')
FROM our_role;

-- Views: exact lists.
CREATE FUNCTION pg_temp.views_of(role_name text) RETURNS SETOF text LANGUAGE sql AS $$
  SELECT c.relname::text FROM pg_class c
  WHERE c.relnamespace = 'careforall'::regnamespace AND c.relkind = 'v'
    AND has_table_privilege(role_name, c.oid, 'SELECT')
$$;
SELECT set_eq($$SELECT * FROM pg_temp.views_of('careforall_readonly')$$,
  ARRAY['campaign_overview', 'consumers_status', 'dead_letters_overview', 'fees', 'health', 'jobs_status', 'limits_status', 'migrations_status', 'news_log',
    'outbox_days', 'outbox_parked_overview', 'outbox_readers_status', 'outbox_replays_status', 'outbox_status', 'pledge_summary', 'receipts_log', 'refund_limits_overview', 'retention', 'reward_overview', 'verify_status'],
  'readonly sees the views without personal data');
SELECT set_eq($$SELECT * FROM pg_temp.views_of('careforall_support')$$,
  $$SELECT * FROM pg_temp.views_of('careforall_readonly')
    UNION ALL VALUES ('accounts_overview'), ('inbox_overview'), ('pledge_overview'), ('refund_proposals_overview'), ('refund_requests_overview'), ('refunds_overview'), ('waiting_overview')$$,
  'support sees the masked views too');
SELECT set_eq($$SELECT * FROM pg_temp.views_of('careforall_admin')$$,
  $$SELECT * FROM pg_temp.views_of('careforall_support')
    UNION ALL VALUES ('activity'), ('audit_overview'), ('keys_status'), ('logins'), ('slow'), ('slow_statements'), ('task_outcomes'), ('tasks_status')$$,
  'admin sees every view');
SELECT set_eq($$SELECT * FROM pg_temp.views_of('careforall_admin')$$,
  $$SELECT relname::text FROM pg_class
    WHERE relnamespace = 'careforall'::regnamespace AND relkind = 'v'$$,
  'there is no view that admin cannot see');
SELECT is_empty(format($$SELECT * FROM pg_temp.views_of(%L)$$, role_name), role_name || ' sees no view')
FROM our_role WHERE role_name NOT IN ('careforall_admin', 'careforall_support', 'careforall_readonly');

-- Functions: exact lists, by name.
CREATE FUNCTION pg_temp.admin_api() RETURNS SETOF text LANGUAGE sql AS $$
  SELECT unnest(ARRAY['admin_audit_list', 'admin_consumer_set', 'admin_consumers', 'admin_health', 'admin_hold_list',
    'admin_jobs', 'admin_limit_list', 'admin_outbox', 'admin_outbox_drop', 'admin_outbox_redrive', 'admin_outbox_release',
    'admin_parked_list', 'admin_payment_redrive', 'admin_payments_redrive', 'admin_pledge', 'admin_pledge_end',
    'admin_pledge_erase_donor', 'admin_pledge_link_renew', 'admin_pledge_list', 'admin_pledge_reveal', 'admin_refund_retry', 'admin_stats', 'admin_stuck_list', 'admin_verify',
    'admin_verify_begin', 'admin_verify_run', 'campaign_stats'])
$$;
CREATE FUNCTION pg_temp.functions_of(role_name text) RETURNS SETOF text LANGUAGE sql AS $$
  SELECT DISTINCT p.proname::text FROM pg_proc p
  WHERE p.pronamespace = 'careforall'::regnamespace
    AND has_function_privilege(role_name, p.oid, 'EXECUTE')
    AND p.proname NOT IN ('clock', 'currency_exponent', 'json_money', 'json_time', 'money_text',
      'pledge_transitions', 'campaign_transitions', 'ready', 'uuid7')
$$;
SELECT set_eq($$SELECT * FROM pg_temp.functions_of('careforall_api')
  EXCEPT SELECT * FROM pg_temp.admin_api()$$,
  ARRAY['account_change', 'account_find', 'account_list', 'account_logout', 'account_register', 'user_second_factor_reset',
    'second_factor_begin', 'second_factor_confirm', 'second_factor_offer', 'second_factor_offered', 'second_factor_read', 'second_factor_remove',
    'admin_register', 'campaign_find', 'campaign_gifts', 'campaign_list', 'campaign_pledges',
    'campaign_places', 'campaign_public', 'fee_cover_many', 'fees_read', 'me_pledges', 'news_consent_give', 'pledge_claim', 'pledge_export_begin', 'pledge_export_page', 'pledge_news_withdraw',
    'pledge_read', 'pledge_refunds', 'pledge_withdraw', 'receipt_issue', 'receipt_list', 'refund_create', 'refund_proposal_count', 'refund_proposal_decide', 'refund_proposal_list', 'refund_request_count', 'refund_request_create',
    'refund_request_decide', 'refund_request_list',
    'login_begin', 'login_finish', 'me_change', 'me_logout_all', 'me_read', 'me_session_end',
    'me_sessions', 'metrics_text', 'password_begin', 'password_change', 'payment_event_apply',
    'payment_event_apply_many', 'pledge_create', 'pledge_create_many', 'pledge_public',
    'session_find', 'session_logout', 'session_refresh',
    'campaign_addresses', 'campaign_count', 'campaign_documents', 'campaign_edit', 'campaign_image_remove', 'campaign_image_set', 'campaign_make',
    'campaign_manage', 'campaign_search', 'campaign_transition', 'image_find', 'managed_campaigns', 'managed_campaigns_count',
    'pool_add', 'pool_close_for', 'pool_edit', 'pool_find', 'reward_add', 'reward_archive', 'reward_close_for', 'reward_edit', 'reward_find',
    'task_create', 'task_end', 'task_file', 'task_file_part', 'task_item_list', 'task_list', 'task_preview', 'task_read', 'task_step',
    'team_add', 'team_find', 'team_list', 'team_put', 'team_remove',
    'update_add', 'update_edit', 'update_find', 'update_list', 'update_remove',
    'waiting_count', 'waiting_export_begin', 'waiting_export_page', 'waiting_invite_for', 'waiting_join', 'waiting_leave', 'waiting_list', 'waiting_read', 'waiting_remove_for'],
  'api may call the API functions and nothing else');
SELECT is_empty($$SELECT * FROM pg_temp.admin_api() EXCEPT SELECT * FROM pg_temp.functions_of('careforall_api')$$,
  'api may call what administrators do through it');
SELECT set_eq($$SELECT * FROM pg_temp.functions_of('careforall_payments')$$,
  ARRAY['consumer_report', 'payment_attach', 'payment_backlog', 'payment_event_apply', 'payment_find', 'payment_park',
    'payment_unpark', 'payments_pending', 'payments_unsettled', 'refund_attach', 'refund_find', 'refunds_pending'],
  'payments may call the payment functions and nothing else');
SELECT is_empty($$SELECT f FROM pg_temp.functions_of('careforall_projector') f
  WHERE f NOT LIKE 'projector\_%' AND f <> 'consumer_report'$$,
  'projector may call the projector functions and nothing else');
SELECT is_empty($$SELECT f FROM pg_temp.functions_of('careforall_relay') f
  WHERE f NOT LIKE 'relay\_%' AND f NOT IN ('consumer_report', 'outbox_commits', 'outbox_replay', 'outbox_replay_state', 'outbox_retention', 'outbox_sleep', 'outbox_wake', 'stats')$$,
  'relay may call the relay functions and nothing else');
SELECT set_eq($$SELECT * FROM pg_temp.functions_of('careforall_reader')$$,
  ARRAY['outbox_reader_ack', 'outbox_reader_next'],
  'a reader may read by its cursor and nothing else');
SELECT set_eq($$SELECT * FROM pg_temp.functions_of('careforall_readonly')$$,
  ARRAY['consumers', 'health_checks', 'jobs', 'limits', 'link_lifetime', 'metrics', 'metrics_text', 'outbox_partitions', 'outbox_readers_behind', 'relay_consumers', 'retention_status'],
  'readonly may call what its views call');
SELECT set_eq($$SELECT * FROM pg_temp.functions_of('careforall_support')$$,
  $$SELECT * FROM pg_temp.functions_of('careforall_readonly') UNION ALL
    VALUES ('donor_shown'), ('email_masked'), ('login_key'), ('message_shown'), ('pledge_timeline'), ('refund_proposal_state')$$,
  'support may call what its views call, and the timeline');
SELECT set_eq($$SELECT * FROM pg_temp.functions_of('careforall_admin')$$,
  $$SELECT * FROM pg_temp.functions_of('careforall_support') UNION ALL
    SELECT unnest(ARRAY['account_disable', 'account_enable', 'account_role_set', 'account_second_factor_reset', 'account_sessions_end', 'admin_token_create', 'admin_token_revoke', 'campaign_archive', 'campaign_cap_set', 'campaign_close', 'campaign_copy', 'campaign_create', 'campaign_dates_set',
      'campaign_owner_set', 'campaign_pause', 'campaign_publish', 'campaign_resume', 'campaign_unarchive', 'consumer_pause', 'consumer_resume', 'donor_erase', 'donor_reveal', 'fee_remove', 'fee_set', 'hold_release', 'job_run', 'key_note',
      'limits_reload', 'link_lifetime_set', 'news_withdraw', 'outbox_drop', 'outbox_reader_create', 'outbox_reader_pause', 'outbox_reader_remove', 'outbox_reader_resume', 'outbox_release', 'outbox_release_matching', 'outbox_replay', 'outbox_replay_cancel', 'outbox_replay_state', 'payment_redrive', 'payment_redrive_matching', 'pledge_cancel', 'pledge_link_renew', 'pledge_refund', 'pledge_search',
      'pool_capacity_set', 'pool_close', 'pool_create', 'refund_approve', 'refund_limit_remove', 'refund_limit_set', 'refund_reject', 'refund_retry', 'retention_set', 'reward_close', 'reward_create', 'reward_quantity_set', 'second_factor_policy_set',
      'sessions', 'statement_figures', 'stats', 'stats_reset', 'stats_series', 'task_start', 'task_step', 'task_stop', 'totals_fold',
      'waiting_invite', 'waiting_remove', 'waiting_reveal'])$$,
  'admin may call the functions of administrators');
SELECT is_empty(format($$SELECT f FROM pg_temp.functions_of(%L) f WHERE f IN
  ('pledge_apply', 'account_add', 'account_manage', 'account_of', 'account_set', 'account_lock', 'actor_set', 'session_open', 'sessions_end', 'clock_set', 'clock_reset', 'pledge_lock', 'pledge_end', 'pledge_refund_by', 'refund_ask', 'refund_ask_or_propose', 'refund_proposal_end', 'refund_proposal_manage', 'refund_retry_by', 'second_factor_drop', 'second_factor_prove', 'second_factor_reset', 'second_factor_use', 'campaign_move',
   'campaign_insert', 'campaign_parts_copy', 'campaign_update', 'reward_insert', 'pool_insert', 'campaigns_rank', 'contact_erase', 'job_do', 'pledges_erase', 'purge')$$,
  role_name), role_name || ' may not call the engine''s inner functions')
FROM our_role;

-- Real statements.
SELECT pg_temp.new_campaign('rights') AS campaign \gset
SELECT pg_temp.new_pledge(:'campaign', 2500) AS pledge \gset
SELECT throws_ok(format($$SELECT pg_temp.run_as(%L, 'SELECT donor_email FROM careforall.pledges')$$, role_name),
  '42501', NULL, role_name || ' cannot read pledges')
FROM our_role;
SELECT throws_ok(format($$SELECT pg_temp.run_as(%L, 'UPDATE careforall.pledges SET state = ''confirmed''')$$, role_name),
  '42501', NULL, role_name || ' cannot update pledges')
FROM our_role;
SELECT throws_ok(format($$SELECT pg_temp.run_as(%L, 'DELETE FROM careforall.audit_log')$$, role_name),
  '42501', NULL, role_name || ' cannot delete from the audit log')
FROM our_role;
SELECT throws_ok(format($$SELECT pg_temp.run_as(%L,
  'SELECT careforall.pledge_refund(careforall.uuid7(), NULL, ''not allowed'')')$$, role_name),
  '42501', NULL, role_name || ' cannot refund')
FROM our_role WHERE role_name <> 'careforall_admin';
SELECT is(pg_temp.run_as('careforall_api', format(
  $$SELECT careforall.pledge_create(%L, 1000, 'EUR', 'Noor', 'noor@example.org')$$, :'campaign')), 1::bigint,
  'api can create a pledge without any right on a table');
SELECT is(pg_temp.run_as('careforall_api', format(
  $$SELECT careforall.pledge_create(%L, 1030, 'EUR', 'Noor', 'noor@example.org', fee_minor => 30,
    account_id => careforall.uuid7())$$, :'campaign')), 1::bigint,
  'and one of an account that covers the fee');
SELECT is(pg_temp.run_as('careforall_api', $$SELECT careforall.campaign_find('rights')$$), 1::bigint,
  'api can read a campaign');
SELECT is(pg_temp.run_as('careforall_api', format($$SELECT careforall.pledge_public(%L)$$, :'pledge')), 1::bigint,
  'api can read a pledge');
SELECT is(pg_temp.run_as('careforall_relay', 'SELECT id FROM careforall.outbox LIMIT 1'), 1::bigint,
  'relay can read the outbox');
SELECT is(pg_temp.run_as('careforall_admin', $$SELECT careforall.campaign_pause('rights', 'to see that it works')$$),
  1::bigint, 'admin can pause a campaign without any right on a table');
SELECT lives_ok(format('SELECT pg_temp.run_as(%L, %L)', r.role_name, 'TABLE careforall.' || v),
  r.role_name || ' can read ' || v)
FROM our_role r, LATERAL pg_temp.views_of(r.role_name) v;

SELECT finish();
ROLLBACK;
