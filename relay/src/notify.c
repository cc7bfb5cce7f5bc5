/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notify.c: one datagram to the socket that the service manager named.
 */
#include "notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void
cfa_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t size;
	int fd;

	if (path == NULL || (path[0] != '/' && path[0] != '@') ||
		strlen(path) >= sizeof(address.sun_path))
		return;
	memcpy(address.sun_path, path, strlen(path));
	size = (socklen_t) (offsetof(struct sockaddr_un, sun_path) + strlen(path));
	/* '@' stands for the abstract name space of Linux. */
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void) sendto(fd,
				  state,
				  strlen(state),
				  MSG_NOSIGNAL | MSG_DONTWAIT,
				  (const struct sockaddr *) &address,
				  size);
	close(fd);
}
