/* SPDX-License-Identifier: Apache-2.0 */
/*
 * projector.h: what the files of careforall-projector share.
 *
 * projector_main.c     settings, connections, health
 * projector_state.c    lease, checks, who does what next
 * projector_store.c    guarded transactions and the position in Redis
 * projector_batch.c    events of the stream become one transaction
 * projector_rebuild.c  the whole model from one snapshot of the database
 * projector_metrics.c  series
 * projector_model.c, projector_render.c, projector_seen.c (pure)
 *
 * The rule that all depends on: the model changes only in transactions that also
 * write cfa:position, and only while cfa:position is what this process last wrote
 * or read (WATCH). So a flush, another writer or an older copy of Redis is noticed
 * by the transaction that would have suffered from it.
 */
#ifndef CFA_PROJECTOR_H
#define CFA_PROJECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "careforall/backoff.h"
#include "careforall/buf.h"
#include "control.h"
#include "daemon.h"
#include "jetstream.h"
#include "nats_link.h"
#include "pg.h"
#include "projector_model.h"
#include "projector_seen.h"
#include "sink_redis.h"

#define CFA_STREAM "CAREFORALL"
#define CFA_PROJECTOR_BATCH_MAX 512
#define CFA_PROJECTOR_QUEUE_MAX 2048
#define CFA_PROJECTOR_CACHE_MAX 2048
#define CFA_PROJECTOR_BUCKETS 1024
#define CFA_PROJECTOR_CHUNK 100
#define CFA_KEY_MAX 160

typedef struct CfaProjector CfaProjector;

typedef enum CfaProjectorState
{
	CFA_PROJECTOR_WAITING,	/* for Redis or NATS */
	CFA_PROJECTOR_STANDBY,	/* another projector holds the lease */
	CFA_PROJECTOR_CHECKING, /* is the model in Redis good to go on from? */
	CFA_PROJECTOR_REBUILDING,
	CFA_PROJECTOR_FOLLOWING,
	CFA_PROJECTOR_PAUSED /* by an administrator */
} CfaProjectorState;

/* Where the model in Redis stands: the hash cfa:position. */
typedef struct CfaPosition
{
	int64_t epoch;	  /* number of the rebuild */
	int64_t sequence; /* of the last event applied or skipped */
	char stream_created[64];
	char event_id[CFA_UUID_LEN + 1]; /* of that event; "" if unknown */
	char database[64];
	CfaSnapshot snapshot; /* of the rebuild */
	CfaSeen seen;
} CfaPosition;

/* The stream as the server describes it. */
typedef struct CfaStreamInfo
{
	int64_t first;
	int64_t last;
	char created[64];
} CfaStreamInfo;

typedef struct CfaCached
{
	CfaModelCampaign *campaign;
	bool is_loaded;
	bool is_touched; /* figures or source changed in this batch */
	bool is_source_changed;
	int last_frame; /* index of its last frame in the batch; -1: none */
	int frames;		/* written since the old ones were removed */
	struct CfaCached *next;
} CfaCached;

/* What one event of the batch under way asks to be written. */
typedef struct CfaOutput
{
	CfaCached *cached;
	CfaModelChange change;
	int64_t sequence;
} CfaOutput;

/*
 * feed holds the frames for those who watch everything, one behind the other;
 * live the lines of the message on cfa:live.
 */
typedef struct CfaBatch
{
	bool is_busy;
	int events; /* of the queue's head in this batch */
	int loads;	/* campaigns still being read */
	int outputs_count;
	int64_t last_sequence;
	int64_t last_time_ms;
	char last_event_id[CFA_UUID_LEN + 1];
	CfaOutput outputs[CFA_PROJECTOR_BATCH_MAX];
	int64_t begun_us;	/* monotonic */
	int64_t applied_us; /* when its transaction was begun */
	CfaBuf live;
	CfaBuf feed;
	int feed_count;
	struct
	{
		int64_t sequence;
		size_t end; /* in feed */
	} feed_frames[CFA_PROJECTOR_BATCH_MAX];
} CfaBatch;

typedef struct CfaRebuild
{
	bool is_streaming;
	bool is_aborted;  /* rows that still come are thrown away */
	bool is_complete; /* all rows are here */
	bool has_position;
	int64_t total;
	int64_t done;
	int64_t logged_at_us;
	int64_t started_us;
	CfaPosition position; /* as it will be */
	char *snapshot_text;
	int count;
	struct
	{
		CfaModelCampaign *campaign;
		json_t *gifts;
	} chunk[CFA_PROJECTOR_CHUNK];
	CfaTimer retry;
} CfaRebuild;

typedef enum CfaEventResult
{
	CFA_RESULT_APPLIED,
	CFA_RESULT_STALE,
	CFA_RESULT_IGNORED,
	CFA_RESULT_DUPLICATE,
	CFA_RESULT_IN_SNAPSHOT,
	CFA_RESULT_UNREADABLE,
	CFA_RESULTS
} CfaEventResult;

typedef struct CfaProjectorMetrics
{
	CfaMetric events[CFA_RESULTS];
	CfaMetric batches;
	CfaMetric batch_size;
	CfaMetric delay;
	CfaMetric sequence;
	CfaMetric lag;
	CfaMetric state;
	CfaMetric ready;
	CfaMetric rebuilds;
	CfaMetric rebuild_done;
	CfaMetric rebuild_total;
	CfaMetric guard_lost;
	CfaMetric resyncs;
	CfaMetric cached;
	CfaMetric paused;
	CfaMetric losses[3];
} CfaProjectorMetrics;

