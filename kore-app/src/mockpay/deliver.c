/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deliver.c
 *	  Webhook deliveries by libcurl inside Kore's loop.
 *
 * libcurl's sockets live in an epoll set of our own, of which Kore watches only
 * the one descriptor: libcurl opens and closes sockets at will, while Kore
 * would not survive an event for a descriptor that is gone. Nothing here
 * blocks; names are resolved by libcurl's own thread.
 */
#include <kore/kore.h>

#include <careforall/log.h>
#include <careforall/signature.h>
#include <careforall/tracing.h>
#include <curl/curl.h>
#include <sys/epoll.h>

#include "memory.h"
#include "mockpay/service.h"
#include "mockpay/webhooks.h"

#define EVENTS_MAX 64
#define CONNECT_TIMEOUT_MS 3000

typedef struct Delivery
{
	CURL *easy;
	struct curl_slist *headers;
	CfaMockEvent *event;
	CfaTrace parent; /* as the event's metadata say */
	CfaTrace trace;	 /* of this request, if that is traced */
	bool is_traced;
	uint64_t start_ns;
} Delivery;

static struct
{
	struct kore_event event; /* first: Kore hands it back by address */
	int epoll_fd;
	CURLM *multi;
	struct kore_timer *timer; /* libcurl's, NULL if none is armed */
} client;

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *context,
					 void *known);
static int on_timer_change(CURLM *multi, long timeout_ms, void *context);
static void on_timer(void *context, u_int64_t now_ms);
static void on_event(void *context, int error);
static size_t discard(char *data, size_t size, size_t count, void *context);
static bool begin(CfaMockEvent *event, int64_t now_ms);
static struct curl_slist *sign_stripe(const CfaMockEvent *event, int64_t now_s);
static struct curl_slist *sign_standard(const CfaMockEvent *event,
										int64_t now_s);
static struct curl_slist *make_headers(const Delivery *delivery,
									   int64_t now_ms);
static void begin_span(Delivery *delivery);
static void end_span(const Delivery *delivery, CURLcode result, long status);
static void collect(void);
static void end(Delivery *delivery, CURLcode result);

void
cfa_mock_deliver_start(void)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
		(client.multi = curl_multi_init()) == NULL)
		fatalx("could not start libcurl");
	client.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (client.epoll_fd < 0)
		fatalx("could not make an epoll set: %s", errno_s);
	client.event.handle = on_event;
	curl_multi_setopt(client.multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(client.multi, CURLMOPT_TIMERFUNCTION, on_timer_change);
	kore_platform_event_level_read(client.epoll_fd, &client);
}

void
cfa_mock_deliver_stop(void)
{
	/* What is under way is cut; its events come again after the next start. */
	if (client.timer != NULL)
		kore_timer_remove(client.timer);
	client.timer = NULL;
	kore_platform_disable_read(client.epoll_fd);
	(void) close(client.epoll_fd);
}

void
cfa_mock_deliver_due(int64_t now_ms)
{
	CfaMockProvider *provider = &cfa_mock_service.provider;
	CfaMockEvent *event;

	if (cfa_app_is_draining())
		return;
	while ((event = cfa_mock_webhooks_take(provider, now_ms)) != NULL)
		if (!begin(event, now_ms))
			cfa_mock_webhooks_done(provider, event, 0, now_ms);
}

/* Hands one request to libcurl. */
static bool
begin(CfaMockEvent *event, int64_t now_ms)
{
	const CfaMockService *service = &cfa_mock_service;
	Delivery *delivery = cfa_mock_calloc(1, sizeof(*delivery));
	CURL *easy = curl_easy_init();

	if (easy == NULL)
	{
		free(delivery);
		return false;
	}
	delivery->easy = easy;
	delivery->event = event;
	begin_span(delivery);
	delivery->headers = make_headers(delivery, now_ms);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, delivery);
	curl_easy_setopt(easy, CURLOPT_URL, service->webhook_url);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "careforall-mockpay/1.0");
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, delivery->headers);
	curl_easy_setopt(easy, CURLOPT_POST, 1L);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, event->body);
	curl_easy_setopt(easy,
					 CURLOPT_POSTFIELDSIZE_LARGE,
					 (curl_off_t) strlen(event->body));
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, discard);
	curl_easy_setopt(easy,
					 CURLOPT_TIMEOUT_MS,
					 (long) service->provider.settings.webhook_timeout_ms);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
	if (curl_multi_add_handle(client.multi, easy) == CURLM_OK)
		return true;
	curl_slist_free_all(delivery->headers);
	curl_easy_cleanup(easy);
	free(delivery);
	return false;
}

