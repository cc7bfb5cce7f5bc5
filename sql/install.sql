-- SPDX-License-Identifier: Apache-2.0
-- Installs everything into the current database, or brings it up to date:
--
--   psql -d careforall -f sql/install.sql
--
-- Needs a superuser, and careforall in shared_preload_libraries. All is one
-- transaction: it is installed whole or not at all. Installing again changes
-- nothing. Everything but roles, extensions and pg_cron jobs is made as, and owned
-- by, careforall_owner.

\set ON_ERROR_STOP on
\set QUIET on

BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = pg_catalog, careforall, pg_temp;
SELECT pg_advisory_xact_lock(hashtext('careforall.install')) IS NULL AS waited \gset

\ir roles.sql

CREATE SCHEMA IF NOT EXISTS careforall AUTHORIZATION careforall_owner;
CREATE EXTENSION IF NOT EXISTS careforall SCHEMA careforall;
ALTER EXTENSION careforall UPDATE;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA careforall TO careforall_owner;

SET LOCAL ROLE careforall_owner;

\ir schema/000_schema_info.sql
\ir migrate.sql
\ir schema/008_accounts.sql
\ir schema/010_campaigns.sql
\ir schema/015_campaign_search.sql
\ir schema/016_campaign_images.sql
\ir schema/017_campaign_updates.sql
\ir schema/020_pledges.sql
\ir schema/025_fees.sql
\ir schema/028_refund_requests.sql
\ir schema/030_totals.sql
\ir schema/040_outbox.sql
\ir schema/050_inbox.sql
-- The relay's tables.
\ir schema/060_relay.sql
\ir schema/062_replays.sql
\ir schema/064_readers.sql
-- The payment worker's tables.
\ir schema/065_payments.sql
\ir schema/067_consumers.sql
\ir schema/070_audit.sql
\ir schema/075_verify_results.sql
\ir schema/078_job_runs.sql
-- The extension's triggers: after every table.
\ir schema/080_triggers.sql

-- Helpers that others build on.
\ir functions/json_format.sql
\ir functions/setting_interval.sql
\ir functions/audit_add.sql
\ir functions/account_require.sql
\ir functions/etag_require.sql
\ir functions/json_check.sql

-- The API's reads.
\ir functions/campaign_read.sql
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
\ir functions/campaign_change.sql
\ir functions/campaign_create.sql
\ir functions/reward_change.sql
\ir functions/pledge_refund.sql
\ir functions/pledge_cancel.sql
\ir functions/pledge_timeline.sql
\ir functions/donor_reveal.sql
\ir functions/donor_erase.sql

-- What the API changes of pledges.
\ir functions/pledge_withdraw.sql
\ir functions/refund_create.sql
\ir functions/refund_request.sql

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
\ir views/fees.sql
\ir views/refunds_overview.sql
\ir views/limits_status.sql
\ir views/outbox_status.sql
\ir views/consumers_status.sql
\ir views/activity.sql
\ir views/accounts_overview.sql
\ir views/health.sql

-- Administrators through the API; built on all of the above.
\ir functions/pledge_search.sql
\ir functions/admin_pledges.sql
\ir functions/admin_payments.sql
\ir functions/admin_outbox.sql
\ir functions/admin_state.sql
\ir functions/stats_series.sql

RESET ROLE;

\ir statements.sql
\ir grants.sql
\ir cron.sql

-- The outbox needs today's partition before the first pledge.
SELECT count(*) AS rotated FROM careforall.job_run('outbox_rotate') \gset

COMMIT;
