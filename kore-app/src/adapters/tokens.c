/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tokens.c: access tokens, as JSON Web Tokens signed with ES256.
 *
 * A token is taken only in the one form that is issued here: compact, header
 * members alg, typ and kid, the eight claims below, nothing else. So there is
 * nothing to negotiate: no other algorithm, no key that comes with the token, no
 * extension. kid only selects among the keys of the settings.
 *
 * What was verified is remembered by hash for the token's life, since the same
 * token comes with each request of a page: a signature costs as much as the
 * rest of a small request.
 *
 * Pure but for its keys and that memory; the private keys never leave this file.
 */
#include "adapters/tokens.h"

#include <jansson.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include <careforall/buf.h>
#include <careforall/text.h>

#define SCALAR_SIZE 32
#define POINT_SIZE 65 /* 0x04, x, y */
#define SIGNATURE_SIZE 64
#define KID_LEN 43
#define TYPE "at+jwt"
#define CACHE_SIZE 1024
#define JSON_DEPTH_MAX 2

typedef struct Key
{
	EVP_PKEY *pkey;
	char kid[KID_LEN + 1]; /* thumbprint by RFC 7638 */
	char x[KID_LEN + 1];
	char y[KID_LEN + 1];
} Key;

typedef struct Verified
{
	uint8_t hash[32]; /* of the token */
	CfaTokenClaims claims;
} Verified;

/* The three parts of a compact token. */
typedef struct Parts
{
	const char *at[3];
	size_t len[3];
	size_t signed_len; /* of the first two and the dot between */
} Parts;

static Key keys[CFA_TOKENS_KEYS_MAX];
static size_t key_count;
static const char *issuer;
static Verified cache[CACHE_SIZE];
static CfaBuf jwks;
static char jwks_etag[40];

static bool read_key(const char *hex, size_t len, Key *key);
static bool make_pkey(const uint8_t scalar[SCALAR_SIZE], Key *key);
static bool public_point(const EC_GROUP *group, const BIGNUM *scalar,
						 uint8_t out[POINT_SIZE]);
static EVP_PKEY *pkey_from(const BIGNUM *scalar,
						   const uint8_t point[POINT_SIZE]);
static void describe_key(const uint8_t point[POINT_SIZE], Key *key);
static void write_jwks(void);
static bool sign(const Key *key, const char *text, size_t len,
				 uint8_t out[SIGNATURE_SIZE]);
static bool verify(const Key *key, const char *text, size_t len,
				   const uint8_t signature[SIGNATURE_SIZE]);
static bool split(const char *token, size_t len, Parts *parts);
static json_t *read_part(const Parts *parts, int index, size_t members);
static const Key *find_key(const Parts *parts, CfaTokenVerdict *verdict);
static CfaTokenVerdict read_claims(json_t *json, int64_t now_s,
								   CfaTokenClaims *claims);
static CfaTokenVerdict judge_time(json_t *json, int64_t now_s);
static bool is_uuid(json_t *value, char out[CFA_UUID_TEXT_LEN + 1]);
static bool text_is(json_t *json, const char *name, const char *text);
static void add_base64(CfaBuf *buf, const void *data, size_t len);
static void encode(const void *data, size_t len, char *out, size_t size);

int
cfa_tokens_configure(const char *list, const char *name, char *error,
					 size_t error_size)
{
	const char *at = list;

	key_count = 0;
	issuer = name;
	if (strlen(name) > CFA_TOKENS_ISSUER_MAX)
	{
		(void) snprintf(error, error_size, "the issuer is too long");
		return -1;
	}
	do
	{
		size_t len = strcspn(at, ",");

		if (key_count == CFA_TOKENS_KEYS_MAX ||
			!read_key(at, len, &keys[key_count]))
		{
			(void) snprintf(error,
							error_size,
							"CAREFORALL_SIGNING_KEYS must be 1 to %d private "
							"keys of 64 hexadecimal digits",
							CFA_TOKENS_KEYS_MAX);
			return -1;
		}
		key_count++;
		at += len;
	} while (*at++ == ',');
	write_jwks();
	return 0;
}

