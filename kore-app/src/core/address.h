/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_ADDRESS_H
#define CFA_APP_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CFA_ADDRESS_TEXT_MAX 47
#define CFA_NETWORKS_MAX 64

/* An IP address; IPv4 in its mapped form, so that there is one form of each. */
typedef struct CfaAddress
{
	uint8_t bytes[16];
} CfaAddress;

typedef struct CfaNetwork
{
	CfaAddress address;
	unsigned bits; /* of the 128 */
} CfaNetwork;

typedef struct CfaNetworks
{
	size_t count;
	CfaNetwork network[CFA_NETWORKS_MAX];
} CfaNetworks;

/* Reads an IPv4 or IPv6 address without port, zone or brackets. */
bool cfa_address_parse(const char *text, size_t len, CfaAddress *out);

/* Writes the usual form: dotted for IPv4, mapped or not. */
void cfa_address_format(const CfaAddress *address,
						char out[CFA_ADDRESS_TEXT_MAX + 1]);

/*
 * What is limited as one client: an IPv4 address, or the /64 network of an IPv6
 * address, which one customer of a provider has for himself.
 */
CfaAddress cfa_address_client(const CfaAddress *address);

/*
 * Reads a comma list of addresses and networks such as 10.0.0.0/8; "" is none.
 * False if an item is malformed, has bits beyond its mask, or is one too many.
 */
bool cfa_networks_parse(const char *list, CfaNetworks *out);

bool cfa_networks_hold(const CfaNetworks *networks, const CfaAddress *address);

/*
 * Follows one X-Forwarded-For value from its end for as long as *address, at
 * first the peer, is a proxy of ours, and leaves in it the address that the last
 * such proxy vouches for. False when the walk is over: at an address that is not
 * a proxy's, or at text that is no address, which vouches for nothing.
 */
bool cfa_address_follow(const CfaNetworks *proxies, const char *chain,
						CfaAddress *address);

#endif
