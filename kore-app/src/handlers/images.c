/* SPDX-License-Identifier: Apache-2.0 */
/*
 * images.c: cover images: uploads, and the bytes for everybody.
 *
 * What is stored is what cfa_image_read() found, never what a header says. An
 * address holds the hash of the bytes, so an answer is right for ever.
 */
#include "handlers/images.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "handlers/call.h"
#include "handlers/image.h"
#include "middleware/headers.h"

#define TYPES "image/jpeg, image/png, image/webp"
#define HASH_LEN 64

static bool read_upload(CfaCtx *ctx, CfaImage *image);
static void refuse_image(CfaCtx *ctx, CfaImageResult result);
static const char *type_of_name(const char *name);
static void on_bytes(void *arg, const PGresult *result, const char *sqlstate);
static void answer_bytes(CfaCtx *ctx, const PGresult *result);

void
api_image_put(CfaCtx *ctx)
{
	static const CfaCall call =
		{.sql = "SELECT r.doc, r.etag, r.location, CASE WHEN r.is_created "
				"THEN 201 ELSE 200 END FROM careforall.campaign_image_set("
				"$1::uuid, $2::text, $3::text, $4::boolean, $5::text, $6::int, "
				"$7::int, $8::bytea) r",
		 .status = 200};
	const char *none_match = cfa_ctx_header(ctx, "if-none-match");
	bool is_new = none_match != NULL && strcmp(none_match, "*") == 0;
	char width[12];
	char height[12];
	CfaPgParams params = {.count = 8,
						  .values = {ctx->principal.account_id,
									 cfa_ctx_param(ctx, "id"),
									 NULL,
									 is_new ? "true" : "false",
									 NULL,
									 width,
									 height}};
	CfaImage image;
	size_t len;

	if (!read_upload(ctx, &image))
		return;
	if (!is_new)
	{
		params.values[2] = cfa_call_if_match(ctx);
		if (params.values[2] == NULL)
			return;
	}
	(void) snprintf(width, sizeof(width), "%u", image.width);
	(void) snprintf(height, sizeof(height), "%u", image.height);
	params.values[4] = cfa_image_media_type(image.type);
	params.values[7] = (const char *) cfa_ctx_body(ctx, &len);
	params.lengths[7] = (int) len;
	params.formats[7] = 1;
	cfa_call(ctx, &call, &params);
}

void
api_image_remove(CfaCtx *ctx)
{
	static const CfaCall call =
		{.sql = "SELECT r.doc, r.etag FROM careforall.campaign_image_remove("
				"$1::uuid, $2::text, $3::text) r",
		 .status = 204};
	CfaPgParams params = {.count = 3,
						  .values = {ctx->principal.account_id,
									 cfa_ctx_param(ctx, "id"),
									 cfa_call_if_match(ctx)}};

	if (params.values[2] != NULL)
		cfa_call(ctx, &call, &params);
}

void
api_image_read(CfaCtx *ctx)
{
	static const char sql[] =
		"SELECT r.media_type, r.bytes FROM careforall.image_find($1::text) r";
	const char *name = cfa_ctx_param(ctx, "name");
	const char *type = type_of_name(name);
	CfaPgParams params = {.count = 1, .values = {name}};

	if (type == NULL)
	{
		cfa_answer_problem(ctx, CFA_PROBLEM_NOT_FOUND, NULL);
		return;
	}
	if (!cfa_accepts(cfa_ctx_header(ctx, "accept"), type))
	{
		cfa_answer_problem(ctx,
						   CFA_PROBLEM_NOT_ACCEPTABLE,
						   "The answer can only be %s.",
						   type);
		return;
	}
	cfa_ctx_hold(ctx);
	cfa_pg_call(sql, &params, on_bytes, ctx);
}

