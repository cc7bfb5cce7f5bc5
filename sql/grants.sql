-- SPDX-License-Identifier: Apache-2.0
-- Who may do what. All rights of this schema stand here and nowhere else.
--
-- Starts from nothing each time, so that a right that is taken out of this file is
-- gone after the next install. No role but the owner has a right on any table, except
-- that the relay reads the outbox: its batch is one statement with its own snapshot.

REVOKE ALL ON SCHEMA careforall FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA careforall FROM PUBLIC,
  careforall_api, careforall_relay, careforall_projector, careforall_payments,
  careforall_reader, careforall_admin, careforall_support, careforall_readonly;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA careforall FROM PUBLIC,
  careforall_api, careforall_relay, careforall_projector, careforall_payments,
  careforall_reader, careforall_admin, careforall_support, careforall_readonly;
REVOKE ALL ON ALL ROUTINES IN SCHEMA careforall FROM PUBLIC,
  careforall_api, careforall_relay, careforall_projector, careforall_payments,
  careforall_reader, careforall_admin, careforall_support, careforall_readonly;

GRANT USAGE ON SCHEMA careforall TO
  careforall_api, careforall_relay, careforall_projector, careforall_payments,
  careforall_reader, careforall_admin, careforall_support, careforall_readonly;

-- Helpers that tell nothing about anybody.
GRANT EXECUTE ON FUNCTION
  careforall.clock(),
  careforall.currency_exponent(text),
  careforall.json_money(bigint, text),
  careforall.json_time(timestamptz),
  careforall.money_text(bigint, text),
  careforall.pledge_transitions(),
  careforall.campaign_transitions(),
  careforall.ready(),
  careforall.uuid7()
TO careforall_api, careforall_relay, careforall_projector, careforall_payments,
  careforall_reader, careforall_admin, careforall_support, careforall_readonly;

