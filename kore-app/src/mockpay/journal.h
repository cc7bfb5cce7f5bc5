/* SPDX-License-Identifier: Apache-2.0 */
/*
 * journal.h
 *	  An append-only file of JSON lines, so that the provider survives kill -9.
 *
 * One line is one transaction: an array of records that are all applied or not
 * at all. A last line without its newline was cut by a crash and is dropped.
 */
#ifndef CFA_MOCK_JOURNAL_H
#define CFA_MOCK_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <jansson.h>

typedef enum CfaMockSync
{
	CFA_MOCK_SYNC_OS,	  /* survives a crash of the process */
	CFA_MOCK_SYNC_ALWAYS, /* fdatasync each line: survives a power cut too */
} CfaMockSync;

typedef struct CfaMockJournal
{
	int fd; /* -1: closed */
	char *path;
	CfaMockSync sync;
	off_t length;	   /* of whole lines */
	size_t records;	   /* in the file */
	size_t torn_bytes; /* dropped from the end when it was opened */
	char error[256];   /* why the last call failed */
} CfaMockJournal;

/* Called once for each record of a replay; false stops it as damaged. */
typedef bool (*CfaMockReplay)(void *context, const json_t *record);

/* Called to write the whole state with cfa_mock_journal_append. */
typedef bool (*CfaMockDump)(void *context, CfaMockJournal *journal);

/*
 * Opens or makes the file, locks it against a second process, replays it and
 * cuts a torn end. Returns false with the reason in journal->error.
 */
bool cfa_mock_journal_open(CfaMockJournal *journal, const char *path,
						   CfaMockSync sync, CfaMockReplay replay,
						   void *context);

/*
 * Appends one transaction; on success it is as safe as the sync policy says,
 * on failure the file is as before.
 */
bool cfa_mock_journal_append(CfaMockJournal *journal, const json_t *records);

/*
 * Puts a new file that holds just what dump writes in place of the old one, in
 * one step: a crash leaves either.
 */
bool cfa_mock_journal_rewrite(CfaMockJournal *journal, CfaMockDump dump,
							  void *context);

void cfa_mock_journal_close(CfaMockJournal *journal);

#endif /* CFA_MOCK_JOURNAL_H */
