/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_client.c: libcurl's multi interface on the loop.
 *
 * curl says which descriptors and which deadline it waits for; the loop tells it
 * what happened. Finished transfers are collected after each call into curl, never
 * inside one of its callbacks.
 */
#include "http_client.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "careforall/buf.h"

#define CONNECT_TIMEOUT_MS 3000L
#define URL_MAX 1024
#define HEADER_MAX 512

typedef struct Transfer
{
	CfaClient *client;
	CURL *easy;
	struct curl_slist *headers;
	char *body; /* of the request */
	CfaBuf answer;
	CfaClientFn fn;
	void *arg;
	struct Transfer *next;
	struct Transfer *previous;
} Transfer;

struct CfaClient
{
	CfaLoop *loop;
	CfaClientOptions options;
	CURLM *multi;
	CfaTimer timer;
	Transfer *transfers;
};

typedef struct Socket
{
	CfaClient *client;
	curl_socket_t fd;
	CfaWatch *watch;
} Socket;

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg,
					 void *socket_arg);
static int on_timer(CURLM *multi, long timeout_ms, void *arg);
static void handle_socket(void *arg, uint32_t events);
static void handle_timer(void *arg);
static void collect(CfaClient *client);
static void finish(Transfer *transfer, CURLcode code);
static void free_transfer(Transfer *transfer);
static size_t take_body(char *data, size_t size, size_t count, void *arg);
static void add_header(Transfer *transfer, const char *name, const char *value);
static void set_options(Transfer *transfer, const CfaProviderRequest *request);
static const char *failure_name(CURLcode code);

CfaClient *
cfa_client_new(CfaLoop *loop, const CfaClientOptions *options)
{
	CfaClient *client = calloc(1, sizeof(*client));

	if (client == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		abort();
	client->loop = loop;
	client->options = *options;
	client->timer = (CfaTimer){.fn = handle_timer, .arg = client};
	client->multi = curl_multi_init();
	if (client->multi == NULL)
		abort();
	curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
	curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
	return client;
}

void
cfa_client_free(CfaClient *client)
{
	if (client == NULL)
		return;
	for (Transfer *transfer = client->transfers; transfer != NULL;)
	{
		Transfer *next = transfer->next;

		transfer->previous = NULL;
		free_transfer(transfer);
		transfer = next;
	}
	curl_multi_cleanup(client->multi);
	cfa_timer_cancel(client->loop, &client->timer);
	free(client);
	curl_global_cleanup();
}

void
cfa_client_send(CfaClient *client, const CfaProviderRequest *request,
				const char *traceparent, CfaClientFn fn, void *arg)
{
	Transfer *transfer = calloc(1, sizeof(*transfer));
	char value[HEADER_MAX];

	if (transfer == NULL || (transfer->easy = curl_easy_init()) == NULL)
		abort();
	transfer->client = client;
	transfer->fn = fn;
	transfer->arg = arg;
	transfer->next = client->transfers;
	if (client->transfers != NULL)
		client->transfers->previous = transfer;
	client->transfers = transfer;
	if (client->options.key != NULL && client->options.key[0] != '\0')
	{
		snprintf(value, sizeof(value), "Bearer %s", client->options.key);
		add_header(transfer, "Authorization", value);
		explicit_bzero(value, sizeof(value));
	}
	if (request->idempotency_key[0] != '\0')
		add_header(transfer, "Idempotency-Key", request->idempotency_key);
	if (traceparent != NULL && traceparent[0] != '\0')
		add_header(transfer, "traceparent", traceparent);
	add_header(transfer, "Expect", "");
	set_options(transfer, request);
	if (curl_multi_add_handle(client->multi, transfer->easy) != CURLM_OK)
		abort();
}

static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	CfaClient *client = arg;
	Socket *sock = socket_arg;
	uint32_t events = 0;

	if (what == CURL_POLL_REMOVE)
	{
		if (sock != NULL)
			cfa_loop_unwatch(sock->watch);
		free(sock);
		curl_multi_assign(client->multi, fd, NULL);
		return 0;
	}
	events |= (what & CURL_POLL_IN) != 0 ? (uint32_t) EPOLLIN : 0;
	events |= (what & CURL_POLL_OUT) != 0 ? (uint32_t) EPOLLOUT : 0;
	if (sock != NULL)
	{
		cfa_loop_rewatch(sock->watch, events);
		return 0;
	}
	sock = calloc(1, sizeof(*sock));
	if (sock == NULL)
		abort();
	sock->client = client;
	sock->fd = fd;
	sock->watch = cfa_loop_watch(client->loop, fd, events, handle_socket, sock);
	if (sock->watch == NULL)
	{
		free(sock);
		return -1;
	}
	curl_multi_assign(client->multi, fd, sock);
	return 0;
}