-- The API: functions only.
GRANT EXECUTE ON FUNCTION
  careforall.account_change(uuid, uuid, text, text, boolean, text),
  careforall.account_find(uuid, uuid),
  careforall.account_list(uuid, text, text, uuid, integer),
  careforall.account_logout(uuid, uuid, text),
  careforall.account_register(text, text, text, text, bytea, text),
  careforall.admin_register(bytea, text, text, text, text, bytea, text),
  careforall.campaign_addresses(integer),
  careforall.campaign_count(text, text, text, text, text),
  careforall.campaign_documents(uuid[]),
  careforall.campaign_edit(uuid, text, text, jsonb),
  careforall.campaign_find(text),
  careforall.campaign_gifts(uuid, uuid, integer),
  careforall.campaign_image_remove(uuid, text, text),
  careforall.campaign_image_set(uuid, text, text, boolean, text, integer, integer, bytea),
  careforall.campaign_list(timestamptz, uuid, integer),
  careforall.campaign_make(uuid, jsonb),
  careforall.campaign_manage(uuid, text),
  careforall.campaign_places(uuid, uuid),
  careforall.campaign_pledges(uuid, uuid, text, timestamptz, timestamptz, bigint, bigint, text, text, bigint, uuid, integer, uuid, boolean),
  careforall.campaign_public(uuid),
  careforall.campaign_search(text, text, text, text, text, bigint, uuid, integer),
  careforall.campaign_transition(uuid, text, text, text),
  careforall.fee_cover_many(bigint[], text[], boolean[]),
  careforall.fees_read(),
  careforall.image_find(text),
  careforall.login_begin(text),
  careforall.login_finish(uuid, text, text, text, bytea, text, bigint, bytea),
  careforall.managed_campaigns(uuid, boolean, text, text, text, text, text, bigint, uuid, integer),
  careforall.managed_campaigns_count(uuid, boolean, text, text, text, text, text),
  careforall.me_change(uuid, text, text),
  careforall.me_logout_all(uuid),
  careforall.me_pledges(uuid, text, uuid, integer),
  careforall.me_read(uuid),
  careforall.me_session_end(uuid, uuid),
  careforall.me_sessions(uuid, uuid),
  careforall.metrics_text(),
  careforall.password_begin(uuid),
  careforall.password_change(uuid, uuid, text, text, text),
  careforall.payment_event_apply(text, text, text, text, uuid, uuid, bigint, text, text, json, text),
  careforall.payment_event_apply_many(text[], text[], text[], text[], uuid[], uuid[], bigint[], text[], text[], json[], text[]),
  careforall.pledge_create(uuid, bigint, text, text, text, uuid, integer, text, text, bytea, bytea, text, bigint, uuid),
  careforall.pledge_create_many(uuid[], bigint[], text[], text[], text[], uuid[], integer[], text[], text[], bytea[], bytea[], text[], bigint[], uuid[]),
  careforall.news_consent_give(uuid, jsonb),
  careforall.pledge_claim(uuid, boolean, uuid),
  careforall.pledge_export_begin(uuid, uuid, text, jsonb),
  careforall.pledge_export_page(uuid, uuid, text, text, timestamptz, timestamptz, bigint, bigint, text, uuid, integer, uuid, boolean),
  careforall.pledge_news_withdraw(uuid, boolean, uuid),
  careforall.pledge_public(uuid),
  careforall.pledge_read(uuid, boolean, uuid),
  careforall.pledge_refunds(uuid, boolean, uuid),
  careforall.pledge_withdraw(uuid, boolean, uuid, text),
  careforall.pool_add(uuid, text, jsonb),
  careforall.pool_close_for(uuid, text, uuid),
  careforall.pool_edit(uuid, text, uuid, text, jsonb),
  careforall.pool_find(uuid, text, uuid),
  careforall.receipt_issue(uuid, boolean, uuid, text, text, text, bytea),
  careforall.receipt_list(uuid, boolean, uuid),
  careforall.refund_create(uuid, uuid, bigint, text, text, bytea, bytea),
  careforall.refund_proposal_count(uuid, uuid, text),
  careforall.refund_proposal_decide(uuid, uuid, text, text),
  careforall.refund_proposal_list(uuid, uuid, text, uuid, integer),
  careforall.refund_request_count(uuid, uuid, text),
  careforall.refund_request_create(uuid, boolean, uuid, text),
  careforall.refund_request_decide(uuid, uuid, text, bigint, text, text),
  careforall.refund_request_list(uuid, uuid, text, uuid, integer),
  careforall.reward_add(uuid, text, jsonb),
  careforall.reward_archive(uuid, text, uuid, text),
  careforall.reward_close_for(uuid, text, uuid),
  careforall.reward_edit(uuid, text, uuid, text, jsonb),
  careforall.reward_find(uuid, text, uuid),
  careforall.second_factor_begin(uuid),
  careforall.second_factor_confirm(uuid, uuid, bytea, bigint, bytea[]),
  careforall.second_factor_offer(uuid, text, bigint, bytea, bytea, text),
  careforall.second_factor_offered(uuid),
  careforall.second_factor_read(uuid),
  careforall.second_factor_remove(uuid, uuid, text, bigint, bytea),
  careforall.session_find(uuid),
  careforall.session_logout(bytea),
  careforall.session_refresh(bytea, bytea),
  careforall.task_create(uuid, jsonb),
  careforall.task_end(uuid, uuid),
  careforall.task_file(uuid, uuid),
  careforall.task_file_part(uuid, uuid, integer),
  careforall.task_item_list(uuid, uuid, text, bigint, uuid, integer),
  careforall.task_list(uuid, uuid, text, text, uuid, integer),
  careforall.task_preview(uuid, jsonb),
  careforall.task_read(uuid, uuid),
  careforall.task_step(),
  careforall.team_add(uuid, text, text, text),
  careforall.team_find(uuid, text, uuid),
  careforall.team_list(uuid, text),
  careforall.team_put(uuid, text, uuid, text, text),
  careforall.team_remove(uuid, text, uuid, text),
  careforall.update_add(uuid, text, jsonb),
  careforall.update_edit(uuid, text, uuid, text, jsonb),
  careforall.update_find(uuid, uuid, text, uuid),
  careforall.update_list(uuid, uuid, text, uuid, integer),
  careforall.update_remove(uuid, text, uuid, text),
  careforall.user_second_factor_reset(uuid, uuid, text),
  careforall.waiting_count(uuid, uuid, text, text),
  careforall.waiting_export_begin(uuid, uuid, text, jsonb),
  careforall.waiting_export_page(uuid, uuid, text, text, text, uuid, integer),
  careforall.waiting_invite_for(uuid, uuid, uuid),
  careforall.waiting_join(uuid, uuid, uuid, text, text, text),
  careforall.waiting_leave(uuid, text, uuid),
  careforall.waiting_list(uuid, uuid, text, text, uuid, integer),
  careforall.waiting_read(uuid, text, uuid),
  careforall.waiting_remove_for(uuid, uuid, uuid)
