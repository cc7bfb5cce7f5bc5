/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pg_statements.c: the SQL that the API speaks. It has the right to call
 * functions only, no table.
 */
#include "adapters/pg_statements.h"

const CfaPgStatementDef cfa_pg_statements[CFA_PG_STATEMENT_COUNT] = {
	[CFA_PG_READY] =
		{"ready",
		 "SELECT r.in_recovery, r.schema_version FROM careforall.ready() r"},
	[CFA_PG_CAMPAIGN_FIND] =
		{"campaign_find",
		 "SELECT f.etag, f.doc FROM careforall.campaign_find($1::text) f"},
	[CFA_PG_CAMPAIGN_LIST] =
		{"campaign_list",
		 "SELECT l.id, l.doc, (extract(epoch FROM l.created_at) * 1000)::bigint "
		 "FROM careforall.campaign_list(to_timestamp($1::bigint / 1000.0), "
		 "$2::uuid, $3::int) l"},
	[CFA_PG_CAMPAIGN_GIFTS] =
		{"campaign_gifts",
		 "SELECT g.gift, g.pledge_id FROM "
		 "careforall.campaign_gifts($1::uuid, $2::uuid, $3::int) g"},
	[CFA_PG_PLEDGE_READ] = {"pledge_read",
							"SELECT careforall.pledge_public($1::uuid)"},
	[CFA_PG_PLEDGE_CREATE_MANY] =
		{"pledge_create_many",
		 "SELECT c.item, c.outcome, c.pledge_id, c.state, c.version, "
		 "c.amount_minor, c.fee_minor, c.currency::text, c.hold_expires_at, "
		 "c.created_at, c.detail, f.totals_minor[c.item] IS NULL, "
		 "CASE WHEN c.outcome = 'created' AND ($15::text[])[c.item] IS NOT "
		 "NULL THEN careforall.news_consent_give(c.pledge_id, "
		 "($15::text[])[c.item]::jsonb) END "
		 "FROM careforall.fee_cover_many($2::bigint[], $3::text[], "
		 "$13::bool[]) f, LATERAL "
		 "careforall.pledge_create_many($1::uuid[], f.totals_minor, "
		 "$3::text[], $4::text[], $5::text[], $6::uuid[], $7::int[], "
		 "$8::text[], $9::text[], $10::bytea[], $11::bytea[], $12::text[], "
		 "f.fees_minor, $14::uuid[]) c"},
	[CFA_PG_PAYMENT_EVENT_APPLY_MANY] =
		{"payment_event_apply_many",
		 "SELECT a.item, a.outcome, a.pledge_id, a.state, a.version FROM "
		 "careforall.payment_event_apply_many($1::text[], $2::text[], "
		 "$3::text[], $4::text[], $5::uuid[], $6::uuid[], $7::bigint[], "
		 "$8::text[], $9::text[], $10::json[], $11::text[]) a"},
	[CFA_PG_SESSION_FIND] =
		{"session_find",
		 "SELECT f.account_id, f.role FROM careforall.session_find($1::uuid) f"},
	[CFA_PG_SESSION_REFRESH] =
		{"session_refresh",
		 "SELECT r.outcome, r.account_id, r.session_id, r.max_age_s, r.doc FROM "
		 "careforall.session_refresh($1::bytea, $2::bytea) r"},
	[CFA_PG_LOGIN_BEGIN] =
		{"login_begin",
		 "SELECT b.retry_after_s, b.account_id, b.password_hash, b.pepper_id, "
		 "encode(b.sealed, 'hex'), b.key_id "
		 "FROM careforall.login_begin($1::text) b"},
	[CFA_PG_LOGIN_FINISH] =
		{"login_finish",
		 "SELECT f.account_id, f.session_id, f.max_age_s, f.doc FROM "
		 "careforall.login_finish($1::uuid, $2::text, $3::text, $4::text, "
		 "$5::bytea, $6::text, $7::bigint, $8::bytea) f"},
	[CFA_PG_SESSION_NAME] =
		{"session_name",
		 "SELECT pg_catalog.set_config('application_name', $1, true)"},
};
