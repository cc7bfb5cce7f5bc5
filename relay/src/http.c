/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.c: libmicrohttpd whose epoll descriptor stands in the daemon's own loop, so
 * that one thread does everything and a scrape sees a consistent state.
 */
#include "http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "careforall/config.h"

#define CONNECTIONS_MAX 32u
#define IDLE_TIMEOUT_S 10u
#define CONNECTION_MEMORY (16u * 1024u)

struct CfaHttp
{
	CfaLoop *loop;
	CfaHttpOptions options;
	struct MHD_Daemon *daemon;
	CfaWatch *watch;
	CfaTimer timer;
};

static enum MHD_Result
answer(struct MHD_Connection *connection, unsigned status, const char *type,
	   const CfaBuf *body)
{
	enum MHD_Result result;
	struct MHD_Response *response =
		MHD_create_response_from_buffer(body->len,
										body->data,
										MHD_RESPMEM_MUST_COPY);

	if (response == NULL)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	MHD_add_response_header(response,
							MHD_HTTP_HEADER_CACHE_CONTROL,
							"no-store");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static unsigned
readiness(const CfaHttp *http, CfaBuf *body)
{
	CfaBuf reason = {0};
	bool is_ready = http->options.is_ready(http->options.arg, &reason);

	cfa_buf_adds(body, is_ready ? "{\"ready\":true" : "{\"ready\":false");
	if (reason.len > 0)
	{
		cfa_buf_adds(body, ",\"reason\":");
		cfa_buf_add_json(body, reason.data, reason.len);
	}
	cfa_buf_adds(body, "}\n");
	cfa_buf_clear(&reason);
	return is_ready ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE;
}

static unsigned
route(const CfaHttp *http, const char *path, const char **type, CfaBuf *body)
{
	*type = "application/json";
	if (strcmp(path, "/livez") == 0)
	{
		/* The loop that answers is the loop that works. */
		cfa_buf_adds(body, "{\"live\":true}\n");
		return MHD_HTTP_OK;
	}
	if (strcmp(path, "/readyz") == 0)
		return readiness(http, body);
	if (strcmp(path, "/metrics") == 0)
	{
		if (http->options.refresh != NULL)
			http->options.refresh(http->options.arg);
		*type = CFA_METRICS_CONTENT_TYPE;
		cfa_metrics_render(http->options.metrics, CFA_METRICS_TEXT, body);
		return MHD_HTTP_OK;
	}
	*type = "text/plain; charset=utf-8";
	cfa_buf_adds(body, "not found: try /livez, /readyz or /metrics\n");
	return MHD_HTTP_NOT_FOUND;
}

static enum MHD_Result
on_request(void *arg, struct MHD_Connection *connection, const char *url,
		   const char *method, const char *version, const char *upload,
		   size_t *upload_size, void **state)
{
	const CfaHttp *http = arg;
	const char *type = "text/plain; charset=utf-8";
	unsigned status = MHD_HTTP_METHOD_NOT_ALLOWED;
	CfaBuf body = {0};
	enum MHD_Result result;

	*upload_size = 0;
	if (strcmp(method, MHD_HTTP_METHOD_GET) == 0 ||
		strcmp(method, MHD_HTTP_METHOD_HEAD) == 0)
		status = route(http, url, &type, &body);
	else
		cfa_buf_adds(&body, "only GET\n");
	result = answer(connection, status, type, &body);
	cfa_buf_clear(&body);
	return result;
}

static void
run(CfaHttp *http)
{
	MHD_UNSIGNED_LONG_LONG wait_ms;

	(void) MHD_run(http->daemon);
	if (MHD_get_timeout(http->daemon, &wait_ms) == MHD_YES)
		cfa_timer_set(http->loop, &http->timer, (int64_t) wait_ms * 1000);
	else
		cfa_timer_cancel(http->loop, &http->timer);
}

static void
on_timer(void *arg)
{
	run(arg);
}

static void
on_socket(void *arg, uint32_t events)
{
	run(arg);
}

/* Fills in the address that listen names; returns its size, 0 if it is none. */
static socklen_t
make_address(const char *listen, struct sockaddr_storage *address)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *) address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *) address;
	char host[64];
	uint16_t port;

	memset(address, 0, sizeof(*address));
	if (!cfa_config_address(listen, host, sizeof(host), &port))
		return 0;
	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1)
	{
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		return sizeof(*v4);
	}
	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1)
	{
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		return sizeof(*v6);
	}
	return 0;
}

static struct MHD_Daemon *
start_daemon(CfaHttp *http, const struct sockaddr_storage *address)
{
	unsigned flags = MHD_USE_EPOLL;

	if (address->ss_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	return MHD_start_daemon(flags,
							0,
							NULL,
							NULL,
							on_request,
							http,
							MHD_OPTION_SOCK_ADDR,
							address,
							MHD_OPTION_CONNECTION_LIMIT,
							CONNECTIONS_MAX,
							MHD_OPTION_CONNECTION_TIMEOUT,
							IDLE_TIMEOUT_S,
							MHD_OPTION_CONNECTION_MEMORY_LIMIT,
							(size_t) CONNECTION_MEMORY,
							MHD_OPTION_LISTENING_ADDRESS_REUSE,
							1u,
							MHD_OPTION_END);
}

bool
cfa_http_check(const char *listen, char *error, size_t size)
{
	struct sockaddr_storage address;

	if (make_address(listen, &address) > 0)
		return true;
	snprintf(error,
			 size,
			 "CAREFORALL_HTTP_LISTEN \"%s\" is invalid: an IP address and a "
			 "port",
			 listen);
	return false;
}

CfaHttp *
cfa_http_new(CfaLoop *loop, const CfaHttpOptions *options, char *error,
			 size_t error_size)
{
	const union MHD_DaemonInfo *info;
	struct sockaddr_storage address;
	CfaHttp *http = calloc(1, sizeof(*http));

	if (http == NULL)
		abort();
	http->loop = loop;
	http->options = *options;
	http->timer = (CfaTimer){.fn = on_timer, .arg = http};
	if (make_address(options->listen, &address) == 0)
	{
		snprintf(error,
				 error_size,
				 "\"%s\" is not an IP address with a port",
				 options->listen);
		free(http);
		return NULL;
	}
	http->daemon = start_daemon(http, &address);
	if (http->daemon != NULL)
	{
		info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
		http->watch =
			cfa_loop_watch(loop, info->epoll_fd, EPOLLIN, on_socket, http);
	}
	if (http->watch == NULL)
	{
		snprintf(error,
				 error_size,
				 "cannot listen on %s: %s",
				 options->listen,
				 strerror(errno));
		cfa_http_free(http);
		return NULL;
	}
	return http;
}

void
cfa_http_free(CfaHttp *http)
{
	if (http == NULL)
		return;
	cfa_timer_cancel(http->loop, &http->timer);
	cfa_loop_unwatch(http->watch);
	if (http->daemon != NULL)
		MHD_stop_daemon(http->daemon);
	free(http);
}