TO careforall_api;

-- The API: what administrators do there.
GRANT EXECUTE ON FUNCTION
  careforall.admin_audit_list(uuid, text, text, text, text, timestamptz, timestamptz, bigint, uuid, integer),
  careforall.admin_consumer_set(uuid, text, boolean, text),
  careforall.admin_consumers(uuid),
  careforall.admin_health(uuid),
  careforall.admin_hold_list(uuid, text, boolean, bigint, uuid, integer),
  careforall.admin_jobs(uuid),
  careforall.admin_limit_list(uuid, text, text, bigint, uuid, integer),
  careforall.admin_outbox(uuid),
  careforall.admin_outbox_drop(uuid, uuid, text, boolean),
  careforall.admin_outbox_redrive(uuid, text, text, text, boolean),
  careforall.admin_outbox_release(uuid, uuid, text, boolean),
  careforall.admin_parked_list(uuid, text, text, text, bigint, uuid, integer),
  careforall.admin_payment_redrive(uuid, bigint, text, boolean),
  careforall.admin_payments_redrive(uuid, text, text, text, boolean),
  careforall.admin_pledge(uuid, uuid),
  careforall.admin_pledge_end(uuid, uuid, text, text, boolean, boolean),
  careforall.admin_pledge_list(uuid, text, text, text, bigint, bigint, text, timestamptz, timestamptz, text, text, text, bigint, uuid, integer, uuid),
  careforall.admin_pledge_erase_donor(uuid, uuid, text, boolean),
  careforall.admin_pledge_link_renew(uuid, uuid, bigint, text, boolean),
  careforall.admin_pledge_reveal(uuid, uuid, text),
  careforall.admin_refund_retry(uuid, uuid, text, boolean),
  careforall.admin_stats(uuid, text, text, timestamptz, timestamptz, text),
  careforall.admin_stuck_list(uuid, text, bigint, uuid, integer),
  careforall.admin_verify(uuid),
  careforall.admin_verify_begin(uuid, text),
  careforall.admin_verify_run(uuid),
  careforall.campaign_stats(uuid, text, text, text, timestamptz, timestamptz)
TO careforall_api;

-- What each process that follows outbox or stream says of itself.
GRANT EXECUTE ON FUNCTION
  careforall.consumer_report(text, text, boolean, text, bigint, bigint, bigint)
TO careforall_relay, careforall_projector, careforall_payments;

-- Independent consumers of the outbox.
GRANT EXECUTE ON FUNCTION
  careforall.outbox_reader_ack(text, bigint, integer),
  careforall.outbox_reader_next(text, integer)
TO careforall_reader;