/* Reads the image of a request. False after a problem was answered. */
static bool
read_upload(CfaCtx *ctx, CfaImage *image)
{
	static const CfaImageType types[] = {CFA_IMAGE_JPEG,
										 CFA_IMAGE_PNG,
										 CFA_IMAGE_WEBP};
	const char *sent = cfa_ctx_header(ctx, "content-type");
	bool is_declared = false;
	CfaImageResult result;
	size_t len;
	const uint8_t *body = cfa_ctx_body(ctx, &len);
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		is_declared = is_declared ||
					  cfa_media_type_is(sent, cfa_image_media_type(types[i]));
	if (!is_declared || cfa_ctx_header_count(ctx, "content-type") != 1 ||
		cfa_ctx_header_count(ctx, "content-encoding") != 0)
	{
		cfa_answer_problem(ctx,
						   CFA_PROBLEM_UNSUPPORTED_MEDIA_TYPE,
						   "The body must be one of " TYPES
						   ", and its Content-Type must say which.");
		return false;
	}
	result = cfa_image_read(body, len, image);
	if (result != CFA_IMAGE_OK)
	{
		refuse_image(ctx, result);
		return false;
	}
	if (cfa_media_type_is(sent, cfa_image_media_type(image->type)))
		return true;
	cfa_answer_problem(ctx,
					   CFA_PROBLEM_UNSUPPORTED_MEDIA_TYPE,
					   "The body is %s, but its Content-Type says something "
					   "else.",
					   cfa_image_media_type(image->type));
	return false;
}

static void
refuse_image(CfaCtx *ctx, CfaImageResult result)
{
	const char *code = NULL;
	const char *detail = NULL;

	switch (result)
	{
		case CFA_IMAGE_OK:
			return;
		case CFA_IMAGE_UNKNOWN:
			code = "not_an_image";
			detail = "The body is no JPEG, PNG or WebP.";
			break;
		case CFA_IMAGE_BROKEN:
			code = "broken_image";
			detail = "The image is damaged or not complete.";
			break;
		case CFA_IMAGE_TRAILING:
			code = "trailing_data";
			detail = "Something follows the end of the image.";
			break;
		case CFA_IMAGE_ANIMATED:
			code = "animated_image";
			detail = "The image must not move.";
			break;
		case CFA_IMAGE_TOO_LARGE:
			code = "dimensions_out_of_range";
			detail = "Each side must have 1 to 8192 pixels, and all 40 million "
					 "at most.";
			break;
	}
	cfa_answer_problem_with(
		ctx,
		CFA_PROBLEM_VALIDATION_FAILED,
		cfa_arena_printf(&ctx->arena,
						 ",\"errors\":[{\"pointer\":\"\",\"code\":\"%s\","
						 "\"detail\":\"%s\"}]",
						 code,
						 detail),
		"%s",
		detail);
}

/* The media type of "<64 hexadecimal digits>.<suffix>", or NULL. */
static const char *
type_of_name(const char *name)
{
	if (strspn(name, "0123456789abcdef") != HASH_LEN)
		return NULL;
	if (strcmp(name + HASH_LEN, ".jpg") == 0)
		return "image/jpeg";
	if (strcmp(name + HASH_LEN, ".png") == 0)
		return "image/png";
	return strcmp(name + HASH_LEN, ".webp") == 0 ? "image/webp" : NULL;
}

static void
on_bytes(void *arg, const PGresult *result, const char *sqlstate)
{
	CfaCtx *ctx = arg;

	if (result == NULL)
		cfa_answer_sqlstate(ctx, sqlstate);
	else if (PQntuples(result) == 0)
		cfa_answer_problem(ctx, CFA_PROBLEM_NOT_FOUND, NULL);
	else
		answer_bytes(ctx, result);
	cfa_ctx_release(ctx);
}

/* The bytes come as the text \x and two digits each. */
static void
answer_bytes(CfaCtx *ctx, const PGresult *result)
{
	const char *name = cfa_ctx_param(ctx, "name");
	const char *hex = PQgetvalue(result, 0, 1);
	size_t hex_len = (size_t) PQgetlength(result, 0, 1);
	const char *etag =
		cfa_arena_printf(&ctx->arena, "\"%.*s\"", HASH_LEN, name);
	unsigned char *bytes;
	size_t len = 0;

	ctx->cache_control = "public, max-age=31536000, immutable";
	cfa_answer_header(ctx, "etag", etag);
	if (cfa_etag_listed(cfa_ctx_header(ctx, "if-none-match"), etag))
	{
		cfa_answer_empty(ctx, 304);
		return;
	}
	bytes = cfa_arena_alloc(&ctx->arena, hex_len / 2);
	if (hex_len < 2 ||
		sodium_hex2bin(
			bytes, hex_len / 2, hex + 2, hex_len - 2, NULL, &len, NULL) != 0)
		cfa_answer_problem(ctx, CFA_PROBLEM_INTERNAL, NULL);
	else
		cfa_answer(ctx, 200, type_of_name(name), (const char *) bytes, len);
}