char *
cfa_tokens_issue(const char *account_id, const char *session_id, int64_t now_s)
{
	CfaBuf json = {0};
	CfaBuf token = {0};
	uint8_t id[16];
	char jti[23];
	uint8_t signature[SIGNATURE_SIZE];
	char *out = NULL;

	randombytes_buf(id, sizeof(id));
	encode(id, sizeof(id), jti, sizeof(jti));
	cfa_buf_addf(&json,
				 "{\"alg\":\"ES256\",\"typ\":\"" TYPE "\",\"kid\":\"%s\"}",
				 keys[0].kid);
	add_base64(&token, json.data, json.len);
	cfa_buf_addc(&token, '.');
	cfa_buf_reset(&json);
	cfa_buf_adds(&json, "{\"iss\":");
	cfa_buf_add_json(&json, issuer, strlen(issuer));
	cfa_buf_addf(&json,
				 ",\"aud\":\"" CFA_TOKENS_AUDIENCE "\",\"sub\":\"%s\","
				 "\"sid\":\"%s\",\"iat\":%lld,\"nbf\":%lld,\"exp\":%lld,"
				 "\"jti\":\"%s\"}",
				 account_id,
				 session_id,
				 (long long) now_s,
				 (long long) now_s,
				 (long long) now_s + CFA_TOKENS_LIFETIME_S,
				 jti);
	add_base64(&token, json.data, json.len);
	if (sign(&keys[0], token.data, token.len, signature))
	{
		cfa_buf_addc(&token, '.');
		add_base64(&token, signature, sizeof(signature));
		out = strdup(cfa_buf_text(&token));
	}
	cfa_buf_clear(&json);
	cfa_buf_clear(&token);
	return out;
}

CfaTokenVerdict
cfa_tokens_check(const char *token, size_t len, int64_t now_s,
				 CfaTokenClaims *claims)
{
	CfaTokenVerdict verdict = CFA_TOKEN_MALFORMED;
	uint8_t signature[SIGNATURE_SIZE];
	uint8_t hash[32];
	size_t signature_len;
	Verified *seen;
	const Key *key;
	Parts parts;
	json_t *json;

	if (len == 0 || len > CFA_TOKENS_LEN_MAX || !split(token, len, &parts))
		return CFA_TOKEN_MALFORMED;
	(void) crypto_generichash(hash,
							  sizeof(hash),
							  (const uint8_t *) token,
							  len,
							  NULL,
							  0);
	seen = &cache[(hash[0] | hash[1] << 8) % CACHE_SIZE];
	if (sodium_memcmp(seen->hash, hash, sizeof(hash)) == 0)
	{
		*claims = seen->claims;
		return now_s < claims->expires_s ? CFA_TOKEN_VALID : CFA_TOKEN_EXPIRED;
	}
	key = find_key(&parts, &verdict);
	if (key == NULL)
		return verdict;
	if (!cfa_base64_decode(parts.at[2],
						   parts.len[2],
						   true,
						   signature,
						   sizeof(signature),
						   &signature_len) ||
		signature_len != sizeof(signature))
		return CFA_TOKEN_MALFORMED;
	if (!verify(key, token, parts.signed_len, signature))
		return CFA_TOKEN_FORGED;
	json = read_part(&parts, 1, 8);
	if (json == NULL)
		return CFA_TOKEN_FOREIGN;
	verdict = read_claims(json, now_s, claims);
	json_decref(json);
	if (verdict == CFA_TOKEN_VALID)
	{
		memcpy(seen->hash, hash, sizeof(hash));
		seen->claims = *claims;
	}
	return verdict;
}

const char *
cfa_tokens_jwks(void)
{
	return cfa_buf_text(&jwks);
}

const char *
cfa_tokens_jwks_etag(void)
{
	return jwks_etag;
}

/* --- Keys ------------------------------------------------------------------ */

static bool
read_key(const char *hex, size_t len, Key *key)
{
	uint8_t scalar[SCALAR_SIZE];
	size_t scalar_len;
	bool is_good;

	EVP_PKEY_free(key->pkey);
	*key = (Key){0};
	is_good = sodium_hex2bin(scalar,
							 sizeof(scalar),
							 hex,
							 len,
							 NULL,
							 &scalar_len,
							 NULL) == 0 &&
			  scalar_len == sizeof(scalar) && len == 2 * sizeof(scalar) &&
			  make_pkey(scalar, key);
	sodium_memzero(scalar, sizeof(scalar));
	return is_good;
}

/* False if the scalar is not between 1 and the order of the group less one. */
static bool
make_pkey(const uint8_t scalar[SCALAR_SIZE], Key *key)
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	BIGNUM *number = BN_bin2bn(scalar, SCALAR_SIZE, NULL);
	uint8_t point[POINT_SIZE];

	if (group != NULL && number != NULL && !BN_is_zero(number) &&
		BN_cmp(number, EC_GROUP_get0_order(group)) < 0 &&
		public_point(group, number, point))
		key->pkey = pkey_from(number, point);
	BN_clear_free(number);
	EC_GROUP_free(group);
	if (key->pkey == NULL)
		return false;
	describe_key(point, key);
	return true;
}

static bool
public_point(const EC_GROUP *group, const BIGNUM *scalar,
			 uint8_t out[POINT_SIZE])
{
	EC_POINT *point = EC_POINT_new(group);
	bool is_good = point != NULL &&
				   EC_POINT_mul(group, point, scalar, NULL, NULL, NULL) == 1 &&
				   EC_POINT_point2oct(group,
									  point,
									  POINT_CONVERSION_UNCOMPRESSED,
									  out,
									  POINT_SIZE,
									  NULL) == POINT_SIZE;

	EC_POINT_free(point);
	return is_good;
}

