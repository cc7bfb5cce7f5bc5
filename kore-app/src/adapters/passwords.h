/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_PASSWORDS_H
#define CFA_APP_PASSWORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "adapters/password_rules.h"

#define CFA_PASSWORD_HASH_MAX 128 /* of a PHC string, with its NUL */
#define CFA_PEPPER_ID_LEN 16
#define CFA_PASSWORD_THREADS_MAX 16
#define CFA_PASSWORD_QUEUE_MAX 1024

/* The least that OWASP takes for one lane; settings may only raise it. */
#define CFA_PASSWORD_MEMORY_MIN_KIB 19456
#define CFA_PASSWORD_MEMORY_MAX_KIB 1048576
#define CFA_PASSWORD_PASSES_MIN 2
#define CFA_PASSWORD_PASSES_MAX 16

typedef struct CfaPasswordSettings
{
	int64_t threads; /* of each worker */
	int64_t queue;	 /* jobs that may wait in each worker */
	int64_t memory_kib;
	int64_t passes;
	const char *peppers; /* hexadecimal, a comma list; "" for none */
} CfaPasswordSettings;

typedef enum CfaPasswordWork
{
	CFA_PASSWORD_HASH,	/* hash the new one */
	CFA_PASSWORD_CHECK, /* check; hash again if the hash is too weak by now */
	CFA_PASSWORD_CHANGE /* check the old one, then hash the new one */
} CfaPasswordWork;

/* What is to be done; all is copied. */
typedef struct CfaPasswordJob
{
	CfaPasswordWork work;
	const char *password;	  /* to check, or to hash */
	const char *new_password; /* of CFA_PASSWORD_CHANGE */
	const char *hash;	   /* to check against; NULL: none, which never fits */
	const char *pepper_id; /* of hash */
} CfaPasswordJob;

/* What came of it, for the length of the callback. */
typedef struct CfaPasswordResult
{
	bool has_failed; /* no memory, or too late: nothing is known */
	bool is_match;
	const char *new_hash; /* PHC string; NULL: there is none */
	const char *new_pepper_id;
} CfaPasswordResult;

typedef void (*CfaPasswordDone)(void *arg, const CfaPasswordResult *result);

/* In the parent. 0, or -1 with a sentence in error. */
int cfa_passwords_configure(const CfaPasswordSettings *settings, char *error,
							size_t error_size);

/* In a worker: starts its threads. */
void cfa_passwords_start(void);

/*
 * A key for another use of a pepper, which differs with the purpose: of the pepper
 * with that id, or (id NULL) of the one for new hashes. Gives the id, which is ""
 * without peppers; NULL if there is no such pepper.
 */
#define CFA_PEPPER_KEY_SIZE 32
const char *cfa_pepper_key(const char *id, const char *purpose,
						   uint8_t key[CFA_PEPPER_KEY_SIZE]);

/*
 * Takes a place for one job; false if too many wait already. A place is used up
 * by running a job, or given back.
 */
bool cfa_passwords_reserve(void);
void cfa_passwords_release(void);

/*
 * Hands a job to the threads, for a place that was taken. done is called once,
 * from the loop. A check without a hash takes the time of one with.
 */
void cfa_passwords_run(const CfaPasswordJob *job, CfaPasswordDone done,
					   void *arg);

#endif
