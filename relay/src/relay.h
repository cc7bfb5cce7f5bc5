/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay.h: careforall-relay as one object, and what its modules offer each other.
 *
 *   relay_lead.c     the control session: leadership, checkpoints, parked events
 *   relay_contract.c what a stream must be, and the one that is made
 *   relay_guard.c    whether anybody may write to it
 *   relay_stream.c   the stream: what it is and holds, its tail
 *   relay_source.c   the reader session: batches between two snapshots, sleeping
 *   relay_replay.c   published events again
 *   relay_publish.c  the window: messages out, acknowledgements in
 *   relay.c          the phases; every doubt ends in cfa_relay_resync()
 *
 * One thread owns all of it. README.md tells the life of a batch.
 */
#ifndef CFA_RELAY_H
#define CFA_RELAY_H

#include <nats/nats.h>
#include <stdbool.h>
#include <stdint.h>

#include "careforall/backoff.h"
#include "control.h"
#include "daemon.h"
#include "jetstream.h"
#include "loop.h"
#include "nats_link.h"
#include "pg.h"
#include "relay_event.h"
#include "relay_ids.h"
#include "relay_metrics.h"
#include "relay_span.h"
#include "relay_window.h"

#define CFA_RELAY_CONSUMER "relay"
#define CFA_RELAY_REASON_MAX 256
#define CFA_CONTRACT_REASON_MAX 1024
#define CFA_UUID_TEXT (CFA_UUID_TEXT_LEN + 1)
/* The reason that relay_park() knows: the event itself is fine. */
#define CFA_REASON_AGGREGATE "aggregate is parked"

typedef struct CfaRelayConfig
{
	CfaDaemonConfig daemon;
	int64_t window;
	int64_t poll_ms;
	int64_t sleep_after_ms;
	int64_t checkpoint_ms;
	int64_t lag_limit_ms;
	char *stream;
	int64_t stream_max_age_ms;
	int64_t stream_messages; /* 0: no limit */
	int64_t stream_replicas;
	int64_t stream_window_ms; /* in which the stream knows an id again */
	bool stream_open;
	bool stream_provision;
} CfaRelayConfig;

/* What a stream must keep to be used. */
typedef struct CfaContract
{
	int64_t retention_ms; /* of the outbox; max_age has to be longer */
	int64_t messages_min; /* 0: there must be no limit */
	int64_t window_min_ms;
	int64_t replicas_min;
} CfaContract;

/* Whether anybody may write to the stream. */
typedef enum CfaGuardState
{
	CFA_GUARD_UNKNOWN,
	CFA_GUARD_ASKING,
	CFA_GUARD_CLOSED,
	CFA_GUARD_OPEN
} CfaGuardState;

typedef struct CfaGuard CfaGuard;

typedef enum CfaRelayPhase
{
	CFA_RELAY_STANDBY, /* another relay leads, or the database is away */
	CFA_RELAY_WAIT,	   /* leads; waits for NATS or for the next try */
	CFA_RELAY_STREAM,  /* asks what the stream is and holds */
	CFA_RELAY_START,   /* asks the database where to go on */
	CFA_RELAY_TAIL,	   /* reads the ids of the stream's tail */
	CFA_RELAY_FLOW,	   /* reads batches and publishes */
	CFA_RELAY_STOPPING /* waits for the last acknowledgements */
} CfaRelayPhase;

typedef enum CfaSleep
{
	CFA_AWAKE,
	CFA_DOZING, /* the writers are being told; one more look is to come */
	CFA_ASLEEP	/* waits for a notification */
} CfaSleep;

typedef struct CfaStreamState
{
	bool is_known;
	int64_t window_ms; /* in which it knows an id again */
	char created[48];
	uint64_t first_seq;
	uint64_t last_seq;
	int64_t message_size_max; /* of headers and data */
} CfaStreamState;

/* The batch that is being read. */
typedef struct CfaBatch
{
	bool is_open;	  /* its statement runs */
	bool is_released; /* of parked events, not of the outbox */
	char *snapshot;	  /* its upper edge; NULL until the first row came */
	int64_t rows;
	int64_t last_outbox_id;
	int64_t started_us;
} CfaBatch;