static EVP_PKEY *
pkey_from(const BIGNUM *scalar, const uint8_t point[POINT_SIZE])
{
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM *params = NULL;
	EVP_PKEY *pkey = NULL;

	if (builder != NULL && ctx != NULL &&
		OSSL_PARAM_BLD_push_utf8_string(builder,
										OSSL_PKEY_PARAM_GROUP_NAME,
										"prime256v1",
										0) == 1 &&
		OSSL_PARAM_BLD_push_octet_string(builder,
										 OSSL_PKEY_PARAM_PUB_KEY,
										 point,
										 POINT_SIZE) == 1 &&
		OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, scalar) ==
			1 &&
		(params = OSSL_PARAM_BLD_to_param(builder)) != NULL &&
		EVP_PKEY_fromdata_init(ctx) == 1)
		(void) EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(builder);
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

static void
describe_key(const uint8_t point[POINT_SIZE], Key *key)
{
	uint8_t hash[crypto_hash_sha256_BYTES];
	char text[256];
	int len;

	encode(point + 1, SCALAR_SIZE, key->x, sizeof(key->x));
	encode(point + 1 + SCALAR_SIZE, SCALAR_SIZE, key->y, sizeof(key->y));
	len = snprintf(text,
				   sizeof(text),
				   "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\","
				   "\"y\":\"%s\"}",
				   key->x,
				   key->y);
	(void) crypto_hash_sha256(hash, (const uint8_t *) text, (size_t) len);
	encode(hash, sizeof(hash), key->kid, sizeof(key->kid));
}

static void
write_jwks(void)
{
	uint8_t hash[16];
	char hex[33];
	size_t i;

	cfa_buf_reset(&jwks);
	cfa_buf_adds(&jwks, "{\"keys\":[");
	for (i = 0; i < key_count; i++)
		cfa_buf_addf(&jwks,
					 "%s{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\","
					 "\"y\":\"%s\",\"alg\":\"ES256\",\"use\":\"sig\","
					 "\"kid\":\"%s\"}",
					 i > 0 ? "," : "",
					 keys[i].x,
					 keys[i].y,
					 keys[i].kid);
	cfa_buf_adds(&jwks, "]}");
	(void) crypto_generichash(hash,
							  sizeof(hash),
							  (const uint8_t *) jwks.data,
							  jwks.len,
							  NULL,
							  0);
	(void) sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
	(void) snprintf(jwks_etag, sizeof(jwks_etag), "\"%s\"", hex);
}

/* --- Signatures: JWS has r and s side by side, OpenSSL has them in DER ------- */

static bool
sign(const Key *key, const char *text, size_t len, uint8_t out[SIGNATURE_SIZE])
{
	uint8_t der[80];
	const uint8_t *at = der;
	size_t der_len = sizeof(der);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	ECDSA_SIG *pair = NULL;
	bool is_good = false;

	if (ctx != NULL &&
		EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key->pkey) == 1 &&
		EVP_DigestSign(ctx, der, &der_len, (const uint8_t *) text, len) == 1)
		pair = d2i_ECDSA_SIG(NULL, &at, (long) der_len);
	if (pair != NULL)
		is_good = BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, SCALAR_SIZE) ==
					  SCALAR_SIZE &&
				  BN_bn2binpad(ECDSA_SIG_get0_s(pair),
							   out + SCALAR_SIZE,
							   SCALAR_SIZE) == SCALAR_SIZE;
	ECDSA_SIG_free(pair);
	EVP_MD_CTX_free(ctx);
	return is_good;
}

static bool
verify(const Key *key, const char *text, size_t len,
	   const uint8_t signature[SIGNATURE_SIZE])
{
	BIGNUM *r = BN_bin2bn(signature, SCALAR_SIZE, NULL);
	BIGNUM *s = BN_bin2bn(signature + SCALAR_SIZE, SCALAR_SIZE, NULL);
	ECDSA_SIG *pair = ECDSA_SIG_new();
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t *der = NULL;
	int der_len = -1;
	bool is_good = false;

	if (r != NULL && s != NULL && pair != NULL && ctx != NULL &&
		ECDSA_SIG_set0(pair, r, s) == 1)
	{
		r = NULL; /* the pair has them now */
		s = NULL;
		der_len = i2d_ECDSA_SIG(pair, &der);
	}
	if (der_len > 0 &&
		EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key->pkey) == 1)
		is_good = EVP_DigestVerify(ctx,
								   der,
								   (size_t) der_len,
								   (const uint8_t *) text,
								   len) == 1;
	OPENSSL_free(der);
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(pair);
	EVP_MD_CTX_free(ctx);
	return is_good;
}

