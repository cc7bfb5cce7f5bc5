/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client.c: who is at the other end, for limits only; never logged.
 *
 * Only X-Forwarded-For is ever read, and only what proxies of ours have added at
 * its end; X-Real-IP and Forwarded are not looked at at all.
 */
#include <kore/kore.h>
#include <kore/http.h>

#include "middleware/client.h"

static CfaNetworks proxies;

static CfaAddress peer_of(const struct connection *c);
static void follow_lines(CfaCtx *ctx);

bool
cfa_client_configure(const char *list)
{
	return cfa_networks_parse(list, &proxies);
}

void
cfa_client_start(CfaCtx *ctx)
{
	ctx->address = peer_of(ctx->req->owner);
	if (cfa_networks_hold(&proxies, &ctx->address))
		follow_lines(ctx);
	cfa_address_format(&ctx->address, ctx->client);
}

bool
cfa_client_is_proxy(const struct connection *c)
{
	CfaAddress peer = peer_of(c);

	return cfa_networks_hold(&proxies, &peer);
}

static CfaAddress
peer_of(const struct connection *c)
{
	CfaAddress peer = {{0}};

	if (c->family == AF_INET6)
	{
		memcpy(peer.bytes, &c->addr.ipv6.sin6_addr, sizeof(peer.bytes));
	}
	else if (c->family == AF_INET)
	{
		peer.bytes[10] = 0xff;
		peer.bytes[11] = 0xff;
		memcpy(peer.bytes + 12, &c->addr.ipv4.sin_addr, 4);
	}
	return peer;
}

/* Several lines are one list; the last line is its end. */
static void
follow_lines(CfaCtx *ctx)
{
	const char *lines[HTTP_REQ_HEADER_MAX];
	const struct http_header *header;
	size_t count = 0;

	TAILQ_FOREACH(header, &ctx->req->req_headers, list)
	{
		if (count < HTTP_REQ_HEADER_MAX &&
			strcasecmp(header->header, "x-forwarded-for") == 0)
			lines[count++] = header->value;
	}
	while (count > 0 &&
		   cfa_address_follow(&proxies, lines[count - 1], &ctx->address))
		count--;
}
