/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_HEALTH_H
#define CFA_APP_HEALTH_H

struct CfaCtx;

/* GET /healthz: the worker turns; touches nothing else. */
void api_healthz(struct CfaCtx *ctx);

/* GET /readyz: whether pledges can be taken, by what was learned of late. */
void api_readyz(struct CfaCtx *ctx);

/* GET /metrics: all workers' series as Prometheus text. */
void api_metrics(struct CfaCtx *ctx);

/* GET /metrics/database: what the database tells of itself, the same way. */
void api_metrics_database(struct CfaCtx *ctx);

/* In a worker: begins to watch the read model's state. */
void cfa_health_start(void);

#endif
