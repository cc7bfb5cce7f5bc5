/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nats_tls.h: TLS to NATS, for the client library and for the wire alike.
 *
 * It is used when the address of a server begins with tls://, then for all of them.
 * The server's certificate must be signed by one of ca_file and name the host of the
 * address. Files are read at each connect, so renewed ones need no restart.
 */
#ifndef CFA_NATS_TLS_H
#define CFA_NATS_TLS_H

#include <nats/nats.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

/* PEM files; texts are borrowed for ever. */
typedef struct CfaNatsTls
{
	const char *ca_file;
	const char *cert_file; /* of the client, with its chain; "": none */
	const char *key_file;
} CfaNatsTls;

/* Whether the comma list of addresses asks for TLS. */
bool cfa_nats_tls_wanted(const char *urls);

/* False, with the reason, if the files are of no use. */
bool cfa_nats_tls_check(const CfaNatsTls *tls, char *error, size_t size);

/* Makes the library's options secure if the addresses ask for it. */
natsStatus cfa_nats_tls_apply(natsOptions *opts, const char *urls,
							  const CfaNatsTls *tls);

/*
 * Shakes hands with host (a name or an IP address) on a connected, blocking socket.
 * The caller frees what it gets with SSL_free() and closes the socket itself. NULL with
 * the reason.
 */
SSL *cfa_nats_tls_open(int fd, const char *host, const CfaNatsTls *tls,
					   char *error, size_t size);

#endif