/* The replay that is being carried out; see relay_replay.c. */
typedef struct CfaReplay
{
	int64_t id; /* 0: none */
	CfaPg *pg;
	int64_t position; /* outbox id; reading goes on above it */
	int64_t first_id;
	int64_t last_id;
	char *from_time; /* NULL: open */
	char *to_time;
	int64_t requested_ms;
	bool is_asking;
	bool is_held_back; /* waits for room in the window */
	bool is_read;	   /* all rows of the statement have come */
	bool is_last_part; /* and none was too young for it */
	uint64_t last_ordinal;
	int64_t asked_us;
	int64_t rest_until_us;
	int64_t tail_id; /* the replay to look for in the stream's tail */
	int64_t tail_position;
	int64_t tail_count;
} CfaReplay;

typedef struct CfaRelay
{
	const CfaRelayConfig *config;
	CfaDaemon *daemon;
	CfaLoop *loop;
	CfaRelayMetrics metrics;
	CfaRelayPhase phase;
	char reason[CFA_RELAY_REASON_MAX]; /* why it does not flow */
	/* The last resync's reason until something is acknowledged, "" for none. */
	char doubt[CFA_RELAY_REASON_MAX];
	CfaBackoff backoff;
	CfaTimer teardown; /* the rest of a resync, outside of callbacks */
	CfaTimer retry;	   /* the next try after a resync */
	CfaTimer tick;	   /* each second: deadlines, figures */
	CfaTimer deadline; /* by when a stop has to be over */
	bool is_retry_due; /* the delay after a resync is over */
	CfaControl pause;  /* whether it may publish */
	bool is_stopping;

	/* relay_lead.c */
	CfaPg *control;
	CfaTimer lead_timer;
	CfaTimer checkpoint_timer;
	bool is_asking;	 /* for the lead */
	bool is_standby; /* asked, and another relay leads */
	int64_t epoch;	 /* 0: does not lead */
	char holder[128];
	int64_t silent_check_us;
	int64_t nats_seen_us; /* when the connection last stood */
	bool is_checkpointing;
	uint64_t checkpoint_seq; /* of the newest one written in this epoch */
	int64_t checkpoint_us;	 /* when; 0: none yet since the resync */
	int64_t prune_us;
	CfaIds parked;			  /* aggregate -> first parked outbox id */
	CfaIds dropped;			  /* events that were given up */
	int64_t poison_outbox_id; /* refused by the server for good; 0: none */
	int64_t *sent_released;	  /* outbox ids to be marked with the checkpoint */
	size_t sent_released_count;
	uint64_t released_ordinal; /* they are stored when this one is */
	bool has_released;		   /* some may be there to be published */
	int64_t retention_ms;	   /* how long the outbox keeps events */
	CfaIds blocked; /* aggregates that the released batch has to leave */
	int64_t parks_since_load;
	int64_t lag_us; /* when the lag was asked for */

	/* relay_stream.c, relay_publish.c */
	CfaNatsLink *nats;
	CfaJetstream *js;
	CfaTimer js_timer; /* polls on while messages are queued */
	CfaConsumer *tail;
	CfaStreamState stream;
	uint64_t tail_from; /* sequences above it are the tail */
	int64_t tail_heard_us;
	CfaIds done; /* events of the tail */
	CfaGuard *guard;
	int64_t broker_heard_us; /* the last answer of JetStream */
	bool is_probing;
	uint64_t probe_ordinal; /* the last message sent before the probe */
	char inbox[96];
	CfaRelaySpans spans;
	CfaWindow window;
	char previous[CFA_UUID_TEXT]; /* the event sent last, "" at first */
	bool is_held_back;			  /* the reader waits for room in the window */

	CfaReplay replay; /* relay_replay.c */

	/* relay_source.c */
	CfaPg *reader;
	CfaTimer poll;
	char *snapshot; /* batches start here; NULL: everything retained */
	CfaBatch batch;
	bool is_first_batch; /* since the resync: tail ids are being skipped */
	CfaSleep sleep;
	int64_t last_event_us;
	bool is_told; /* the writers know that the relay sleeps */
	bool is_safety_poll;
	bool is_wake_missing; /* a safety poll found events; no word came so far */
} CfaRelay;

/* ---- relay.c */

void cfa_relay_init(CfaRelay *relay, const CfaRelayConfig *config,
					CfaDaemon *daemon);
void cfa_relay_start(CfaRelay *relay);
void cfa_relay_clear(CfaRelay *relay);

/* TERM: no new batch, wait for the window, checkpoint, resign, stop the loop. */
void cfa_relay_stop(void *arg);
bool cfa_relay_is_ready(void *arg, CfaBuf *reason);
void cfa_relay_refresh(void *arg);

