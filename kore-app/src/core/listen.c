/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listen.c: one listener per worker and address, by SO_REUSEPORT.
 *
 * The kernel spreads connections evenly and no accept lock is needed. Because
 * two servers of one user could share a port that way unseen, the parent first
 * binds each address without the option and lets go of it again.
 */
#include <kore/kore.h>

#include "core/listen.h"

#include <netinet/in.h>
#include <sys/socket.h>

#define BACKLOG 1024

typedef struct Address
{
	CfaSurface surface;
	char host[64];
	uint16_t port;
	struct sockaddr_storage sockaddr;
	socklen_t len;
	struct listener *listener;
} Address;

static Address addresses[CFA_LISTEN_MAX];
static int address_count;

static int open_socket(const Address *address, int reuse_port);

int
cfa_app_listen(CfaSurface surface, const char *text)
{
	Address *address = &addresses[address_count];
	struct sockaddr_in *v4 = (struct sockaddr_in *) &address->sockaddr;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *) &address->sockaddr;

	if (address_count == CFA_LISTEN_MAX ||
		!cfa_config_address(text,
							address->host,
							sizeof(address->host),
							&address->port))
		return -1;
	if (inet_pton(AF_INET, address->host, &v4->sin_addr) == 1)
	{
		v4->sin_family = AF_INET;
		v4->sin_port = htons(address->port);
		address->len = sizeof(*v4);
	}
	else if (inet_pton(AF_INET6, address->host, &v6->sin6_addr) == 1)
	{
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(address->port);
		address->len = sizeof(*v6);
	}
	else
	{
		return -1;
	}
	address->surface = surface;
	address_count++;
	return 0;
}

CfaSurface
cfa_app_surface(const struct connection *c)
{
	int i;

	for (i = 0; i < address_count; i++)
	{
		if (addresses[i].listener == c->owner)
			return addresses[i].surface;
	}
	return CFA_PUBLIC;
}

int
cfa_listen_probe(char *error, size_t error_size)
{
	int i;

	for (i = 0; i < address_count; i++)
	{
		int fd = open_socket(&addresses[i], 0);

		if (fd == -1)
		{
			(void) snprintf(error,
							error_size,
							"could not listen on %s port %u: %s",
							addresses[i].host,
							addresses[i].port,
							errno_s);
			return -1;
		}
		(void) close(fd);
	}
	return 0;
}

void
cfa_listen_open(void)
{
	int i;

	for (i = 0; i < address_count; i++)
	{
		Address *address = &addresses[i];
		struct listener *listener =
			kore_listener_create(kore_server_lookup("main"));
		char port[8];

		(void) snprintf(port, sizeof(port), "%u", address->port);
		listener->family = address->sockaddr.ss_family;
		listener->host = kore_strdup(address->host);
		listener->port = kore_strdup(port);
		listener->fd = open_socket(address, 1);
		if (listener->fd == -1 || listen(listener->fd, BACKLOG) == -1)
			fatalx("could not listen on %s port %u: %s",
				   address->host,
				   address->port,
				   errno_s);
		listener->connect = kore_runtime_getcall("cfa_edge_connect");
		address->listener = listener;
	}
}

void
cfa_listen_close(void)
{
	int i;

	if (worker->has_lock)
		kore_platform_disable_accept();
	worker->has_lock = 0;
	for (i = 0; i < address_count; i++)
	{
		(void) close(addresses[i].listener->fd);
		addresses[i].listener->fd = -1;
	}
}

static int
open_socket(const Address *address, int reuse_port)
{
	int on = 1;
	int fd = socket(address->sockaddr.ss_family,
					SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
					0);

	if (fd == -1)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
		(!reuse_port ||
		 setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) == 0) &&
		bind(fd, (const struct sockaddr *) &address->sockaddr, address->len) ==
			0)
		return fd;
	(void) close(fd);
	return -1;
}
