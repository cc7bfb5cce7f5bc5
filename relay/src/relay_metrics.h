/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay_metrics.h: the figures of careforall-relay; README.md lists them.
 */
#ifndef CFA_RELAY_METRICS_H
#define CFA_RELAY_METRICS_H

#include "careforall/metrics.h"

typedef struct CfaRelayMetrics
{
	CfaMetrics *registry;
	CfaMetric published;
	CfaMetric acknowledged;
	CfaMetric skipped;
	CfaMetric parked;
	CfaMetric refused_chain;
	CfaMetric refused_poison;
	CfaMetric refused_wait;
	CfaMetric refused_other;
	CfaMetric duplicates;
	CfaMetric batches;
	CfaMetric batch_events;
	CfaMetric delay;
	CfaMetric ack_time;
	CfaMetric resyncs;
	CfaMetric stream_losses;
	CfaMetric sleeps;
	CfaMetric notifications;
	CfaMetric missed_wakeups;
	CfaMetric checkpoints;
	CfaMetric lost_pg;
	CfaMetric lost_nats;
	CfaMetric replayed;
	CfaMetric foreign;
	CfaMetric is_ready;
	CfaMetric broker_silent;
	CfaMetric window_used;
	CfaMetric window_size;
	CfaMetric is_leader;
	CfaMetric is_flowing;
	CfaMetric is_asleep;
	CfaMetric is_paused;
	CfaMetric epoch;
	CfaMetric checkpoint_age;
	CfaMetric lag_events;
	CfaMetric lag_seconds;
	CfaMetric parked_aggregates;
	CfaMetric stream_seq;
} CfaRelayMetrics;

/* Registers all series. */
void cfa_relay_metrics_init(CfaRelayMetrics *metrics, CfaMetrics *registry);

#endif
