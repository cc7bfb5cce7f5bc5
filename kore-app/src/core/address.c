/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address.c: IP addresses, networks, and chains of proxies.
 *
 * Pure: texts and bytes in, decisions out.
 */
#include "core/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include <careforall/text.h>

#define MAPPED_BITS 96

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool is_ipv4(const CfaAddress *address);
static bool parse_network(const char *item, size_t len, CfaNetwork *out);
static void mask(CfaAddress *address, unsigned bits);
static bool parse_hop(const char *item, size_t len, CfaAddress *out);
static size_t trim(const char **text, size_t len);

bool
cfa_address_parse(const char *text, size_t len, CfaAddress *out)
{
	char copy[CFA_ADDRESS_TEXT_MAX + 1];

	if (len == 0 || len > CFA_ADDRESS_TEXT_MAX)
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (strlen(copy) != len)
		return false;
	memcpy(out->bytes, mapped, sizeof(mapped));
	return inet_pton(AF_INET, copy, out->bytes + sizeof(mapped)) == 1 ||
		   inet_pton(AF_INET6, copy, out->bytes) == 1;
}

void
cfa_address_format(const CfaAddress *address,
				   char out[CFA_ADDRESS_TEXT_MAX + 1])
{
	char *at = out;
	unsigned i;

	out[0] = '\0';
	if (!is_ipv4(address))
	{
		(void)
			inet_ntop(AF_INET6, address->bytes, out, CFA_ADDRESS_TEXT_MAX + 1);
		return;
	}
	/* By hand: it is done for every request. */
	for (i = sizeof(mapped); i < sizeof(address->bytes); i++)
	{
		unsigned byte = address->bytes[i];

		if (i > sizeof(mapped))
			*at++ = '.';
		if (byte >= 100)
			*at++ = (char) ('0' + byte / 100);
		if (byte >= 10)
			*at++ = (char) ('0' + byte / 10 % 10);
		*at++ = (char) ('0' + byte % 10);
	}
	*at = '\0';
}

CfaAddress
cfa_address_client(const CfaAddress *address)
{
	CfaAddress client = *address;

	if (!is_ipv4(address))
		mask(&client, 64);
	return client;
}

bool
cfa_networks_parse(const char *list, CfaNetworks *out)
{
	out->count = 0;
	if (list[strspn(list, " ")] == '\0')
		return true;
	for (;;)
	{
		size_t len = strcspn(list, ",");
		const char *item = list;
		size_t item_len = trim(&item, len);

		if (out->count == CFA_NETWORKS_MAX ||
			!parse_network(item, item_len, &out->network[out->count]))
			return false;
		out->count++;
		list += len;
		if (*list == '\0')
			return true;
		list++;
	}
}

bool
cfa_networks_hold(const CfaNetworks *networks, const CfaAddress *address)
{
	size_t i;

	for (i = 0; i < networks->count; i++)
	{
		CfaAddress masked = *address;

		mask(&masked, networks->network[i].bits);
		if (memcmp(&masked, &networks->network[i].address, sizeof(masked)) == 0)
			return true;
	}
	return false;
}

bool
cfa_address_follow(const CfaNetworks *proxies, const char *chain,
				   CfaAddress *address)
{
	size_t len = strlen(chain);

	while (cfa_networks_hold(proxies, address))
	{
		const char *comma = memrchr(chain, ',', len);
		const char *item = comma ? comma + 1 : chain;
		size_t item_len = trim(&item, len - (size_t) (item - chain));
		CfaAddress hop;

		if (!parse_hop(item, item_len, &hop))
			return false;
		*address = hop;
		if (comma == NULL)
			return cfa_networks_hold(proxies, address);
		len = (size_t) (comma - chain);
	}
	return false;
}

static bool
is_ipv4(const CfaAddress *address)
{
	return memcmp(address->bytes, mapped, sizeof(mapped)) == 0;
}

static bool
parse_network(const char *item, size_t len, CfaNetwork *out)
{
	const char *slash = memchr(item, '/', len);
	size_t address_len = slash ? (size_t) (slash - item) : len;
	bool is_dotted = memchr(item, ':', address_len) == NULL;
	uint64_t bits = is_dotted ? 32 : 128;
	CfaAddress masked;

	if (!cfa_address_parse(item, address_len, &out->address) ||
		(slash != NULL &&
		 !cfa_parse_uint(slash + 1, len - address_len - 1, bits, &bits)))
		return false;
	out->bits = (unsigned) bits + (is_dotted ? MAPPED_BITS : 0);
	masked = out->address;
	mask(&masked, out->bits);
	return memcmp(&masked, &out->address, sizeof(masked)) == 0;
}

static void
mask(CfaAddress *address, unsigned bits)
{
	unsigned i;

	for (i = bits / 8; i < sizeof(address->bytes); i++)
	{
		address->bytes[i] &= (uint8_t) (0xff00 >> (bits % 8));
		bits = 0;
	}
}

/* An address as proxies write it: 1.2.3.4, 1.2.3.4:5, ::1, [::1] or [::1]:5. */
static bool
parse_hop(const char *item, size_t len, CfaAddress *out)
{
	const char *colon = memchr(item, ':', len);
	const char *close = memchr(item, ']', len);
	uint64_t port;

	if (len > 0 && item[0] == '[')
	{
		size_t rest = close ? len - (size_t) (close + 1 - item) : 0;

		if (close == NULL || memchr(item, ':', (size_t) (close - item)) == NULL)
			return false;
		if (rest > 0 && (close[1] != ':' ||
						 !cfa_parse_uint(close + 2, rest - 1, 65535, &port)))
			return false;
		return cfa_address_parse(item + 1, (size_t) (close - item - 1), out);
	}
	if (colon != NULL && memrchr(item, ':', len) == colon)
	{
		size_t host_len = (size_t) (colon - item);

		return cfa_parse_uint(colon + 1, len - host_len - 1, 65535, &port) &&
			   cfa_address_parse(item, host_len, out);
	}
	return cfa_address_parse(item, len, out);
}

static size_t
trim(const char **text, size_t len)
{
	while (len > 0 && (**text == ' ' || **text == '\t'))
	{
		(*text)++;
		len--;
	}
	while (len > 0 && ((*text)[len - 1] == ' ' || (*text)[len - 1] == '\t'))
		len--;
	return len;
}