-- The relay.
GRANT SELECT ON careforall.outbox TO careforall_relay;
GRANT EXECUTE ON FUNCTION
  careforall.outbox_commits(),
  careforall.outbox_replay(text, text, text, boolean),
  careforall.outbox_replay_state(bigint),
  careforall.outbox_retention(),
  careforall.outbox_sleep(),
  careforall.outbox_wake(),
  careforall.relay_checkpoint(text, bigint, pg_snapshot, text, text, bigint, bigint, bigint[]),
  careforall.relay_consumers(),
  careforall.relay_dropped(),
  careforall.relay_heartbeat(text, bigint),
  careforall.relay_lead(text, text),
  careforall.relay_park(text, bigint, bigint, xid8, text),
  careforall.relay_parked(),
  careforall.relay_prune(text),
  careforall.relay_released(integer),
  careforall.relay_replay(),
  careforall.relay_replay_progress(text, bigint, bigint, bigint, bigint, text, bigint, boolean),
  careforall.relay_resign(text),
  careforall.relay_silent_leader(text, interval),
  careforall.relay_start(text, bigint, text, text, bigint, bigint),
  careforall.relay_system(),
  careforall.stats()
TO careforall_relay;

-- The payment worker: functions only.
GRANT EXECUTE ON FUNCTION
  careforall.payment_event_apply(text, text, text, text, uuid, uuid, bigint, text, text, json, text),
  careforall.payment_find(uuid),
  careforall.refund_find(uuid),
  careforall.payments_pending(interval, integer, uuid),
  careforall.payments_unsettled(interval, integer, uuid),
  careforall.refunds_pending(interval, integer, uuid),
  careforall.payment_backlog(interval),
  careforall.payment_attach(uuid, text, text),
  careforall.refund_attach(uuid, text, text),
  careforall.payment_park(text, uuid, uuid, integer, integer, text, text, text),
  careforall.payment_unpark(text, uuid)
TO careforall_payments;

-- The projector: functions only.
GRANT EXECUTE ON FUNCTION
  careforall.projector_identity(),
  careforall.projector_snapshot(text, text, bigint)
TO careforall_projector;

-- Administrators: functions and views.
GRANT EXECUTE ON FUNCTION
  careforall.account_disable(text, text, boolean),
  careforall.account_enable(text, text, boolean),
  careforall.account_role_set(text, text, text, boolean),
  careforall.account_second_factor_reset(text, text, boolean),
  careforall.account_sessions_end(text, text, boolean),
  careforall.admin_token_create(text, interval),
  careforall.admin_token_revoke(uuid, text, boolean),
  careforall.campaign_archive(text, text, boolean),
  careforall.campaign_cap_set(text, bigint, text, boolean),
  careforall.campaign_close(text, text, boolean),
  careforall.campaign_copy(text, text, text, text, timestamptz, timestamptz),
  careforall.campaign_create(text, text, text, text, text, bigint, text, text, text, text, text,
    bigint, bigint, bigint, timestamptz, timestamptz, boolean),
  careforall.campaign_dates_set(text, timestamptz, timestamptz, text, boolean),
  careforall.campaign_owner_set(text, text, text, boolean),
  careforall.campaign_pause(text, text, boolean),
  careforall.campaign_publish(text, text, boolean),
  careforall.campaign_resume(text, text, boolean),
  careforall.campaign_unarchive(text, text, boolean),
  careforall.consumer_pause(text, text, boolean),
  careforall.consumer_resume(text, text, boolean),
  careforall.donor_reveal(uuid, text),
  careforall.donor_erase(text, text, boolean),
  careforall.fee_remove(text, text, boolean),
  careforall.fee_set(text, integer, bigint, text, boolean),
  careforall.hold_release(uuid, text, boolean, boolean),
  careforall.job_run(text),
  careforall.key_note(text, text, text, text),
  careforall.limits_reload(),
  careforall.link_lifetime_set(interval, text, boolean),
  careforall.news_withdraw(uuid, text, boolean),
  careforall.outbox_drop(bigint, text, boolean),
  careforall.outbox_reader_create(text, text, text, boolean),
  careforall.outbox_reader_pause(text, text, boolean),
  careforall.outbox_reader_remove(text, text, boolean),
  careforall.outbox_reader_resume(text, text, boolean),
  careforall.outbox_release(uuid, text, boolean),
  careforall.outbox_release_matching(text, text, text, boolean),
  careforall.outbox_replay(text, text, text, boolean),
  careforall.outbox_replay_cancel(bigint, text),
  careforall.outbox_replay_state(bigint),
  careforall.payment_redrive(bigint, text, boolean),
  careforall.payment_redrive_matching(text, text, text, boolean),
  careforall.pledge_cancel(uuid, text, boolean),
  careforall.pledge_link_renew(uuid, text, interval, boolean),
  careforall.pledge_refund(uuid, bigint, text, boolean),
  careforall.pledge_search(text, text, text, bigint, bigint, text, timestamptz, timestamptz, text, text, text, integer, uuid),
  careforall.pool_capacity_set(uuid, integer, text, boolean),
  careforall.pool_close(uuid, text, boolean),
  careforall.pool_create(text, text, integer, text),
  careforall.refund_approve(uuid, text, boolean),
  careforall.refund_limit_remove(text, text, boolean),
  careforall.refund_limit_set(text, bigint, text, interval, boolean),
  careforall.refund_reject(uuid, text, boolean),
  careforall.refund_retry(uuid, text, boolean),
  careforall.retention_set(text, interval, text, boolean),
  careforall.reward_close(uuid, text, boolean),
  careforall.reward_create(text, text, bigint, text, text, integer, uuid),
  careforall.reward_quantity_set(uuid, integer, text, boolean),
  careforall.second_factor_policy_set(text, boolean, text, boolean),
  careforall.sessions(),
  careforall.statement_figures(),
  careforall.stats(),
  careforall.stats_reset(),
  careforall.stats_series(text, timestamptz, timestamptz, text, text),
  careforall.task_start(text, text, jsonb, text, boolean),
  careforall.task_step(),
  careforall.task_stop(uuid, text),
  careforall.totals_fold(),
  careforall.waiting_invite(uuid, text),
  careforall.waiting_remove(uuid, text, boolean),
  careforall.waiting_reveal(uuid, text)