/*
 * Something is not as it must be: forgets window and connection and begins again
 * from what stream and database say. May be called from anywhere; the phase changes
 * at once, connections are dropped in the next turn.
 */
void cfa_relay_resync(CfaRelay *relay, const char *reason);

/* An error that no new try mends: the process ends with CFA_EXIT_FAILED. */
void cfa_relay_fail(CfaRelay *relay, const char *event, const char *reason);

/* Steps from one phase to the next, called by the modules. */
void cfa_relay_lead_won(CfaRelay *relay);
void cfa_relay_lead_lost(CfaRelay *relay, const char *reason);
void cfa_relay_guarded(CfaRelay *relay);
void cfa_relay_stream_known(CfaRelay *relay);
void cfa_relay_start_known(CfaRelay *relay, const char *snapshot,
						   int64_t stream_seq, bool is_foreign, bool has_lost);
void cfa_relay_tail_known(CfaRelay *relay);
void cfa_relay_window_moved(CfaRelay *relay);

/* ---- relay_lead.c */

void cfa_lead_init(CfaRelay *relay);
void cfa_lead_clear(CfaRelay *relay);
void cfa_lead_ask_start(CfaRelay *relay);
/* Writes a checkpoint if one is due, or else a sign of life. */
void cfa_lead_checkpoint(CfaRelay *relay, bool is_forced);
void cfa_lead_park(CfaRelay *relay, const CfaRow *row, const char *reason);
void cfa_lead_resign(CfaRelay *relay);

/* ---- relay_stream.c */

void cfa_stream_ask(CfaRelay *relay);
void cfa_stream_read_tail(CfaRelay *relay);
void cfa_stream_end_tail(CfaRelay *relay);

/* While nothing is acknowledged: asks the stream whether it is what it was. */
void cfa_stream_probe(CfaRelay *relay);

/* ---- relay_contract.c */

/* NULL if a stream with these settings can be used, else what has to change. */
const char *cfa_contract_check(const CfaContract *contract,
							   const json_t *settings, char *reason,
							   size_t size);

/* The settings of a new stream; a new reference. */
json_t *cfa_contract_settings(const CfaRelayConfig *config);

/* ---- relay_guard.c */

CfaGuard *cfa_guard_new(CfaRelay *relay);
void cfa_guard_free(CfaGuard *guard);

/* Begins to look if nothing is known yet; cfa_relay_guarded() tells the end. */
CfaGuardState cfa_guard_state(CfaGuard *guard);

/* ---- relay_source.c */

void cfa_source_init(CfaRelay *relay);
void cfa_source_clear(CfaRelay *relay);
void cfa_source_start(CfaRelay *relay);
void cfa_source_stop(CfaRelay *relay);
void cfa_source_room(CfaRelay *relay); /* there is room in the window again */
void cfa_source_notified(CfaRelay *relay);

/* ---- relay_publish.c */

bool cfa_publish_open(CfaRelay *relay); /* the inbox, on a new connection */
void cfa_publish_close(CfaRelay *relay);
/* An answer to a message, and the end of those that came together. */
void cfa_publish_answer(void *arg, const CfaWireMessage *message);
void cfa_publish_answered(void *arg);
/* Nothing more may be sent for now. */
bool cfa_publish_is_full(const CfaRelay *relay);
/* Decides about a row: skip, park or send. False if it is parked. */
bool cfa_publish_row(CfaRelay *relay, const CfaRow *row);
/* Sends an event of a replay; false if it was never published. */
bool cfa_publish_again(CfaRelay *relay, const CfaRow *row, int64_t replay);

/* ---- relay_replay.c */

void cfa_replay_tick(CfaRelay *relay);
void cfa_replay_stop(CfaRelay *relay);
void cfa_replay_room(CfaRelay *relay);
/* Before each checkpoint: what is on the stream has to be noted first. */
void cfa_replay_note(CfaRelay *relay);
/* The stream knows an event still: waits until it does not. */
void cfa_replay_rest(CfaRelay *relay);
/* For a stop: what is under way is still noted. */
void cfa_replay_stop_reading(CfaRelay *relay);
/* What is on the stream behind the last checkpoint is noted before anything else. */
void cfa_replay_ask_position(CfaRelay *relay);
void cfa_replay_tail_known(CfaRelay *relay);
/* A message of a replay in the stream's tail. */
void cfa_replay_tail(CfaRelay *relay, const char *replay_id, int64_t outbox_id);

#endif
