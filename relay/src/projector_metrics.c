/* SPDX-License-Identifier: Apache-2.0 */
/*
 * projector_metrics.c: the series of careforall-projector.
 */
#include "projector.h"

static const char *const result_names[CFA_RESULTS] = {
	[CFA_RESULT_APPLIED] = "applied",
	[CFA_RESULT_STALE] = "stale",
	[CFA_RESULT_IGNORED] = "ignored",
	[CFA_RESULT_DUPLICATE] = "duplicate",
	[CFA_RESULT_IN_SNAPSHOT] = "in_snapshot",
	[CFA_RESULT_UNREADABLE] = "unreadable",
};

static const double delay_bounds[] =
	{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 30};
static const double batch_bounds[] = {1, 2, 4, 8, 16, 32, 64, 128, 256};

static void init_counters(CfaProjector *projector);
static void init_gauges(CfaProjector *projector);

void
cfa_projector_metrics_init(CfaProjector *projector)
{
	init_counters(projector);
	init_gauges(projector);
}

void
cfa_projector_metrics_refresh(CfaProjector *projector)
{
	CfaMetrics *metrics = projector->daemon.metrics;
	const CfaProjectorMetrics *m = &projector->metrics;

	cfa_metrics_set(metrics, m->sequence, projector->position.sequence);
	cfa_metrics_set(metrics, m->lag, projector->lag + projector->queue_count);
	cfa_metrics_set(metrics, m->state, projector->state);
	cfa_metrics_set(metrics, m->ready, projector->is_model_ready ? 1 : 0);
	cfa_metrics_set(metrics, m->rebuild_done, projector->rebuild.done);
	cfa_metrics_set(metrics, m->rebuild_total, projector->rebuild.total);
	cfa_metrics_set(metrics, m->cached, projector->cache_count);
	cfa_metrics_set(metrics,
					m->losses[0],
					(int64_t) cfa_nats_losses(projector->nats));
	cfa_metrics_set(metrics,
					m->losses[1],
					(int64_t) cfa_pg_losses(projector->pg));
	cfa_metrics_set(metrics,
					m->losses[2],
					(int64_t) cfa_redis_losses(projector->redis));
}

static void
init_counters(CfaProjector *projector)
{
	static const char *const connections[] = {"nats", "postgresql", "redis"};
	CfaMetrics *metrics = projector->daemon.metrics;
	CfaProjectorMetrics *m = &projector->metrics;
	char labels[64];

	for (int i = 0; i < CFA_RESULTS; i++)
		m->events[i] =
			cfa_metrics_counter(metrics,
								"careforall_projector_events_total",
								"Events of the stream, by what became of them.",
								cfa_metrics_labels(labels,
												   sizeof(labels),
												   "result",
												   result_names[i],
												   NULL),
								1);
	for (int i = 0; i < 3; i++)
		m->losses[i] = cfa_metrics_counter(metrics,
										   "careforall_projector_losses_total",
										   "Connections lost.",
										   cfa_metrics_labels(labels,
															  sizeof(labels),
															  "connection",
															  connections[i],
															  NULL),
										   1);
	m->batches = cfa_metrics_counter(metrics,
									 "careforall_projector_batches_total",
									 "Transactions that applied events.",
									 NULL,
									 1);
	m->rebuilds = cfa_metrics_counter(metrics,
									  "careforall_projector_rebuilds_total",
									  "Rebuilds of the read model begun.",
									  NULL,
									  1);
	m->guard_lost = cfa_metrics_counter(
		metrics,
		"careforall_projector_guard_lost_total",
		"Transactions not done because the position had changed.",
		NULL,
		1);
	m->resyncs = cfa_metrics_counter(
		metrics,
		"careforall_projector_resyncs_total",
		"Times it had to check again where the read model stands.",
		NULL,
		1);
	m->batch_size =
		cfa_metrics_histogram(metrics,
							  "careforall_projector_batch_events",
							  "Events in one transaction.",
							  NULL,
							  1,
							  batch_bounds,
							  sizeof(batch_bounds) / sizeof(batch_bounds[0]));
	m->delay =
		cfa_metrics_histogram(metrics,
							  "careforall_projector_delay_seconds",
							  "Time from an event to the read model.",
							  NULL,
							  1e-3,
							  delay_bounds,
							  sizeof(delay_bounds) / sizeof(delay_bounds[0]));
}

static void
init_gauges(CfaProjector *projector)
{
	CfaMetrics *metrics = projector->daemon.metrics;
	CfaProjectorMetrics *m = &projector->metrics;

	m->sequence = cfa_metrics_gauge(metrics,
									"careforall_projector_sequence",
									"Stream sequence of the read model.",
									NULL,
									1);
	m->lag = cfa_metrics_gauge(metrics,
							   "careforall_projector_lag_events",
							   "Events of the stream not applied yet.",
							   NULL,
							   1);
	m->state = cfa_metrics_gauge(
		metrics,
		"careforall_projector_state",
		"0 waiting, 1 standing by, 2 checking, 3 rebuilding, 4 following, 5 "
		"paused.",
		NULL,
		1);
	m->ready = cfa_metrics_gauge(metrics,
								 "careforall_projector_model_ready",
								 "1 when the read model is whole and served.",
								 NULL,
								 1);
	m->rebuild_done = cfa_metrics_gauge(metrics,
										"careforall_projector_rebuild_done",
										"Campaigns written by this rebuild.",
										NULL,
										1);
	m->rebuild_total =
		cfa_metrics_gauge(metrics,
						  "careforall_projector_rebuild_campaigns",
						  "Campaigns of this rebuild in all.",
						  NULL,
						  1);
	m->paused =
		cfa_metrics_gauge(metrics,
						  "careforall_projector_paused",
						  "1 while an administrator has paused the projector.",
						  NULL,
						  1);
	m->cached = cfa_metrics_gauge(metrics,
								  "careforall_projector_cached_campaigns",
								  "Campaigns kept in memory.",
								  NULL,
								  1);
}