/* curl asks to be called; 0 is "soon", and must not happen inside this call. */
static int
on_timer(CURLM *multi, long timeout_ms, void *arg)
{
	CfaClient *client = arg;

	if (timeout_ms < 0)
		cfa_timer_cancel(client->loop, &client->timer);
	else
		cfa_timer_set(client->loop,
					  &client->timer,
					  (int64_t) timeout_ms * 1000);
	return 0;
}

static void
handle_socket(void *arg, uint32_t events)
{
	Socket *sock = arg;
	CfaClient *client = sock->client;
	int mask = 0;
	int running;

	mask |= (events & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0;
	mask |= (events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0;
	mask |= (events & (EPOLLERR | EPOLLHUP)) != 0 ? CURL_CSELECT_ERR : 0;
	curl_multi_socket_action(client->multi, sock->fd, mask, &running);
	collect(client);
}

static void
handle_timer(void *arg)
{
	CfaClient *client = arg;
	int running;

	curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	collect(client);
}

static void
collect(CfaClient *client)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(client->multi, &left)) != NULL)
	{
		Transfer *transfer = NULL;
		CURLcode code = message->data.result;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
		finish(transfer, code);
	}
}

static void
finish(Transfer *transfer, CURLcode code)
{
	CfaProviderReply reply = {0};
	char retry_after[24];
	curl_off_t seconds = 0;
	long status = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER, &seconds);
	/* Half an answer is none. */
	reply.http_status = code == CURLE_OK ? (int) status : 0;
	reply.failure = code != CURLE_OK ? failure_name(code) : NULL;
	reply.body = cfa_buf_text(&transfer->answer);
	reply.body_len = transfer->answer.len;
	if (seconds > 0)
	{
		snprintf(retry_after, sizeof(retry_after), "%lld", (long long) seconds);
		reply.retry_after = retry_after;
	}
	transfer->fn(transfer->arg, &reply);
	free_transfer(transfer);
}

static void
free_transfer(Transfer *transfer)
{
	CfaClient *client = transfer->client;

	if (transfer->previous != NULL)
		transfer->previous->next = transfer->next;
	else
		client->transfers = transfer->next;
	if (transfer->next != NULL)
		transfer->next->previous = transfer->previous;
	curl_multi_remove_handle(client->multi, transfer->easy);
	curl_easy_cleanup(transfer->easy);
	curl_slist_free_all(transfer->headers);
	cfa_buf_clear(&transfer->answer);
	free(transfer->body);
	free(transfer);
}

static size_t
take_body(char *data, size_t size, size_t count, void *arg)
{
	Transfer *transfer = arg;
	size_t len = size * count;

	if (transfer->answer.len + len > CFA_PROVIDER_ANSWER_MAX)
		return 0;
	cfa_buf_add(&transfer->answer, data, len);
	return len;
}

static void
add_header(Transfer *transfer, const char *name, const char *value)
{
	char line[HEADER_MAX + 64];
	struct curl_slist *list;

	snprintf(line, sizeof(line), "%s: %s", name, value);
	if (value[0] == '\0')
		snprintf(line, sizeof(line), "%s:", name);
	list = curl_slist_append(transfer->headers, line);
	explicit_bzero(line, sizeof(line));
	if (list == NULL)
		abort();
	transfer->headers = list;
}

static void
set_options(Transfer *transfer, const CfaProviderRequest *request)
{
	const CfaClientOptions *options = &transfer->client->options;
	CURL *easy = transfer->easy;
	char url[URL_MAX];

	snprintf(url, sizeof(url), "%s%s", options->base_url, request->path);
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long) options->timeout_ms);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	if (!request->is_post)
		return;
	transfer->body = strdup(request->body != NULL ? request->body : "");
	if (transfer->body == NULL)
		abort();
	curl_easy_setopt(easy, CURLOPT_POST, 1L);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, transfer->body);
	curl_easy_setopt(easy,
					 CURLOPT_POSTFIELDSIZE,
					 (long) strlen(transfer->body));
}

static const char *
failure_name(CURLcode code)
{
	return code == CURLE_OPERATION_TIMEDOUT ? "timeout" : "connection";
}
