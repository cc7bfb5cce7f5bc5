/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hosts.h: the servers that a connection string lists, to be tried one at a time.
 *
 * libpq begins every attempt with the first of its list, and the time limit of an
 * attempt that does not block is its caller's: a first host that swallows packets
 * would keep a caller from all others. So each attempt gets one host of the list.
 */
#ifndef CFA_HOSTS_H
#define CFA_HOSTS_H

#include <stdbool.h>
#include <stddef.h>

#define CFA_HOSTS_MAX 8

/* Texts as libpq takes them; "" where the list has none. */
typedef struct CfaHost
{
	char name[256];
	char address[64];
	char port[16];
} CfaHost;

typedef struct CfaHosts
{
	unsigned count; /* 0: the connection string names no host */
	CfaHost list[CFA_HOSTS_MAX];
} CfaHosts;

/*
 * Takes the lists host, hostaddr and port of a connection string apart; NULL is an
 * empty one. False if they do not fit together or there are too many.
 */
bool cfa_hosts_parse(CfaHosts *hosts, const char *names, const char *addresses,
					 const char *ports);

/*
 * The sentence about a CAREFORALL_PG_DSN that libpq cannot read, into error. libpq's
 * reason (or NULL) quotes the string, so it is left out where that may hold a password.
 */
void cfa_dsn_refuse(char *error, size_t size, const char *dsn,
					const char *reason);

#endif