static struct curl_slist *
sign_stripe(const CfaMockEvent *event, int64_t now_s)
{
	char signature[CFA_SIGNATURE_LEN_MAX];
	char line[CFA_SIGNATURE_LEN_MAX + sizeof("Stripe-Signature: ")];

	(void) cfa_signature_make(cfa_mock_service.webhook_secret,
							  now_s,
							  event->body,
							  strlen(event->body),
							  signature);
	(void) snprintf(line, sizeof(line), "Stripe-Signature: %s", signature);
	return curl_slist_append(NULL, line);
}

/* By Standard Webhooks; the id of the event is that of the message. */
static struct curl_slist *
sign_standard(const CfaMockEvent *event, int64_t now_s)
{
	char signature[CFA_WEBHOOK_SIGNATURE_LEN_MAX];
	char line[sizeof(event->id) + sizeof(signature) + 32];
	struct curl_slist *headers;

	(void) cfa_webhook_make(&cfa_mock_service.webhook_secrets,
							event->id,
							now_s,
							event->body,
							strlen(event->body),
							signature);
	(void) snprintf(line, sizeof(line), "webhook-id: %s", event->id);
	headers = curl_slist_append(NULL, line);
	(void) snprintf(line,
					sizeof(line),
					"webhook-timestamp: %lld",
					(long long) now_s);
	headers = curl_slist_append(headers, line);
	(void) snprintf(line, sizeof(line), "webhook-signature: %s", signature);
	return curl_slist_append(headers, line);
}

static struct curl_slist *
make_headers(const Delivery *delivery, int64_t now_ms)
{
	const CfaMockEvent *event = delivery->event;
	char text[CFA_TRACEPARENT_LEN + 1];
	char line[CFA_SIGNATURE_LEN_MAX + sizeof("Stripe-Signature: ")];
	struct curl_slist *headers = cfa_mock_service.webhook_secrets.count > 0
									 ? sign_standard(event, now_ms / 1000)
									 : sign_stripe(event, now_ms / 1000);

	headers =
		curl_slist_append(headers,
						  "Content-Type: application/json; charset=utf-8");
	headers = curl_slist_append(headers, "Expect:");
	if (event->traceparent[0] != '\0')
	{
		cfa_trace_format(&delivery->trace, text);
		(void) snprintf(line,
						sizeof(line),
						"traceparent: %s",
						delivery->is_traced ? text : event->traceparent);
		headers = curl_slist_append(headers, line);
	}
	return headers;
}

/*
 * A delivery belongs to the trace that the metadata of its payment name. Without
 * tracing these are sent as they are.
 */
static void
begin_span(Delivery *delivery)
{
	const char *text = delivery->event->traceparent;

	if (!cfa_trace_parse(text, strlen(text), &delivery->parent) ||
		!cfa_tracing_wants(&delivery->parent))
		return;
	delivery->is_traced = true;
	delivery->trace = delivery->parent;
	cfa_trace_child(&delivery->trace);
	delivery->start_ns = cfa_now_ns();
}

static void
end_span(const Delivery *delivery, CURLcode result, long status)
{
	char code[12];
	bool has_failed = status < 200 || status >= 400;
	const CfaLogField attributes[] =
		{CFA_STR("http.request.method", "POST"),
		 CFA_STR("url.full", cfa_mock_service.webhook_url),
		 CFA_STR("error.type",
				 result == CURLE_OPERATION_TIMEDOUT ? "timeout"
				 : result != CURLE_OK				? "connection"
				 : has_failed						? code
													: NULL),
		 CFA_STR("careforall.webhook.type", delivery->event->type),
		 CFA_INT("http.request.resend_count", delivery->event->attempts),
		 result == CURLE_OK ? CFA_INT("http.response.status_code", status)
							: (CfaLogField){0},
		 {0}};
	CfaSpan span = {.trace = delivery->trace,
					.is_parent_remote = true,
					.has_failed = has_failed,
					.kind = CFA_SPAN_CLIENT,
					.name = "POST",
					.start_ns = delivery->start_ns,
					.end_ns = cfa_now_ns(),
					.attributes = attributes};

	if (!delivery->is_traced)
		return;
	(void) snprintf(code, sizeof(code), "%ld", status);
	memcpy(span.parent_id, delivery->parent.span_id, sizeof(span.parent_id));
	cfa_span_add(&span);
}