typedef struct CfaProjectorConfig
{
	CfaDaemonConfig daemon;
	char *redis_url;
	char *redis_password;
	bool is_rebuild; /* --rebuild: once, then exit */
} CfaProjectorConfig;

typedef void (*CfaCommitted)(CfaProjector *projector, bool is_ok);

struct CfaProjector
{
	CfaDaemon daemon;
	CfaProjectorConfig config;
	CfaPg *pg;
	CfaNatsLink *nats;
	CfaJetstream *js;
	CfaRedis *redis;
	CfaConsumer *consumer;
	CfaProjectorState state;
	CfaProjectorMetrics metrics;
	char token[40];	   /* names this process in the lease */
	char database[64]; /* identity by PostgreSQL; "" while unknown */
	bool is_stopping;
	bool is_model_ready;  /* cfa:ready is set */
	bool is_forced;		  /* rebuild at the next check */
	bool is_rebuild_told; /* --rebuild: the leader was told */
	bool is_check_due;	  /* a check was asked for and waits for its turn */
	int64_t ready_target; /* sequence to reach before cfa:ready is set */
	int64_t lag;
	CfaControl pause; /* whether it may work */
	CfaStreamInfo stream;
	CfaPosition position;
	CfaCommitted committed; /* of the transaction under way; NULL: none */
	int transactions_open;	/* sent and not answered, given up or not */
	bool is_exec_ok;
	int64_t guard_sequence; /* what cfa:position must say after it; -1: none */
	CfaCached *cache[CFA_PROJECTOR_BUCKETS];
	int cache_count;
	int queue_count;
	CfaModelEvent queue[CFA_PROJECTOR_QUEUE_MAX];
	CfaBatch batch;
	CfaRebuild rebuild;
	CfaBackoff backoff;
	CfaTimer tick;
	CfaTimer resync;
	CfaTimer pace; /* when to begin the next batch */
};

/* ---- projector_state.c */

/* To be called when Redis or NATS came or went. */
void cfa_projector_connected(CfaProjector *projector);
void cfa_projector_disconnected(CfaProjector *projector);

/* Throws away all that is in memory and checks again after a growing delay. */
void cfa_projector_resync(CfaProjector *projector, const char *reason);

/* Reads the position and the stream, then follows or rebuilds. */
void cfa_projector_check(CfaProjector *projector);

/* PostgreSQL is up: which database is it? */
void cfa_projector_ask_identity(CfaProjector *projector);

/* After each transaction: may the model be called whole? */
void cfa_projector_try_ready(CfaProjector *projector);

void cfa_projector_tick(void *arg);

/* For CfaControl. */
void cfa_projector_describe(void *arg, CfaControlReport *report);
void cfa_projector_hold(void *arg, bool is_held);
const char *cfa_projector_state_name(CfaProjectorState state);

/* ---- projector_store.c */

/*
 * A transaction: begin, any number of CFA_REDIS_SEND(), commit. All of it must
 * happen in one turn of the loop. committed is called once, unless the connection
 * goes; is_ok is false if nothing was written because cfa:position had changed.
 */
void cfa_store_begin(CfaProjector *projector);
void cfa_store_commit(CfaProjector *projector, int64_t guard_sequence,
					  CfaCommitted committed);

/* Adds the command that writes the position of a batch. */
void cfa_store_put_position(CfaProjector *projector, int64_t sequence,
							const char *event_id);

/* Adds the commands for a campaign's documents and figures. */
void cfa_store_put_campaign(CfaProjector *projector, CfaModelCampaign *campaign,
							int64_t epoch, bool is_source_changed);

/* 0, or -1 if the reply of cfa_store_read_position() is no whole position. */
int cfa_store_parse_position(CfaPosition *position, const redisReply *reply);
void cfa_position_clear(CfaPosition *position);

/* Watches cfa:position and reads it. */
int cfa_store_read_position(CfaProjector *projector, CfaRedisFn fn);

/* Writes "cfa:<kind>:<id>". */
const char *cfa_store_key(char *buf, const char *kind, const char *id);

/* ---- projector_batch.c */

void cfa_batch_follow(CfaProjector *projector);
void cfa_batch_pump(CfaProjector *projector);

/* Forgets queue, batch and cache. */
void cfa_batch_reset(CfaProjector *projector);

/*
 * The message on cfa:live is lines: "e EPOCH" first, then one line a frame:
 *   c CAMPAIGN SEQUENCE FRAME   r CAMPAIGN SEQUENCE FRAME (a reset)
 *   p PLEDGE VERSION FRAME      a SEQUENCE (cfa:feed has grown to there)
 */
void cfa_live_begin(CfaProjector *projector, CfaBuf *lines);
void cfa_live_add(CfaBuf *lines, char kind, const char *id, int64_t number,
				  const char *frame);
void cfa_live_publish(CfaProjector *projector, CfaBuf *lines);

/* ---- projector_rebuild.c */

void cfa_rebuild_start(CfaProjector *projector, const char *reason);
void cfa_rebuild_reset(CfaProjector *projector);
void cfa_rebuild_stop(CfaProjector *projector);

/* ---- projector_metrics.c */

void cfa_projector_metrics_init(CfaProjector *projector);
void cfa_projector_metrics_refresh(CfaProjector *projector);

#endif
