/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jetstream.c - requests to JetStream's API and push consumers.
 *
 * Answers come to one inbox of the connection, their last token is the number of
 * the request. Messages are taken from the library's queue by polling with a wait
 * of nothing, on the loop's thread; flow control is answered in its turn behind the
 * messages before it, so a slow owner slows the server down.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "careforall/text.h"
#include "jetstream.h"

#define INBOX_MAX 96
#define SUBJECT_MAX 256
#define HEARTBEAT_MS 2000
#define SILENCE_MAX_MS (HEARTBEAT_MS * 4)
#define POLL_MAX 1024
#define INACTIVE_MS 30000
#define NS_PER_MS ((int64_t) 1000000)
#define REPEAT_MS 1000
#define CHECK_MS 5000
#define ORDERED_CHECK_MS 2000
/* How long a consumer may stand still behind the stream. */
#define STALL_MS 15000
#define ORDERED_STALL_MS 4000
#define ORDERED_STALL_MAX_MS 32000

typedef struct Request
{
	uint64_t id; /* 0: free */
	int64_t deadline_ms;
	int64_t repeat_at_ms;
	char *question; /* what is sent again until it is answered; NULL: nothing */
	char subject[SUBJECT_MAX];
	CfaJsAnswer answer;
	void *arg;
} Request;

struct CfaJetstream
{
	natsConnection *connection;
	natsSubscription *answers;
	char inbox[INBOX_MAX];
	uint64_t next_id;
	int64_t now_ms;		 /* as the owner said last */
	int64_t patience_ms; /* of ordered consumers; grows until one delivers */
	Request requests[CFA_JS_REQUESTS_MAX];
	CfaConsumer *consumers[CFA_JS_CONSUMERS_MAX];
};

struct CfaConsumer
{
	CfaJetstream *js;
	CfaConsumerConfig config;
	natsSubscription *subscription;
	char deliver_subject[INBOX_MAX];
	int64_t last_heard_ms;
	int64_t checked_at_ms;
	int64_t behind_since_ms; /* standing still behind the stream; 0: not */
	int64_t reached;		 /* the last message delivered */
	int64_t moved_at_ms;	 /* ordered: when it was */
	int64_t delivered;		 /* durable: deliveries, also to others */
	int64_t acked;			 /* durable: of them, all acknowledged up to here */
	int64_t next_consumer_sequence; /* ordered */
	bool is_ready;
	bool is_stopped;
};

static int begin_request(CfaJetstream *js, const char *subject, json_t *body,
						 int64_t now_ms, CfaJsAnswer answer, void *arg,
						 bool is_question);
static int send_request(CfaJetstream *js, const Request *request,
						const char *text);
static void repeat_question(CfaJetstream *js, Request *request);
static void forget_request(Request *request);
static int new_inbox(char *buf, size_t len);
static void poll_answers(CfaJetstream *js);
static void poll_consumer(CfaConsumer *consumer, int64_t now_ms);
static bool is_alive(const CfaJetstream *js, const CfaConsumer *consumer);
static void handle_answer(CfaJetstream *js, natsMsg *message);
static void finish_request(Request *request, const json_t *root,
						   const char *error);
static void forget_requests_of(CfaJetstream *js, const void *arg);
static void check(CfaConsumer *consumer, int64_t now_ms);
static void durable_checked(void *arg, const json_t *answer, const char *error);
static void ask_last(CfaConsumer *consumer);
static void last_read(void *arg, const json_t *answer, const char *error);
static void judge(CfaConsumer *consumer, int64_t waiting);
static int subscribe_consumer(CfaConsumer *consumer);
static int request_consumer(CfaConsumer *consumer, int64_t now_ms);
static int request_about(CfaConsumer *consumer, const char *action,
						 json_t *body, CfaJsAnswer answer);
static void durable_found(void *arg, const json_t *answer, const char *error);
static void durable_removed(void *arg, const json_t *answer, const char *error);
static json_t *ordered_config(const CfaConsumer *consumer);
static json_t *durable_config(const CfaConsumer *consumer);
static void consumer_made(void *arg, const json_t *answer, const char *error);
static bool handle_status(CfaConsumer *consumer, natsMsg *message);
static bool handle_message(CfaConsumer *consumer, natsMsg *message);
static int respond(CfaJetstream *js, const char *reply, const char *text);

