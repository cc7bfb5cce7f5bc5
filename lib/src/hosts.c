/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hosts.c: see hosts.h. The rules are those of libpq: as many ports as hosts, or one
 * for all, or none.
 */
#include "careforall/hosts.h"

#include <stdio.h>
#include <string.h>

static unsigned
count_items(const char *list)
{
	unsigned count = 1;

	if (list == NULL || list[0] == '\0')
		return 0;
	for (; *list != '\0'; list++)
		count += *list == ',';
	return count;
}

/* Copies item number i of a list; false if it has no room. */
static bool
copy_item(char *to, size_t size, const char *list, unsigned i)
{
	size_t len;

	for (; i > 0; i--)
		list = strchr(list, ',') + 1;
	len = strcspn(list, ",");
	if (len >= size)
		return false;
	memcpy(to, list, len);
	to[len] = '\0';
	return true;
}

bool
cfa_hosts_parse(CfaHosts *hosts, const char *names, const char *addresses,
				const char *ports)
{
	unsigned name_count = count_items(names);
	unsigned address_count = count_items(addresses);
	unsigned port_count = count_items(ports);
	unsigned count = name_count > 0 ? name_count : address_count;

	memset(hosts, 0, sizeof(*hosts));
	if (count > CFA_HOSTS_MAX ||
		(name_count > 0 && address_count > 0 && name_count != address_count) ||
		(count > 0 && port_count > 1 && port_count != count))
		return false;
	hosts->count = count;
	for (unsigned i = 0; i < count; i++)
	{
		CfaHost *host = &hosts->list[i];

		if ((name_count > 0 &&
			 !copy_item(host->name, sizeof(host->name), names, i)) ||
			(address_count > 0 &&
			 !copy_item(host->address, sizeof(host->address), addresses, i)) ||
			(port_count > 0 && !copy_item(host->port,
										  sizeof(host->port),
										  ports,
										  port_count > 1 ? i : 0)))
			return false;
	}
	return true;
}

void
cfa_dsn_refuse(char *error, size_t size, const char *dsn, const char *reason)
{
	bool is_told = reason != NULL && strchr(dsn, '@') == NULL &&
				   strcasestr(dsn, "pass") == NULL;

	(void) snprintf(error,
					size,
					"CAREFORALL_PG_DSN is not a connection string%s%.*s",
					is_told ? ": " : "",
					is_told ? (int) strcspn(reason, "\n") : 0,
					is_told ? reason : "");
}
