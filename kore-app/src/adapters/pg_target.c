/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pg_target.c: see pg_target.h. The parent reads the settings, each worker has its own
 * idea of the host whose turn it is.
 */
#include "adapters/pg_target.h"

#include <careforall/hosts.h>
#include <careforall/text.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#define TIMEOUT_MS 3000 /* where the connection string says none */

static struct
{
	const char *dsn;
	const char *password;
	CfaHosts hosts;
	uint64_t timeout_ms;
	unsigned next; /* that attempts begin with */
} target;

static bool read_options(PQconninfoOption *options, char *error,
						 size_t error_size);
static bool resolve(CfaHost *host);

bool
cfa_pg_target_read(const char *dsn, const char *password, char *error,
				   size_t error_size)
{
	char *message = NULL;
	PQconninfoOption *options = PQconninfoParse(dsn, &message);
	bool is_good;

	target.dsn = dsn;
	target.password = password;
	if (options == NULL)
	{
		cfa_dsn_refuse(error, error_size, dsn, message);
		PQfreemem(message);
		return false;
	}
	is_good = read_options(options, error, error_size);
	PQconninfoFree(options);
	return is_good;
}

PGconn *
cfa_pg_target_connect(unsigned *number)
{
	static const char options[] = "-c statement_timeout=3000 "
								  "-c idle_in_transaction_session_timeout=5000 "
								  "-c client_min_messages=warning";
	const CfaHosts *hosts = &target.hosts;
	const CfaHost *host = &hosts->list[target.next];
	/* Those in front of the connection string are defaults, those behind it not. */
	const char *keys[16] = {"keepalives_idle",
							"keepalives_interval",
							"keepalives_count",
							"tcp_user_timeout",
							"target_session_attrs",
							"dbname",
							"password",
							"options",
							"fallback_application_name",
							"client_encoding"};
	const char *values[16] = {"5",
							  "2",
							  "3",
							  "10000",
							  hosts->count > 1 ? "read-write" : "any",
							  target.dsn,
							  target.password,
							  options,
							  "careforall-api",
							  "UTF8"};
	int count = 10;

	if (hosts->count > 0)
	{
		keys[count] = "host";
		values[count++] = host->name;
		keys[count] = "hostaddr";
		values[count++] = host->address;
		keys[count] = "port";
		values[count++] = host->port;
	}
	*number = target.next;
	return PQconnectStartParams(keys, values, 1);
}

uint64_t
cfa_pg_target_timeout_ms(void)
{
	return target.timeout_ms;
}

void
cfa_pg_target_leave(unsigned host)
{
	if (target.hosts.count > 0 && host == target.next)
		target.next = (host + 1) % target.hosts.count;
}

unsigned
cfa_pg_target_hosts(void)
{
	return target.hosts.count;
}

static const char *
option(const PQconninfoOption *options, const char *keyword)
{
	for (; options->keyword != NULL; options++)
	{
		if (strcmp(options->keyword, keyword) == 0)
			return options->val;
	}
	return NULL;
}

static bool
read_options(PQconninfoOption *options, char *error, size_t error_size)
{
	const char *timeout_s = option(options, "connect_timeout");
	uint64_t seconds = 0;
	unsigned i;

	if (timeout_s != NULL)
		(void) cfa_parse_uint(timeout_s, strlen(timeout_s), 3600, &seconds);
	target.timeout_ms = seconds > 0 ? seconds * 1000 : TIMEOUT_MS;
	if (!cfa_hosts_parse(&target.hosts,
						 option(options, "host"),
						 option(options, "hostaddr"),
						 option(options, "port")))
	{
		(void) snprintf(error,
						error_size,
						"hosts and ports of CAREFORALL_PG_DSN do not fit "
						"together, or there are more than %d",
						CFA_HOSTS_MAX);
		return false;
	}
	for (i = 0; i < target.hosts.count; i++)
	{
		if (!resolve(&target.hosts.list[i]))
		{
			(void) snprintf(error,
							error_size,
							"could not find the host \"%s\" of "
							"CAREFORALL_PG_DSN",
							target.hosts.list[i].name);
			return false;
		}
	}
	return true;
}

/* Finds the address of a host that is no socket's folder and has none yet. */
static bool
resolve(CfaHost *host)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	bool is_found;

	if (host->name[0] == '\0' || host->name[0] == '/' ||
		host->address[0] != '\0')
		return true;
	is_found = getaddrinfo(host->name, NULL, &hints, &found) == 0 &&
			   getnameinfo(found->ai_addr,
						   found->ai_addrlen,
						   host->address,
						   sizeof(host->address),
						   NULL,
						   0,
						   NI_NUMERICHOST) == 0;
	if (found != NULL)
		freeaddrinfo(found);
	return is_found;
}