CfaJetstream *
cfa_js_new(natsConnection *connection, const char **error)
{
	CfaJetstream *js = calloc(1, sizeof(*js));
	char subject[INBOX_MAX + 4];
	natsStatus status;

	*error = "out of memory";
	if (js == NULL)
		return NULL;
	js->connection = connection;
	js->next_id = 1;
	js->patience_ms = ORDERED_STALL_MS;
	if (new_inbox(js->inbox, sizeof(js->inbox)) != 0)
		goto failed;
	snprintf(subject, sizeof(subject), "%s.*", js->inbox);
	status = natsConnection_SubscribeSync(&js->answers, connection, subject);
	if (status != NATS_OK)
	{
		*error = natsStatus_GetText(status);
		goto failed;
	}
	return js;

failed:
	free(js);
	return NULL;
}

void
cfa_js_free(CfaJetstream *js)
{
	if (js == NULL)
		return;
	for (size_t i = 0; i < CFA_JS_CONSUMERS_MAX; i++)
		cfa_consumer_free(js->consumers[i]);
	for (size_t i = 0; i < CFA_JS_REQUESTS_MAX; i++)
		forget_request(&js->requests[i]);
	natsSubscription_Destroy(js->answers);
	free(js);
}

void
cfa_js_poll(CfaJetstream *js, int64_t now_ms)
{
	js->now_ms = now_ms;
	poll_answers(js);
	for (size_t i = 0; i < CFA_JS_CONSUMERS_MAX; i++)
	{
		if (js->consumers[i] != NULL)
			poll_consumer(js->consumers[i], now_ms);
	}
}

void
cfa_js_tick(CfaJetstream *js, int64_t now_ms)
{
	js->now_ms = now_ms;
	for (size_t i = 0; i < CFA_JS_REQUESTS_MAX; i++)
	{
		Request *request = &js->requests[i];

		if (request->id != 0 && now_ms >= request->deadline_ms)
			finish_request(request, NULL, "timeout");
		else if (request->id != 0)
			repeat_question(js, request);
	}
	for (size_t i = 0; i < CFA_JS_CONSUMERS_MAX; i++)
	{
		CfaConsumer *consumer = js->consumers[i];

		if (consumer == NULL || !consumer->is_ready)
			continue;
		if (consumer->config.durable == NULL && !consumer->is_stopped &&
			now_ms - consumer->last_heard_ms > SILENCE_MAX_MS)
			consumer->config.lost(consumer->config.arg, "silent");
		else if (consumer->config.waiting != NULL)
			check(consumer, now_ms);
	}
}

int
cfa_js_request(CfaJetstream *js, const char *subject, json_t *body,
			   int64_t now_ms, CfaJsAnswer answer, void *arg)
{
	return begin_request(js, subject, body, now_ms, answer, arg, false);
}

int
cfa_js_ask(CfaJetstream *js, const char *subject, json_t *body, int64_t now_ms,
		   CfaJsAnswer answer, void *arg)
{
	return begin_request(js, subject, body, now_ms, answer, arg, true);
}

CfaConsumer *
cfa_consumer_new(CfaJetstream *js, const CfaConsumerConfig *config,
				 int64_t now_ms)
{
	CfaConsumer *consumer;
	size_t slot = 0;

	while (slot < CFA_JS_CONSUMERS_MAX && js->consumers[slot] != NULL)
		slot++;
	if (slot == CFA_JS_CONSUMERS_MAX)
		return NULL;
	consumer = calloc(1, sizeof(*consumer));
	if (consumer == NULL)
		return NULL;
	js->now_ms = now_ms;
	consumer->js = js;
	consumer->config = *config;
	consumer->next_consumer_sequence = 1;
	consumer->reached = config->start_sequence - 1;
	consumer->last_heard_ms = now_ms;
	consumer->checked_at_ms = now_ms;
	consumer->moved_at_ms = now_ms;
	if (subscribe_consumer(consumer) != 0 ||
		request_consumer(consumer, now_ms) != 0)
	{
		natsSubscription_Destroy(consumer->subscription);
		free(consumer);
		return NULL;
	}
	js->consumers[slot] = consumer;
	return consumer;
}

