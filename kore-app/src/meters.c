/* SPDX-License-Identifier: Apache-2.0 */
/*
 * meters.c: the series of careforall-api beside those of the core.
 */
#include "meters.h"

static const double statement_bounds[] =
	{0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10};
static const double batch_bounds[] = {1, 2, 4, 8, 16, 32, 64};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define AT(meter) [(meter) -CFA_M_APP]

/* clang-format off */
#define PG_ERRORS "careforall_pg_errors_total"
#define PG_ERRORS_HELP "Statements that failed, by class."
#define BATCH_SIZE "careforall_batch_size"
#define BATCH_SIZE_HELP "Items sent to PostgreSQL in one call."
#define READS "careforall_reads_total"
#define READS_HELP "Campaign reads by where they were answered from."
#define PLEDGES "careforall_pledge_requests_total"
#define PLEDGES_HELP "Pledge requests by outcome."
#define WEBHOOKS "careforall_webhook_events_total"
#define WEBHOOKS_HELP "Provider events received by outcome."
#define ACCESS "careforall_access_total"
#define ACCESS_HELP "Requests to routes that want an account, by what their credentials were worth."
#define LOGINS "careforall_logins_total"
#define LOGINS_HELP "Log-ins by outcome."
#define REFRESHES "careforall_refreshes_total"
#define REFRESHES_HELP "Uses of refresh tokens by outcome."
#define LIVE_DROPPED "careforall_live_dropped_total"
#define LIVE_DROPPED_HELP "Live connections dropped: the client read too slowly, or was dead."
#define DECISIONS "careforall_rate_limit_decisions_total"
#define DECISIONS_HELP "Decisions of the rate limiter; alone and passed are those without Redis."
#define LIVE_REFUSED "careforall_live_refused_total"
#define LIVE_REFUSED_HELP "Live connections refused, by reason."

