-- SPDX-License-Identifier: Apache-2.0
-- Last step of careforall-migrate: everything that holds no data. The extension is
-- updated, functions, views, rights and pg_cron jobs are made anew each time, in one
-- transaction that takes no lock on any table, so that who is at work goes on with the
-- old ones until all of the new ones are there. Functions and views are made as, and owned by, careforall_owner.

BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = pg_catalog, careforall, pg_temp;
SET LOCAL lock_timeout = '300ms';

ALTER EXTENSION careforall UPDATE;
\ir owner_rights.sql

SET LOCAL ROLE careforall_owner;

-- Helpers that others build on.
\ir functions/json_format.sql
\ir functions/setting_interval.sql
\ir functions/audit_add.sql
\ir functions/outbox_partitions.sql
\ir functions/retention.sql
\ir functions/account_require.sql
\ir functions/etag_require.sql
\ir functions/json_check.sql
\ir functions/csv_row.sql

-- The API's reads.
\ir functions/campaign_read.sql
\ir functions/news_consent.sql
\ir functions/pledge_link.sql
\ir functions/pledge_read.sql
\ir functions/pledge_list.sql
\ir functions/fee_cover.sql
\ir functions/ready.sql

-- The API: campaigns.
\ir functions/campaign_search.sql
\ir functions/campaign_manage.sql
\ir functions/campaign_edit.sql
\ir functions/campaign_image.sql
\ir functions/reward_edit.sql
\ir functions/update_edit.sql
\ir functions/team_edit.sql

-- The API: accounts.
\ir functions/account_read.sql
\ir functions/account_register.sql
\ir functions/account_change.sql
\ir functions/second_factor.sql
\ir functions/login.sql
\ir functions/session_refresh.sql
\ir functions/session_end.sql
\ir functions/admin_token.sql

-- The relay.
\ir functions/relay_lead.sql
\ir functions/relay_checkpoint.sql
\ir functions/outbox_replay.sql
\ir functions/relay_park.sql
\ir functions/relay_status.sql

-- The payment worker.
\ir functions/payment_read.sql
\ir functions/payment_attach.sql
\ir functions/payment_park.sql

-- The projector.
\ir functions/projector_snapshot.sql

-- Every process that follows outbox or stream.
\ir functions/consumer_control.sql

-- Administrators.
\ir functions/account_manage.sql
\ir functions/key_note.sql
\ir functions/campaign_change.sql
\ir functions/campaign_create.sql
\ir functions/campaign_copy.sql
\ir functions/reward_change.sql
\ir functions/refund_limit.sql
\ir functions/pledge_refund.sql
\ir functions/pledge_cancel.sql
\ir functions/pledge_timeline.sql
\ir functions/donor_reveal.sql
\ir functions/donor_erase.sql

-- What the API changes of pledges.
\ir functions/pledge_withdraw.sql
\ir functions/pledge_claim.sql
\ir functions/receipt_issue.sql
\ir functions/waiting_list.sql
\ir functions/waiting_manage.sql
\ir functions/refund_create.sql
\ir functions/refund_request.sql
\ir functions/refund_proposal.sql

-- Jobs.
\ir functions/holds_expire.sql
\ir functions/outbox_rotate.sql
\ir functions/outbox_reader.sql
\ir functions/purge.sql
\ir functions/verify_run.sql
\ir functions/job_run.sql
\ir functions/health_checks.sql
\ir functions/metrics_text.sql

\ir views/campaign_overview.sql
\ir views/pledge_overview.sql
\ir views/waiting_overview.sql
\ir views/news_log.sql
\ir views/receipts_log.sql
\ir views/fees.sql
\ir views/refunds_overview.sql
\ir views/limits_status.sql
\ir views/outbox_status.sql
\ir views/consumers_status.sql
\ir views/activity.sql
\ir views/accounts_overview.sql
\ir views/health.sql
\ir views/keys_status.sql
\ir views/migrations_status.sql
\ir views/retention.sql
\ir views/tasks_status.sql

-- Administrators through the API; built on all of the above.
\ir functions/pledge_search.sql
\ir functions/admin_pledges.sql
\ir functions/admin_payments.sql
\ir functions/admin_outbox.sql
\ir functions/admin_state.sql
\ir functions/audit_export.sql
\ir functions/task_create.sql
\ir functions/task_work.sql
\ir functions/task_read.sql
\ir functions/stats_series.sql

-- What these files do not make any more.
\ir leftovers.sql

RESET ROLE;

\ir statements.sql
\ir grants.sql
\ir cron.sql

COMMIT;