void
cfa_consumer_free(CfaConsumer *consumer)
{
	if (consumer == NULL)
		return;
	for (size_t i = 0; i < CFA_JS_CONSUMERS_MAX; i++)
	{
		if (consumer->js->consumers[i] == consumer)
			consumer->js->consumers[i] = NULL;
	}
	forget_requests_of(consumer->js, consumer);
	natsSubscription_Destroy(consumer->subscription);
	free(consumer);
}

void
cfa_consumer_resume(CfaConsumer *consumer)
{
	consumer->is_stopped = false;
}

int
cfa_js_ack(CfaJetstream *js, const char *reply)
{
	return respond(js, reply, "+ACK");
}

int
cfa_js_nak(CfaJetstream *js, const char *reply, int64_t delay_ms)
{
	char text[64];

	snprintf(text,
			 sizeof(text),
			 "-NAK {\"delay\":%" PRId64 "}",
			 delay_ms * NS_PER_MS);
	return respond(js, reply, text);
}

int
cfa_js_in_progress(CfaJetstream *js, const char *reply)
{
	return respond(js, reply, "+WPI");
}

int
cfa_js_parse_reply(const char *reply, CfaDelivery *delivery)
{
	const char *tokens[16];
	size_t count = 0;
	size_t base;
	int64_t *const targets[] = {&delivery->deliveries,
								&delivery->sequence,
								&delivery->consumer_sequence,
								NULL,
								&delivery->pending};

	if (reply == NULL || strncmp(reply, "$JS.ACK.", 8) != 0)
		return -1;
	for (const char *at = reply; at != NULL && count < 16; count++)
	{
		tokens[count] = at;
		at = strchr(at, '.');
		at = at != NULL ? at + 1 : NULL;
	}
	/* $JS.ACK.stream.consumer.5 numbers, or with domain and account in front. */
	base = count == 9 ? 4 : 6;
	if (count != 9 && count < 11)
		return -1;
	for (size_t i = 0; i < 5; i++)
	{
		char *end;
		long long value = strtoll(tokens[base + i], &end, 10);

		if (end == tokens[base + i] || (*end != '.' && *end != '\0') ||
			value < 0)
			return -1;
		if (targets[i] != NULL)
			*targets[i] = value;
	}
	return 0;
}

static int
begin_request(CfaJetstream *js, const char *subject, json_t *body,
			  int64_t now_ms, CfaJsAnswer answer, void *arg, bool is_question)
{
	Request *request = NULL;
	char *text;

	for (size_t i = 0; i < CFA_JS_REQUESTS_MAX && request == NULL; i++)
	{
		if (js->requests[i].id == 0)
			request = &js->requests[i];
	}
	text = body != NULL ? json_dumps(body, JSON_COMPACT) : strdup("");
	json_decref(body);
	if (request == NULL || text == NULL)
	{
		free(text);
		return -1;
	}
	*request = (Request){.id = js->next_id,
						 .deadline_ms = now_ms + CFA_JS_REQUEST_TIMEOUT_MS,
						 .repeat_at_ms = now_ms + REPEAT_MS,
						 .answer = answer,
						 .arg = arg};
	snprintf(request->subject, sizeof(request->subject), "%s", subject);
	if (send_request(js, request, text) != 0)
	{
		request->id = 0;
		free(text);
		return -1;
	}
	js->next_id++;
	if (is_question)
		request->question = text;
	else
		free(text);
	return 0;
}

static int
send_request(CfaJetstream *js, const Request *request, const char *text)
{
	char reply[INBOX_MAX + 24];

	snprintf(reply, sizeof(reply), "%s.%" PRIu64, js->inbox, request->id);
	return natsConnection_PublishRequest(js->connection,
										 request->subject,
										 reply,
										 text,
										 (int) strlen(text)) == NATS_OK
			   ? 0
			   : -1;
}