/* --- Reading ---------------------------------------------------------------- */

static bool
split(const char *token, size_t len, Parts *parts)
{
	const char *end = token + len;
	const char *first = memchr(token, '.', len);
	const char *second;

	if (first == NULL)
		return false;
	second = memchr(first + 1, '.', (size_t) (end - first - 1));
	if (second == NULL ||
		memchr(second + 1, '.', (size_t) (end - second - 1)) != NULL)
		return false;
	*parts = (Parts){.at = {token, first + 1, second + 1},
					 .len = {(size_t) (first - token),
							 (size_t) (second - first - 1),
							 (size_t) (end - second - 1)},
					 .signed_len = (size_t) (second - token)};
	return parts->len[0] > 0 && parts->len[1] > 0 && parts->len[2] > 0;
}

/* A part as a JSON object of so many members; NULL if it is not one. */
static json_t *
read_part(const Parts *parts, int index, size_t members)
{
	uint8_t text[CFA_TOKENS_LEN_MAX];
	const char *error;
	json_t *json;
	size_t len;

	if (!cfa_base64_decode(parts->at[index],
						   parts->len[index],
						   true,
						   text,
						   sizeof(text),
						   &len))
		return NULL;
	json = cfa_json_read(text, len, JSON_DEPTH_MAX, &error);
	if (json_is_object(json) && json_object_size(json) == members)
		return json;
	json_decref(json);
	return NULL;
}

/* The key that the header names, if the header is one of ours. */
static const Key *
find_key(const Parts *parts, CfaTokenVerdict *verdict)
{
	json_t *header = read_part(parts, 0, 3);
	const Key *found = NULL;
	size_t i;

	*verdict = CFA_TOKEN_MALFORMED;
	if (header != NULL && text_is(header, "alg", "ES256") &&
		text_is(header, "typ", TYPE) &&
		json_is_string(json_object_get(header, "kid")))
	{
		*verdict = CFA_TOKEN_FORGED;
		for (i = 0; i < key_count && found == NULL; i++)
		{
			if (text_is(header, "kid", keys[i].kid))
				found = &keys[i];
		}
	}
	json_decref(header);
	return found;
}

static CfaTokenVerdict
read_claims(json_t *json, int64_t now_s, CfaTokenClaims *claims)
{
	json_t *expires = json_object_get(json, "exp");

	if (!text_is(json, "iss", issuer) ||
		!text_is(json, "aud", CFA_TOKENS_AUDIENCE) ||
		!is_uuid(json_object_get(json, "sub"), claims->account_id) ||
		!is_uuid(json_object_get(json, "sid"), claims->session_id) ||
		!json_is_string(json_object_get(json, "jti")) ||
		!json_is_integer(expires) ||
		!json_is_integer(json_object_get(json, "iat")) ||
		!json_is_integer(json_object_get(json, "nbf")))
		return CFA_TOKEN_FOREIGN;
	claims->expires_s = json_integer_value(expires);
	return judge_time(json, now_s);
}

static CfaTokenVerdict
judge_time(json_t *json, int64_t now_s)
{
	int64_t issued = json_integer_value(json_object_get(json, "iat"));
	int64_t begins = json_integer_value(json_object_get(json, "nbf"));
	int64_t ends = json_integer_value(json_object_get(json, "exp"));

	if (issued < 0 || ends <= issued || ends - issued > CFA_TOKENS_LIFETIME_S)
		return CFA_TOKEN_FOREIGN;
	if (begins > now_s + CFA_TOKENS_SKEW_S ||
		issued > now_s + CFA_TOKENS_SKEW_S)
		return CFA_TOKEN_EARLY;
	return now_s < ends ? CFA_TOKEN_VALID : CFA_TOKEN_EXPIRED;
}

static bool
is_uuid(json_t *value, char out[CFA_UUID_TEXT_LEN + 1])
{
	uint8_t uuid[16];

	if (!json_is_string(value) || !cfa_uuid_parse(json_string_value(value),
												  json_string_length(value),
												  uuid))
		return false;
	cfa_uuid_format(uuid, out);
	return strcmp(out, json_string_value(value)) == 0;
}

static bool
text_is(json_t *json, const char *name, const char *text)
{
	const char *value = json_string_value(json_object_get(json, name));

	return value != NULL && strcmp(value, text) == 0;
}

static void
add_base64(CfaBuf *buf, const void *data, size_t len)
{
	size_t size =
		sodium_base64_encoded_len(len,
								  sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	char *text = malloc(size);

	if (text == NULL)
		abort();
	encode(data, len, text, size);
	cfa_buf_adds(buf, text);
	free(text);
}

static void
encode(const void *data, size_t len, char *out, size_t size)
{
	(void) sodium_bin2base64(out,
							 size,
							 data,
							 len,
							 sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}
