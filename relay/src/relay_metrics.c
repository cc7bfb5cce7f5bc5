/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay_metrics.c: registers the series of careforall-relay.
 */
#include "relay_metrics.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const double seconds_bounds[] = {0.00025,
										0.0005,
										0.001,
										0.0025,
										0.005,
										0.01,
										0.025,
										0.05,
										0.1,
										0.25,
										0.5,
										1,
										2.5,
										5,
										30};
static const double batch_bounds[] =
	{1, 2, 5, 10, 50, 100, 500, 1000, 5000, 10000, 100000, 1000000};

static CfaMetric
counter(CfaRelayMetrics *metrics, const char *name, const char *help)
{
	return cfa_metrics_counter(metrics->registry, name, help, NULL, 1);
}

static CfaMetric
labelled(CfaRelayMetrics *metrics, const char *name, const char *help,
		 const char *label, const char *value)
{
	char labels[64];

	cfa_metrics_labels(labels, sizeof(labels), label, value, (char *) NULL);
	return cfa_metrics_counter(metrics->registry, name, help, labels, 1);
}

static CfaMetric
gauge(CfaRelayMetrics *metrics, const char *name, const char *help,
	  double scale)
{
	return cfa_metrics_gauge(metrics->registry, name, help, NULL, scale);
}

static CfaMetric
seconds(CfaRelayMetrics *metrics, const char *name, const char *help)
{
	return cfa_metrics_histogram(metrics->registry,
								 name,
								 help,
								 NULL,
								 1e-6,
								 seconds_bounds,
								 ARRAY_SIZE(seconds_bounds));
}

static void
init_counters(CfaRelayMetrics *m)
{
	static const char refused[] = "careforall_relay_refused_total";
	static const char refused_help[] =
		"Messages that the stream did not store, by reason.";
	static const char lost[] = "careforall_relay_connections_lost_total";
	static const char lost_help[] =
		"Connections lost after they had been up, by server.";

	m->published = counter(m,
						   "careforall_relay_published_total",
						   "Messages sent to the stream.");
	m->acknowledged = counter(m,
							  "careforall_relay_acknowledged_total",
							  "Messages that the stream has stored.");
	m->replayed = counter(m,
						  "careforall_relay_replayed_total",
						  "Messages sent again by a replay.");
	m->skipped = counter(m,
						 "careforall_relay_skipped_total",
						 "Events that the stream had already after a resync.");
	m->parked = counter(m,
						"careforall_relay_parked_total",
						"Events parked because they cannot be published.");
	m->refused_chain = labelled(m, refused, refused_help, "reason", "chain");
	m->refused_poison = labelled(m, refused, refused_help, "reason", "poison");
	m->refused_wait = labelled(m, refused, refused_help, "reason", "wait");
	m->refused_other = labelled(m, refused, refused_help, "reason", "other");
	m->duplicates = counter(m,
							"careforall_relay_duplicates_total",
							"Messages that the stream knew already.");
	m->batches = counter(m,
						 "careforall_relay_batches_total",
						 "Batches read from the outbox, empty ones too.");
	m->resyncs = counter(m,
						 "careforall_relay_resyncs_total",
						 "Times that the relay began again from stream and "
						 "database.");
	m->stream_losses = counter(m,
							   "careforall_relay_stream_losses_total",
							   "Times that the stream held less than it had "
							   "acknowledged.");
	m->sleeps = counter(m,
						"careforall_relay_sleeps_total",
						"Times that the relay went to sleep.");
	m->notifications = counter(m,
							   "careforall_relay_notifications_total",
							   "Wake-ups by notification.");
	m->missed_wakeups = counter(m,
								"careforall_relay_missed_wakeups_total",
								"Events found by a safety poll that no "
								"notification told of.");
	m->foreign = counter(m,
						 "careforall_relay_foreign_messages_total",
						 "Messages in the tail of the stream that no relay "
						 "wrote.");
	m->checkpoints = counter(m,
							 "careforall_relay_checkpoints_total",
							 "Checkpoints written.");
	m->lost_pg = labelled(m, lost, lost_help, "server", "postgresql");
	m->lost_nats = labelled(m, lost, lost_help, "server", "nats");
}

static void
init_gauges(CfaRelayMetrics *m)
{
	m->is_ready =
		gauge(m, "careforall_relay_ready", "1 while /readyz says 200.", 1);
	m->broker_silent = gauge(m,
							 "careforall_relay_broker_silent_seconds",
							 "Time since JetStream last answered; 0 when "
							 "standing by.",
							 1e-6);
	m->window_used = gauge(m,
						   "careforall_relay_window_used",
						   "Messages sent and not acknowledged yet.",
						   1);
	m->window_size = gauge(m,
						   "careforall_relay_window_size",
						   "Most messages that may be unacknowledged.",
						   1);
	m->is_leader =
		gauge(m, "careforall_relay_leader", "1 if this relay leads.", 1);
	m->is_flowing = gauge(m,
						  "careforall_relay_flowing",
						  "1 if this relay leads and publishes.",
						  1);
	m->is_asleep = gauge(m,
						 "careforall_relay_asleep",
						 "1 if the relay waits for a notification.",
						 1);
	m->is_paused = gauge(m,
						 "careforall_relay_paused",
						 "1 while an administrator has paused the relay.",
						 1);
	m->epoch = gauge(m,
					 "careforall_relay_epoch",
					 "Number of the present lead; 0 when standing by.",
					 1);
	m->checkpoint_age = gauge(m,
							  "careforall_relay_checkpoint_age_seconds",
							  "Time since this relay wrote a checkpoint.",
							  1e-6);
	m->lag_events = gauge(m,
						  "careforall_relay_lag_events",
						  "Committed events behind the newest checkpoint, "
						  "counted to 100000.",
						  1);
	m->lag_seconds = gauge(m,
						   "careforall_relay_lag_seconds",
						   "Age of the oldest event behind the newest "
						   "checkpoint.",
						   1e-3);
	m->parked_aggregates = gauge(m,
								 "careforall_relay_parked_aggregates",
								 "Aggregates whose events wait for a decision.",
								 1);
	m->stream_seq = gauge(m,
						  "careforall_relay_stream_sequence",
						  "Last sequence that the stream acknowledged.",
						  1);
}

void
cfa_relay_metrics_init(CfaRelayMetrics *metrics, CfaMetrics *registry)
{
	CfaRelayMetrics *m = metrics;

	m->registry = registry;
	init_counters(m);
	m->batch_events =
		cfa_metrics_histogram(registry,
							  "careforall_relay_batch_events",
							  "Events in a batch that was not empty.",
							  NULL,
							  1,
							  batch_bounds,
							  ARRAY_SIZE(batch_bounds));
	m->delay = seconds(m,
					   "careforall_relay_delay_seconds",
					   "From the insert of an event to its acknowledgement.");
	m->ack_time = seconds(m,
						  "careforall_relay_ack_seconds",
						  "From sending a message to its acknowledgement.");
	init_gauges(m);
}