/* A stream that has no leader just now answers nobody, and has one a moment later. */
static void
repeat_question(CfaJetstream *js, Request *request)
{
	if (request->question == NULL || js->now_ms < request->repeat_at_ms)
		return;
	request->repeat_at_ms = js->now_ms + REPEAT_MS;
	(void) send_request(js, request, request->question);
}

static void
forget_request(Request *request)
{
	request->id = 0;
	free(request->question);
	request->question = NULL;
}

static int
new_inbox(char *buf, size_t len)
{
	natsInbox *inbox = NULL;

	if (natsInbox_Create(&inbox) != NATS_OK)
		return -1;
	snprintf(buf, len, "%s", inbox);
	natsInbox_Destroy(inbox);
	return 0;
}

static void
poll_answers(CfaJetstream *js)
{
	for (;;)
	{
		natsMsg *message = NULL;
		natsStatus status = natsSubscription_NextMsg(&message, js->answers, 0);

		/* Says not which request found nobody: that one runs into its deadline. */
		if (status == NATS_NO_RESPONDERS)
			continue;
		if (status != NATS_OK)
			return;
		handle_answer(js, message);
		natsMsg_Destroy(message);
	}
}

/* At most POLL_MAX messages a turn, so that timers and signals get theirs. */
static void
poll_consumer(CfaConsumer *consumer, int64_t now_ms)
{
	CfaJetstream *js = consumer->js;
	natsMsg *message = NULL;

	for (int i = 0; i < POLL_MAX && !consumer->is_stopped; i++)
	{
		bool is_going_on;

		if (natsSubscription_NextMsg(&message, consumer->subscription, 0) !=
			NATS_OK)
			return;
		consumer->last_heard_ms = now_ms;
		is_going_on =
			natsMsg_GetReply(message) != NULL &&
					strncmp(natsMsg_GetReply(message), "$JS.ACK.", 8) == 0
				? handle_message(consumer, message)
				: handle_status(consumer, message);
		natsMsg_Destroy(message);
		message = NULL;
		if (!is_going_on || !is_alive(js, consumer))
			return;
	}
}

static bool
is_alive(const CfaJetstream *js, const CfaConsumer *consumer)
{
	for (size_t i = 0; i < CFA_JS_CONSUMERS_MAX; i++)
	{
		if (js->consumers[i] == consumer)
			return true;
	}
	return false;
}

static void
handle_answer(CfaJetstream *js, natsMsg *message)
{
	const char *token = strrchr(natsMsg_GetSubject(message), '.');
	uint64_t id = token != NULL ? strtoull(token + 1, NULL, 10) : 0;
	json_t *root;

	for (size_t i = 0; id != 0 && i < CFA_JS_REQUESTS_MAX; i++)
	{
		if (js->requests[i].id != id)
			continue;
		root = json_loadb(natsMsg_GetData(message),
						  (size_t) natsMsg_GetDataLength(message),
						  0,
						  NULL);
		finish_request(&js->requests[i], root, NULL);
		json_decref(root);
		return;
	}
}

static void
finish_request(Request *request, const json_t *root, const char *error)
{
	const json_t *api_error = json_object_get(root, "error");
	CfaJsAnswer answer = request->answer;
	void *arg = request->arg;

	forget_request(request);
	if (error == NULL && json_is_object(api_error))
		error = json_string_value(json_object_get(api_error, "description"));
	if (error == NULL && (!json_is_object(root) || json_is_object(api_error)))
		error = "invalid_answer";
	answer(arg, error == NULL ? root : NULL, error);
}

static void
forget_requests_of(CfaJetstream *js, const void *arg)
{
	for (size_t i = 0; i < CFA_JS_REQUESTS_MAX; i++)
	{
		if (js->requests[i].arg == arg)
			forget_request(&js->requests[i]);
	}
}

