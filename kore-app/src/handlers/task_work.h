/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_TASK_WORK_H
#define CFA_APP_TASK_WORK_H

/* In a worker, once: from now on it works on tasks. */
void cfa_task_work_start(void);

/* A task is being made: look for it at once, and again until it is there. */
void cfa_task_work_soon(void);

#endif
