/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client.c: who is at the other end, for limits only; never logged.
 */
#include <kore/kore.h>
#include <kore/http.h>

#include "middleware/client.h"

#include <arpa/inet.h>

static const char *trusted = "";

static void write_peer(const struct connection *c, char *out, size_t size);
static bool is_trusted(const char *address, size_t len);

void
cfa_client_configure(const char *proxies)
{
	trusted = proxies;
}

void
cfa_client_start(CfaCtx *ctx)
{
	const char *chain = cfa_ctx_header(ctx, "x-forwarded-for");
	size_t len;

	write_peer(ctx->req->owner, ctx->client, sizeof(ctx->client));
	if (chain == NULL || !is_trusted(ctx->client, strlen(ctx->client)))
		return;
	len = strlen(chain);
	while (len > 0)
	{
		const char *comma = memrchr(chain, ',', len);
		const char *item = comma ? comma + 1 : chain;
		size_t item_len = len - (size_t) (item - chain);

		while (item_len > 0 && *item == ' ')
		{
			item++;
			item_len--;
		}
		while (item_len > 0 && item[item_len - 1] == ' ')
			item_len--;
		if (item_len == 0 || item_len >= sizeof(ctx->client))
			return;
		memcpy(ctx->client, item, item_len);
		ctx->client[item_len] = '\0';
		if (!is_trusted(ctx->client, item_len) || comma == NULL)
			return;
		len = (size_t) (comma - chain);
	}
}

bool
cfa_client_is_proxy(const struct connection *c)
{
	char address[INET6_ADDRSTRLEN];

	write_peer(c, address, sizeof(address));
	return is_trusted(address, strlen(address));
}

static void
write_peer(const struct connection *c, char *out, size_t size)
{
	const void *address = c->family == AF_INET6
							  ? (const void *) &c->addr.ipv6.sin6_addr
							  : (const void *) &c->addr.ipv4.sin_addr;

	if (c->family == AF_UNIX ||
		inet_ntop(c->family, address, out, (socklen_t) size) == NULL)
		(void) snprintf(out, size, "local");
}

static bool
is_trusted(const char *address, size_t len)
{
	const char *item = trusted;

	while (*item != '\0')
	{
		size_t item_len = strcspn(item, ",");
		size_t skip = strspn(item, " ");

		if (item_len - skip == len && memcmp(item + skip, address, len) == 0)
			return true;
		item += item_len;
		if (*item == ',')
			item++;
	}
	return false;
}