/*
 * A consumer lives on one server of a cluster. If that server's copy of the stream
 * does not come forward, it has nothing to deliver, and its heartbeats say that all
 * is well; so the stream is asked what its last message is. Heartbeats of a shared
 * consumer reach only one of its processes, so each asks for its state as well.
 */
static void
check(CfaConsumer *consumer, int64_t now_ms)
{
	bool is_durable = consumer->config.durable != NULL;

	if (now_ms - consumer->checked_at_ms <
		(is_durable ? CHECK_MS : ORDERED_CHECK_MS))
		return;
	consumer->checked_at_ms = now_ms;
	if (is_durable)
		request_about(consumer, "INFO", NULL, durable_checked);
	else if (!consumer->is_stopped &&
			 now_ms - consumer->moved_at_ms >= ORDERED_CHECK_MS)
		ask_last(consumer);
}

static void
durable_checked(void *arg, const json_t *answer, const char *error)
{
	CfaConsumer *consumer = arg;
	const json_t *delivered = json_object_get(answer, "delivered");
	const json_t *floor = json_object_get(answer, "ack_floor");
	int64_t deliveries =
		json_integer_value(json_object_get(delivered, "consumer_seq"));
	int64_t acked = json_integer_value(json_object_get(floor, "consumer_seq"));
	int64_t pending =
		json_integer_value(json_object_get(answer, "num_pending"));

	if (error != NULL)
	{
		consumer->config.lost(consumer->config.arg, error);
		return;
	}
	consumer->reached =
		json_integer_value(json_object_get(delivered, "stream_seq"));
	/* Its own process may be what holds it up. */
	if (deliveries != consumer->delivered || acked != consumer->acked ||
		consumer->config.is_busy(consumer->config.arg))
		consumer->behind_since_ms = 0;
	consumer->delivered = deliveries;
	consumer->acked = acked;
	/* The server walks back through the stream to the last message of a subject. */
	if (pending == 0 && consumer->config.is_frequent)
		ask_last(consumer);
	else
		judge(consumer, pending);
}

static void
ask_last(CfaConsumer *consumer)
{
	const char *filter = consumer->config.filter;
	char subject[SUBJECT_MAX];

	snprintf(subject,
			 sizeof(subject),
			 "$JS.API.STREAM.MSG.GET.%s",
			 consumer->config.stream);
	cfa_js_ask(consumer->js,
			   subject,
			   json_pack("{s:s}",
						 "last_by_subj",
						 filter != NULL ? filter : ">"),
			   consumer->js->now_ms,
			   last_read,
			   consumer);
}

/* No answer says nothing: there may be no such message, or no leader just now. */
static void
last_read(void *arg, const json_t *answer, const char *error)
{
	CfaConsumer *consumer = arg;
	int64_t last = json_integer_value(
		json_object_get(json_object_get(answer, "message"), "seq"));

	if (error == NULL || consumer->config.durable != NULL)
		judge(consumer,
			  last > consumer->reached ? last - consumer->reached : 0);
}

/* Taken at the time of the check, behind which it may have moved already. */
static void
judge(CfaConsumer *consumer, int64_t waiting)
{
	CfaJetstream *js = consumer->js;
	bool is_ordered = consumer->config.durable == NULL;
	int64_t now_ms = consumer->checked_at_ms;
	int64_t patience_ms = is_ordered ? js->patience_ms : STALL_MS;

	if (is_ordered && consumer->moved_at_ms >= now_ms)
		return;
	consumer->config.waiting(consumer->config.arg, waiting);
	if (waiting == 0)
		consumer->behind_since_ms = 0;
	else if (consumer->behind_since_ms == 0)
		consumer->behind_since_ms = now_ms;
	else if (now_ms - consumer->behind_since_ms >= patience_ms)
	{
		if (is_ordered && js->patience_ms < ORDERED_STALL_MAX_MS)
			js->patience_ms *= 2;
		consumer->config.lost(consumer->config.arg, CFA_CONSUMER_STALLED);
	}
}

