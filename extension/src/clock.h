/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.h
 *	  The time that deciding code goes by.
 */
#ifndef CFA_CLOCK_H
#define CFA_CLOCK_H

#include "postgres.h"

#include "datatype/timestamp.h"

/* Start of the running statement, moved by careforall.clock_set(). */
extern TimestampTz cfa_clock_now(void);

#endif /* CFA_CLOCK_H */