const CfaMeterDef cfa_api_meters[CFA_M_API_END - CFA_M_APP] = {
	AT(CFA_M_PG_UP) = {"careforall_pg_connections_up", NULL, "PostgreSQL connections that are ready.", CFA_METER_GAUGE},
	AT(CFA_M_PG_QUEUE) = {"careforall_pg_queue", NULL, "Statements and batch items that wait for a connection.", CFA_METER_GAUGE},
	AT(CFA_M_PG_STATEMENT_SECONDS) = {"careforall_db_client_operation_duration_seconds", NULL, "Time from sending a statement to its result.", CFA_METER_HISTOGRAM, statement_bounds, COUNT(statement_bounds), 1e-6},
	AT(CFA_M_PG_ERRORS_CONNECTION) = {PG_ERRORS, "class=\"connection\"", PG_ERRORS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_PG_ERRORS_DEADLINE) = {PG_ERRORS, "class=\"deadline\"", PG_ERRORS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_PG_ERRORS_RETRYABLE) = {PG_ERRORS, "class=\"retryable\"", PG_ERRORS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_PG_ERRORS_OTHER) = {PG_ERRORS, "class=\"other\"", PG_ERRORS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_PG_RECONNECTS) = {"careforall_pg_connects_total", NULL, "Attempts to connect to PostgreSQL.", CFA_METER_COUNTER},
	AT(CFA_M_PG_DROPPED_HUNG) = {"careforall_pg_connections_dropped_total", NULL, "Connections given up because the server did not answer in time.", CFA_METER_COUNTER},
	AT(CFA_M_BATCH_SIZE_PLEDGES) = {BATCH_SIZE, "batch=\"pledges\"", BATCH_SIZE_HELP, CFA_METER_HISTOGRAM, batch_bounds, COUNT(batch_bounds), 1},
	AT(CFA_M_BATCH_SIZE_EVENTS) = {BATCH_SIZE, "batch=\"payment_events\"", BATCH_SIZE_HELP, CFA_METER_HISTOGRAM, batch_bounds, COUNT(batch_bounds), 1},
	AT(CFA_M_BATCH_RETRIES) = {"careforall_batch_retries_total", NULL, "Batch items sent again after a lost connection or a conflict.", CFA_METER_COUNTER},
	AT(CFA_M_BATCH_SPLITS) = {"careforall_batch_splits_total", NULL, "Batches run again one by one after an unexpected error.", CFA_METER_COUNTER},
	AT(CFA_M_REDIS_UP) = {"careforall_redis_connections_up", NULL, "Redis connections that are ready for commands.", CFA_METER_GAUGE},
	AT(CFA_M_REDIS_SUBSCRIBED) = {"careforall_redis_subscribed", NULL, "Redis connections that are subscribed to live frames.", CFA_METER_GAUGE},
	AT(CFA_M_REDIS_ERRORS) = {"careforall_redis_errors_total", NULL, "Redis commands that failed.", CFA_METER_COUNTER},
	AT(CFA_M_REDIS_DEADLINES) = {"careforall_redis_deadlines_total", NULL, "Times that Redis did not answer in time and was given up.", CFA_METER_COUNTER},
	AT(CFA_M_READS_REDIS) = {READS, "source=\"redis\"", READS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_READS_POSTGRES) = {READS, "source=\"postgres\"", READS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_PLEDGE_CREATED) = {PLEDGES, "outcome=\"created\"", PLEDGES_HELP, CFA_METER_COUNTER},
	AT(CFA_M_PLEDGE_REPLAYED) = {PLEDGES, "outcome=\"replayed\"", PLEDGES_HELP, CFA_METER_COUNTER},
	AT(CFA_M_PLEDGE_KEY_REUSED) = {PLEDGES, "outcome=\"key_reused\"", PLEDGES_HELP, CFA_METER_COUNTER},
	AT(CFA_M_PLEDGE_IN_PROGRESS) = {PLEDGES, "outcome=\"in_progress\"", PLEDGES_HELP, CFA_METER_COUNTER},
	AT(CFA_M_PLEDGE_CAMPAIGN) = {PLEDGES, "outcome=\"campaign_refused\"", PLEDGES_HELP, CFA_METER_COUNTER},
	AT(CFA_M_PLEDGE_LIMIT) = {PLEDGES, "outcome=\"limit_reached\"", PLEDGES_HELP, CFA_METER_COUNTER},
	AT(CFA_M_PLEDGE_REWARD) = {PLEDGES, "outcome=\"reward_unknown\"", PLEDGES_HELP, CFA_METER_COUNTER},
	AT(CFA_M_PLEDGE_AMOUNT) = {PLEDGES, "outcome=\"amount_refused\"", PLEDGES_HELP, CFA_METER_COUNTER},
	AT(CFA_M_PLEDGE_CURRENCY) = {PLEDGES, "outcome=\"currency_refused\"", PLEDGES_HELP, CFA_METER_COUNTER},
	AT(CFA_M_PLEDGE_FIELDS) = {PLEDGES, "outcome=\"validation_failed\"", PLEDGES_HELP, CFA_METER_COUNTER},
	AT(CFA_M_PLEDGE_FAILED) = {PLEDGES, "outcome=\"failed\"", PLEDGES_HELP, CFA_METER_COUNTER},
	AT(CFA_M_PLEDGE_BAD_BODY) = {PLEDGES, "outcome=\"invalid_json\"", PLEDGES_HELP, CFA_METER_COUNTER},
	AT(CFA_M_PLEDGE_BAD_KEY) = {PLEDGES, "outcome=\"key_invalid\"", PLEDGES_HELP, CFA_METER_COUNTER},
	AT(CFA_M_EXPORTS_OPEN) = {"careforall_exports_open", NULL, "Exports that are being sent while they are read.", CFA_METER_GAUGE},
	AT(CFA_M_EXPORT_ROWS) = {"careforall_export_rows_total", NULL, "Rows of exports that were sent while they were read.", CFA_METER_COUNTER},
	AT(CFA_M_DOWNLOADS_OPEN) = {"careforall_downloads_open", NULL, "Files of exports that are being sent.", CFA_METER_GAUGE},
	AT(CFA_M_DOWNLOAD_BYTES) = {"careforall_download_bytes_total", NULL, "Bytes of files of exports that were sent.", CFA_METER_COUNTER},
	AT(CFA_M_WEBHOOK_APPLIED) = {WEBHOOKS, "outcome=\"applied\"", WEBHOOKS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_WEBHOOK_DUPLICATE) = {WEBHOOKS, "outcome=\"duplicate\"", WEBHOOKS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_WEBHOOK_STALE) = {WEBHOOKS, "outcome=\"stale\"", WEBHOOKS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_WEBHOOK_LATE) = {WEBHOOKS, "outcome=\"late\"", WEBHOOKS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_WEBHOOK_ATTEMPT) = {WEBHOOKS, "outcome=\"attempt\"", WEBHOOKS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_WEBHOOK_IGNORED) = {WEBHOOKS, "outcome=\"ignored\"", WEBHOOKS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_WEBHOOK_UNKNOWN) = {WEBHOOKS, "outcome=\"unknown\"", WEBHOOKS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_WEBHOOK_MISMATCH) = {WEBHOOKS, "outcome=\"mismatch\"", WEBHOOKS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_WEBHOOK_FORGED) = {WEBHOOKS, "outcome=\"forged\"", WEBHOOKS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_WEBHOOK_EXPIRED) = {WEBHOOKS, "outcome=\"expired\"", WEBHOOKS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_WEBHOOK_MALFORMED) = {WEBHOOKS, "outcome=\"malformed\"", WEBHOOKS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_WEBHOOK_FAILED) = {WEBHOOKS, "outcome=\"failed\"", WEBHOOKS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIMIT + 0) = {DECISIONS, "class=\"read\",outcome=\"allowed\"", DECISIONS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIMIT + 1) = {DECISIONS, "class=\"read\",outcome=\"refused\"", DECISIONS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIMIT + 2) = {DECISIONS, "class=\"read\",outcome=\"allowed_alone\"", DECISIONS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIMIT + 3) = {DECISIONS, "class=\"read\",outcome=\"refused_alone\"", DECISIONS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIMIT + 4) = {DECISIONS, "class=\"read\",outcome=\"passed\"", DECISIONS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIMIT + 5) = {DECISIONS, "class=\"write\",outcome=\"allowed\"", DECISIONS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIMIT + 6) = {DECISIONS, "class=\"write\",outcome=\"refused\"", DECISIONS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIMIT + 7) = {DECISIONS, "class=\"write\",outcome=\"allowed_alone\"", DECISIONS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIMIT + 8) = {DECISIONS, "class=\"write\",outcome=\"refused_alone\"", DECISIONS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIMIT + 9) = {DECISIONS, "class=\"write\",outcome=\"passed\"", DECISIONS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIMIT + 10) = {DECISIONS, "class=\"pledge\",outcome=\"allowed\"", DECISIONS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIMIT + 11) = {DECISIONS, "class=\"pledge\",outcome=\"refused\"", DECISIONS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIMIT + 12) = {DECISIONS, "class=\"pledge\",outcome=\"allowed_alone\"", DECISIONS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIMIT + 13) = {DECISIONS, "class=\"pledge\",outcome=\"refused_alone\"", DECISIONS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIMIT + 14) = {DECISIONS, "class=\"pledge\",outcome=\"passed\"", DECISIONS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIMIT + 15) = {DECISIONS, "class=\"login\",outcome=\"allowed\"", DECISIONS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIMIT + 16) = {DECISIONS, "class=\"login\",outcome=\"refused\"", DECISIONS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIMIT + 17) = {DECISIONS, "class=\"login\",outcome=\"allowed_alone\"", DECISIONS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIMIT + 18) = {DECISIONS, "class=\"login\",outcome=\"refused_alone\"", DECISIONS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIMIT + 19) = {DECISIONS, "class=\"login\",outcome=\"passed\"", DECISIONS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIMIT + 20) = {DECISIONS, "class=\"export\",outcome=\"allowed\"", DECISIONS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIMIT + 21) = {DECISIONS, "class=\"export\",outcome=\"refused\"", DECISIONS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIMIT + 22) = {DECISIONS, "class=\"export\",outcome=\"allowed_alone\"", DECISIONS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIMIT + 23) = {DECISIONS, "class=\"export\",outcome=\"refused_alone\"", DECISIONS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIMIT + 24) = {DECISIONS, "class=\"export\",outcome=\"passed\"", DECISIONS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIMIT + 25) = {DECISIONS, "class=\"live\",outcome=\"allowed\"", DECISIONS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIMIT + 26) = {DECISIONS, "class=\"live\",outcome=\"refused\"", DECISIONS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIMIT + 27) = {DECISIONS, "class=\"live\",outcome=\"allowed_alone\"", DECISIONS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIMIT + 28) = {DECISIONS, "class=\"live\",outcome=\"refused_alone\"", DECISIONS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIMIT + 29) = {DECISIONS, "class=\"live\",outcome=\"passed\"", DECISIONS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIMIT + 30) = {DECISIONS, "class=\"webhook\",outcome=\"allowed\"", DECISIONS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIMIT + 31) = {DECISIONS, "class=\"webhook\",outcome=\"refused\"", DECISIONS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIMIT + 32) = {DECISIONS, "class=\"webhook\",outcome=\"allowed_alone\"", DECISIONS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIMIT + 33) = {DECISIONS, "class=\"webhook\",outcome=\"refused_alone\"", DECISIONS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIMIT + 34) = {DECISIONS, "class=\"webhook\",outcome=\"passed\"", DECISIONS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIMIT + 35) = {DECISIONS, "class=\"preflight\",outcome=\"allowed\"", DECISIONS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIMIT + 36) = {DECISIONS, "class=\"preflight\",outcome=\"refused\"", DECISIONS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIMIT + 37) = {DECISIONS, "class=\"preflight\",outcome=\"allowed_alone\"", DECISIONS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIMIT + 38) = {DECISIONS, "class=\"preflight\",outcome=\"refused_alone\"", DECISIONS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIMIT + 39) = {DECISIONS, "class=\"preflight\",outcome=\"passed\"", DECISIONS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIMIT_LATE) = {"careforall_rate_limit_late_total", NULL, "Times that Redis did not answer the rate limiter in time.", CFA_METER_COUNTER},
	AT(CFA_M_LIVE_SOCKETS) = {"careforall_live_sockets", NULL, "Open live connections.", CFA_METER_GAUGE},
	AT(CFA_M_LIVE_SUBSCRIPTIONS) = {"careforall_live_subscriptions", NULL, "Subscriptions of live connections.", CFA_METER_GAUGE},
	AT(CFA_M_LIVE_FRAMES) = {"careforall_live_frames_total", NULL, "Frames sent to live connections.", CFA_METER_COUNTER},
	AT(CFA_M_LIVE_RESUMES) = {"careforall_live_resumes_total", NULL, "Subscriptions that went on after a sequence.", CFA_METER_COUNTER},
	AT(CFA_M_LIVE_RESETS) = {"careforall_live_resets_total", NULL, "Reset frames sent because of a gap.", CFA_METER_COUNTER},
	AT(CFA_M_LIVE_DROPPED_SLOW) = {LIVE_DROPPED, "reason=\"slow\"", LIVE_DROPPED_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIVE_DROPPED_DEAD) = {LIVE_DROPPED, "reason=\"dead\"", LIVE_DROPPED_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIVE_REFUSED_ORIGIN) = {LIVE_REFUSED, "reason=\"origin\"", LIVE_REFUSED_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIVE_REFUSED_FULL) = {LIVE_REFUSED, "reason=\"full\"", LIVE_REFUSED_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIVE_REFUSED_TOKEN) = {LIVE_REFUSED, "reason=\"token\"", LIVE_REFUSED_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIVE_REFUSED_ADDRESS) = {LIVE_REFUSED, "reason=\"address\"", LIVE_REFUSED_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LIVE_BAD_MESSAGES) = {"careforall_live_bad_messages_total", NULL, "Messages of live connections that were refused.", CFA_METER_COUNTER},
	AT(CFA_M_AUTH_ACCEPTED) = {ACCESS, "outcome=\"accepted\"", ACCESS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_AUTH_NO_TOKEN) = {ACCESS, "outcome=\"no_token\"", ACCESS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_AUTH_MALFORMED) = {ACCESS, "outcome=\"malformed\"", ACCESS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_AUTH_BAD_TOKEN) = {ACCESS, "outcome=\"bad_token\"", ACCESS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_AUTH_EXPIRED) = {ACCESS, "outcome=\"expired\"", ACCESS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_AUTH_ENDED) = {ACCESS, "outcome=\"session_over\"", ACCESS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_AUTH_FORBIDDEN) = {ACCESS, "outcome=\"forbidden\"", ACCESS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_AUTH_ORIGIN) = {ACCESS, "outcome=\"origin_refused\"", ACCESS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LOGIN_OK) = {LOGINS, "outcome=\"ok\"", LOGINS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LOGIN_WRONG) = {LOGINS, "outcome=\"wrong\"", LOGINS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LOGIN_SLOWED) = {LOGINS, "outcome=\"slowed\"", LOGINS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_LOGIN_OVERLOADED) = {LOGINS, "outcome=\"overloaded\"", LOGINS_HELP, CFA_METER_COUNTER},
	AT(CFA_M_REFRESH_REFRESHED) = {REFRESHES, "outcome=\"refreshed\"", REFRESHES_HELP, CFA_METER_COUNTER},
	AT(CFA_M_REFRESH_FORGIVEN) = {REFRESHES, "outcome=\"forgiven\"", REFRESHES_HELP, CFA_METER_COUNTER},
	AT(CFA_M_REFRESH_REUSED) = {REFRESHES, "outcome=\"reused\"", REFRESHES_HELP, CFA_METER_COUNTER},
	AT(CFA_M_REFRESH_REFUSED) = {REFRESHES, "outcome=\"refused\"", REFRESHES_HELP, CFA_METER_COUNTER},
	AT(CFA_M_PASSWORD_JOBS) = {"careforall_password_jobs", NULL, "Password hashes that are computed or wait.", CFA_METER_GAUGE},
	AT(CFA_M_PASSWORD_REFUSED) = {"careforall_password_jobs_refused_total", NULL, "Password hashes refused because too many waited.", CFA_METER_COUNTER},
	AT(CFA_M_PASSWORD_WAIT_SECONDS) = {"careforall_password_wait_seconds", NULL, "Time that a password hash waited for a thread.", CFA_METER_HISTOGRAM, statement_bounds, COUNT(statement_bounds), 1e-6},
	AT(CFA_M_PASSWORD_SECONDS) = {"careforall_password_hash_seconds", NULL, "Time that password hashes took, with what waited for the loop.", CFA_METER_HISTOGRAM, statement_bounds, COUNT(statement_bounds), 1e-6},
	AT(CFA_M_RECEIPTS_REFUSED) = {"careforall_receipts_refused_total", NULL, "Receipts refused because too many waited.", CFA_METER_COUNTER},
	AT(CFA_M_RECEIPT_SECONDS) = {"careforall_receipt_seconds", NULL, "Time that receipts took to be written, with what they waited for a thread.", CFA_METER_HISTOGRAM, statement_bounds, COUNT(statement_bounds), 1e-6},
};
/* clang-format on */