static int
subscribe_consumer(CfaConsumer *consumer)
{
	natsConnection *connection = consumer->js->connection;
	natsStatus status;

	if (consumer->config.durable == NULL)
	{
		if (new_inbox(consumer->deliver_subject,
					  sizeof(consumer->deliver_subject)) != 0)
			return -1;
		status = natsConnection_SubscribeSync(&consumer->subscription,
											  connection,
											  consumer->deliver_subject);
	}
	else
	{
		snprintf(consumer->deliver_subject,
				 sizeof(consumer->deliver_subject),
				 "_DELIVER.%s",
				 consumer->config.durable);
		status = natsConnection_QueueSubscribeSync(&consumer->subscription,
												   connection,
												   consumer->deliver_subject,
												   consumer->config.durable);
	}
	if (status != NATS_OK)
		return -1;
	/* What may wait here is bounded by flow control or by the ack window. */
	natsSubscription_SetPendingLimits(consumer->subscription, -1, -1);
	return 0;
}

/* A durable one may stand already, made by another process. */
static int
request_consumer(CfaConsumer *consumer, int64_t now_ms)
{
	const CfaConsumerConfig *config = &consumer->config;
	char subject[SUBJECT_MAX];

	if (config->durable != NULL)
		return config->is_replaced
				   ? request_about(consumer, "DELETE", NULL, durable_removed)
				   : request_about(consumer, "INFO", NULL, durable_found);
	snprintf(subject,
			 sizeof(subject),
			 "$JS.API.CONSUMER.CREATE.%s",
			 config->stream);
	return cfa_js_request(consumer->js,
						  subject,
						  json_pack("{s:s,s:o}",
									"stream_name",
									config->stream,
									"config",
									ordered_config(consumer)),
						  now_ms,
						  consumer_made,
						  consumer);
}

static int
request_about(CfaConsumer *consumer, const char *action, json_t *body,
			  CfaJsAnswer answer)
{
	char subject[SUBJECT_MAX];

	snprintf(subject,
			 sizeof(subject),
			 "$JS.API.CONSUMER.%s.%s.%s",
			 action,
			 consumer->config.stream,
			 consumer->config.durable);
	return begin_request(consumer->js,
						 subject,
						 body,
						 consumer->js->now_ms,
						 answer,
						 consumer,
						 strcmp(action, "INFO") == 0);
}

/* One that is kept in files or on several servers is of an older version. */
static void
durable_found(void *arg, const json_t *answer, const char *error)
{
	CfaConsumer *consumer = arg;
	const json_t *config = json_object_get(answer, "config");

	if (error == NULL &&
		json_integer_value(json_object_get(config, "num_replicas")) == 1 &&
		json_is_true(json_object_get(config, "mem_storage")))
		consumer_made(consumer, answer, NULL);
	else if (request_about(consumer, "DELETE", NULL, durable_removed) != 0)
		consumer->config.lost(consumer->config.arg, "not_asked");
}

/* Or there was none: what counts is what is made now. */
static void
durable_removed(void *arg, const json_t *answer, const char *error)
{
	CfaConsumer *consumer = arg;

	if (request_about(consumer,
					  "DURABLE.CREATE",
					  json_pack("{s:s,s:o}",
								"stream_name",
								consumer->config.stream,
								"config",
								durable_config(consumer)),
					  consumer_made) != 0)
		consumer->config.lost(consumer->config.arg, "not_asked");
}

static json_t *
ordered_config(const CfaConsumer *consumer)
{
	return json_pack("{s:s,s:s,s:I,s:b,s:s,s:s,s:b,s:I,s:I,s:i,s:b,s:i}",
					 "deliver_subject",
					 consumer->deliver_subject,
					 "deliver_policy",
					 "by_start_sequence",
					 "opt_start_seq",
					 (json_int_t) consumer->config.start_sequence,
					 "headers_only",
					 (int) consumer->config.headers_only,
					 "ack_policy",
					 "none",
					 "replay_policy",
					 "instant",
					 "flow_control",
					 1,
					 "idle_heartbeat",
					 (json_int_t) HEARTBEAT_MS * NS_PER_MS,
					 "inactive_threshold",
					 (json_int_t) INACTIVE_MS * NS_PER_MS,
					 "max_deliver",
					 1,
					 "mem_storage",
					 1,
					 "num_replicas",
					 1);
}