static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *known)
{
	struct epoll_event change = {.data.fd = fd};

	(void) easy;
	(void) context;
	if (what == CURL_POLL_REMOVE)
	{
		(void) epoll_ctl(client.epoll_fd, EPOLL_CTL_DEL, fd, NULL);
		return 0;
	}
	if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
		change.events |= EPOLLIN;
	if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
		change.events |= EPOLLOUT;
	if (epoll_ctl(client.epoll_fd,
				  known == NULL ? EPOLL_CTL_ADD : EPOLL_CTL_MOD,
				  fd,
				  &change) != 0)
		cfa_log(CFA_LOG_ERROR,
				"webhook_socket_failed",
				CFA_INT("errno", errno));
	curl_multi_assign(client.multi, fd, &client);
	return 0;
}

static int
on_timer_change(CURLM *multi, long timeout_ms, void *context)
{
	(void) multi;
	(void) context;
	if (client.timer != NULL)
		kore_timer_remove(client.timer);
	client.timer = NULL;
	/* At once still means: not from inside libcurl. */
	if (timeout_ms >= 0)
		client.timer =
			kore_timer_add(on_timer,
						   timeout_ms == 0 ? 1 : (u_int64_t) timeout_ms,
						   NULL,
						   KORE_TIMER_ONESHOT);
	return 0;
}

static void
on_timer(void *context, u_int64_t now_ms)
{
	int running;

	(void) context;
	(void) now_ms;
	client.timer = NULL;
	curl_multi_socket_action(client.multi, CURL_SOCKET_TIMEOUT, 0, &running);
	collect();
}

static void
on_event(void *context, int error)
{
	struct epoll_event ready[EVENTS_MAX];
	int count = epoll_wait(client.epoll_fd, ready, EVENTS_MAX, 0);
	int running;

	(void) context;
	(void) error;
	client.event.flags = 0;
	for (int i = 0; i < count; i++)
	{
		int what = 0;

		if (ready[i].events & EPOLLIN)
			what |= CURL_CSELECT_IN;
		if (ready[i].events & EPOLLOUT)
			what |= CURL_CSELECT_OUT;
		if (ready[i].events & (EPOLLERR | EPOLLHUP))
			what |= CURL_CSELECT_ERR;
		curl_multi_socket_action(client.multi,
								 ready[i].data.fd,
								 what,
								 &running);
	}
	collect();
}

static size_t
discard(char *data, size_t size, size_t count, void *context)
{
	(void) data;
	(void) context;
	return size * count;
}

/* Ends the deliveries that libcurl has finished. */
static void
collect(void)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(client.multi, &left)) != NULL)
	{
		CURLcode result = message->data.result;
		Delivery *delivery = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &delivery);
		end(delivery, result);
	}
	cfa_mock_schedule();
}

static void
end(Delivery *delivery, CURLcode result)
{
	CfaMockEvent *event = delivery->event;
	long status = 0;

	if (result == CURLE_OK)
		curl_easy_getinfo(delivery->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status < 200 || status >= 300)
		cfa_log(CFA_LOG_WARN,
				"webhook_not_accepted",
				CFA_STR("webhook", event->id),
				CFA_STR("type", event->type),
				CFA_INT("status", status),
				CFA_STR("error",
						result == CURLE_OK ? NULL : curl_easy_strerror(result)),
				CFA_INT("attempts", event->attempts + 1));
	else
		cfa_log(CFA_LOG_DEBUG,
				"webhook_accepted",
				CFA_STR("webhook", event->id),
				CFA_STR("type", event->type));
	end_span(delivery, result, status);
	curl_multi_remove_handle(client.multi, delivery->easy);
	curl_easy_cleanup(delivery->easy);
	curl_slist_free_all(delivery->headers);
	free(delivery);
	cfa_mock_webhooks_done(&cfa_mock_service.provider,
						   event,
						   (int) status,
						   cfa_mock_now_ms());
}