TO careforall_admin;
GRANT SELECT ON
  careforall.activity,
  careforall.audit_overview,
  careforall.keys_status,
  careforall.logins,
  careforall.slow,
  careforall.slow_statements,
  careforall.task_outcomes,
  careforall.tasks_status
TO careforall_admin;

-- Administrators and support staff: masked personal data.
GRANT EXECUTE ON FUNCTION
  careforall.donor_shown(text, text),
  careforall.email_masked(text),
  careforall.login_key(text),
  careforall.message_shown(text, text),
  careforall.pledge_timeline(uuid),
  careforall.refund_proposal_state(careforall.refund_proposals)
TO careforall_admin, careforall_support;
GRANT SELECT ON
  careforall.accounts_overview,
  careforall.inbox_overview,
  careforall.pledge_overview,
  careforall.refund_proposals_overview,
  careforall.refund_requests_overview,
  careforall.refunds_overview,
  careforall.waiting_overview
TO careforall_admin, careforall_support;

-- Everybody who looks: no personal data.
GRANT EXECUTE ON FUNCTION
  careforall.consumers(),
  careforall.health_checks(),
  careforall.jobs(),
  careforall.limits(),
  careforall.link_lifetime(),
  careforall.metrics(),
  careforall.metrics_text(),
  careforall.outbox_partitions(),
  careforall.outbox_readers_behind(),
  careforall.relay_consumers(),
  careforall.retention_status()
TO careforall_admin, careforall_support, careforall_readonly;
GRANT SELECT ON
  careforall.campaign_overview,
  careforall.consumers_status,
  careforall.dead_letters_overview,
  careforall.fees,
  careforall.health,
  careforall.jobs_status,
  careforall.limits_status,
  careforall.migrations_status,
  careforall.news_log,
  careforall.outbox_days,
  careforall.outbox_parked_overview,
  careforall.outbox_readers_status,
  careforall.outbox_replays_status,
  careforall.outbox_status,
  careforall.pledge_summary,
  careforall.receipts_log,
  careforall.refund_limits_overview,
  careforall.retention,
  careforall.reward_overview,
  careforall.verify_status
TO careforall_admin, careforall_support, careforall_readonly;