/*
 * On one server and in its memory: what it knows can be lost, as the owner has
 * other means to find what is not done, while one that is kept by several servers
 * stops for good when they disagree about it.
 */
static json_t *
durable_config(const CfaConsumer *consumer)
{
	const CfaConsumerConfig *config = &consumer->config;
	char start[CFA_TIME_TEXT_LEN + 1];
	json_t *object;

	cfa_time_format_ms(cfa_now_ms() - config->reach_back_ms, start);
	object = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:I,s:i,s:b,s:i}",
					   "durable_name",
					   config->durable,
					   "deliver_subject",
					   consumer->deliver_subject,
					   "deliver_group",
					   config->durable,
					   "deliver_policy",
					   "by_start_time",
					   "opt_start_time",
					   start,
					   "ack_policy",
					   "explicit",
					   "replay_policy",
					   "instant",
					   "ack_wait",
					   (json_int_t) config->ack_wait_ms * NS_PER_MS,
					   "max_ack_pending",
					   (json_int_t) config->ack_pending_max,
					   "max_deliver",
					   -1,
					   "mem_storage",
					   1,
					   "num_replicas",
					   1);
	if (config->filter != NULL)
		json_object_set_new(object,
							"filter_subject",
							json_string(config->filter));
	return object;
}

static void
consumer_made(void *arg, const json_t *answer, const char *error)
{
	CfaConsumer *consumer = arg;
	const char *name = json_string_value(json_object_get(answer, "name"));

	if (error != NULL || name == NULL)
	{
		consumer->config.lost(consumer->config.arg,
							  error != NULL ? error : "refused");
		return;
	}
	consumer->is_ready = true;
	consumer->config.ready(consumer->config.arg,
						   json_integer_value(
							   json_object_get(answer, "num_pending")));
}

/* Heartbeats and flow control come as messages with a status and no data. */
static bool
handle_status(CfaConsumer *consumer, natsMsg *message)
{
	const char *reply = natsMsg_GetReply(message);
	const char *last = NULL;
	const char *stalled = NULL;

	if (reply != NULL && reply[0] != '\0')
		natsConnection_Publish(consumer->js->connection, reply, NULL, 0);
	if (natsMsgHeader_Get(message, "Nats-Consumer-Stalled", &stalled) ==
		NATS_OK)
		natsConnection_Publish(consumer->js->connection, stalled, NULL, 0);
	if (consumer->config.durable != NULL ||
		natsMsgHeader_Get(message, "Nats-Last-Consumer", &last) != NATS_OK)
		return true;
	if (strtoll(last, NULL, 10) + 1 == consumer->next_consumer_sequence)
		return true;
	consumer->config.lost(consumer->config.arg, "hole");
	return false;
}

static bool
handle_message(CfaConsumer *consumer, natsMsg *message)
{
	CfaDelivery delivery = {.message = message,
							.reply = natsMsg_GetReply(message)};

	if (cfa_js_parse_reply(delivery.reply, &delivery) != 0)
	{
		consumer->config.lost(consumer->config.arg, "invalid_reply");
		return false;
	}
	if (consumer->config.durable == NULL)
	{
		if (delivery.consumer_sequence != consumer->next_consumer_sequence)
		{
			consumer->config.lost(consumer->config.arg, "hole");
			return false;
		}
		consumer->next_consumer_sequence++;
		consumer->reached = delivery.sequence;
		consumer->moved_at_ms = consumer->last_heard_ms;
		consumer->behind_since_ms = 0;
		consumer->js->patience_ms = ORDERED_STALL_MS;
	}
	if (!consumer->config.message(consumer->config.arg, &delivery))
	{
		consumer->is_stopped = true;
		return false;
	}
	return true;
}

static int
respond(CfaJetstream *js, const char *reply, const char *text)
{
	return natsConnection_Publish(js->connection,
								  reply,
								  text,
								  (int) strlen(text)) == NATS_OK
			   ? 0
			   : -1;
}
