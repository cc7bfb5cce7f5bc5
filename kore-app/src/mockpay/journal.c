/* SPDX-License-Identifier: Apache-2.0 */
/*
 * journal.c
 *	  Append, replay and rewrite of the journal file.
 *
 * A crash can leave: a cut last line (dropped at the next start), a file
 * <path>.new beside the journal (ignored and overwritten). Anything else that
 * cannot be read is damage, and the start is refused with the line number.
 */
#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "memory.h"

static const char header[] =
	"{\"journal\":\"careforall-mockpay\",\"version\":1}\n";

static bool fail(CfaMockJournal *journal, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static bool open_file(CfaMockJournal *journal, const char *path, int flags);
static bool write_all(CfaMockJournal *journal, const char *text, size_t len);
static bool replay_file(CfaMockJournal *journal, FILE *file,
						CfaMockReplay replay, void *context);
static bool replay_line(CfaMockJournal *journal, const char *line,
						size_t number, CfaMockReplay replay, void *context);
static bool cut_torn_end(CfaMockJournal *journal, size_t torn);
static bool rename_and_sync(CfaMockJournal *fresh, const char *path);

bool
cfa_mock_journal_open(CfaMockJournal *journal, const char *path,
					  CfaMockSync sync, CfaMockReplay replay, void *context)
{
	FILE *file;
	bool replayed;

	memset(journal, 0, sizeof(*journal));
	journal->sync = sync;
	if (!open_file(journal, path, 0))
		goto failed;
	file = fopen(path, "re");
	if (file == NULL)
	{
		fail(journal, "could not read \"%s\": %s", path, strerror(errno));
		goto failed;
	}
	replayed = replay_file(journal, file, replay, context);
	(void) fclose(file);
	if (!replayed)
		goto failed;
	if (journal->length > 0 || write_all(journal, header, sizeof(header) - 1))
		return true;
failed:
	cfa_mock_journal_close(journal);
	return false;
}

bool
cfa_mock_journal_append(CfaMockJournal *journal, const json_t *records)
{
	char *line = json_dumps(records, JSON_COMPACT);
	size_t len;
	bool written;

	if (line == NULL)
		return fail(journal, "could not encode a journal record");
	len = strlen(line);
	line[len] = '\n'; /* in place of the NUL: the length says it all */
	written = write_all(journal, line, len + 1);
	free(line);
	if (!written)
		return false;
	if (journal->sync == CFA_MOCK_SYNC_ALWAYS && fdatasync(journal->fd) != 0)
		return fail(journal,
					"could not sync \"%s\": %s",
					journal->path,
					strerror(errno));
	journal->records += json_array_size(records);
	return true;
}

bool
cfa_mock_journal_rewrite(CfaMockJournal *journal, CfaMockDump dump,
						 void *context)
{
	CfaMockJournal fresh = {0};
	char *path = cfa_mock_calloc(strlen(journal->path) + sizeof(".new"), 1);
	bool done;

	memcpy(path, journal->path, strlen(journal->path));
	memcpy(path + strlen(journal->path), ".new", sizeof(".new"));
	done = open_file(&fresh, path, O_TRUNC) &&
		   write_all(&fresh, header, sizeof(header) - 1) &&
		   dump(context, &fresh) && rename_and_sync(&fresh, journal->path);
	free(path);
	if (!done)
	{
		memcpy(journal->error, fresh.error, sizeof(journal->error));
		cfa_mock_journal_close(&fresh);
		return false;
	}
	/* The new file is locked already; the old one loses its lock here. */
	(void) close(journal->fd);
	free(fresh.path);
	journal->fd = fresh.fd;
	journal->length = fresh.length;
	journal->records = fresh.records;
	return true;
}

void
cfa_mock_journal_close(CfaMockJournal *journal)
{
	if (journal->fd >= 0)
		(void) close(journal->fd);
	free(journal->path);
	journal->fd = -1;
	journal->path = NULL;
}

static bool
fail(CfaMockJournal *journal, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void) vsnprintf(journal->error, sizeof(journal->error), format, args);
	va_end(args);
	return false;
}

static bool
open_file(CfaMockJournal *journal, const char *path, int flags)
{
	journal->path = cfa_mock_strdup(path);
	journal->fd =
		open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | flags, 0600);
	if (journal->fd < 0)
		return fail(journal,
					"could not open \"%s\": %s",
					path,
					strerror(errno));
	if (flock(journal->fd, LOCK_EX | LOCK_NB) != 0)
		return fail(journal,
					"could not lock \"%s\": %s; another process uses it",
					path,
					strerror(errno));
	return true;
}

static bool
write_all(CfaMockJournal *journal, const char *text, size_t len)
{
	size_t done = 0;

	while (done < len)
	{
		ssize_t written = write(journal->fd, text + done, len - done);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
		{
			fail(journal,
				 "could not write \"%s\": %s",
				 journal->path,
				 strerror(errno));
			/* Half a line in the middle would be damage: take it back. */
			if (ftruncate(journal->fd, journal->length) != 0)
				fail(journal,
					 "could not write or truncate \"%s\": %s",
					 journal->path,
					 strerror(errno));
			return false;
		}
		done += (size_t) written;
	}
	journal->length += (off_t) len;
	return true;
}

static bool
replay_file(CfaMockJournal *journal, FILE *file, CfaMockReplay replay,
			void *context)
{
	char *line = NULL;
	size_t size = 0;
	size_t number = 0;
	ssize_t len;
	bool sound = true;

	while (sound && (len = getline(&line, &size, file)) > 0)
	{
		number++;
		if (line[len - 1] != '\n')
		{
			sound = cut_torn_end(journal, (size_t) len);
			break;
		}
		if (number == 1)
			sound = strcmp(line, header) == 0 ||
					fail(journal,
						 "\"%s\" is no journal of this version",
						 journal->path);
		else
			sound = replay_line(journal, line, number, replay, context);
		journal->length += len;
	}
	free(line);
	return sound;
}

static bool
replay_line(CfaMockJournal *journal, const char *line, size_t number,
			CfaMockReplay replay, void *context)
{
	json_t *records = json_loads(line, 0, NULL);
	bool sound = json_is_array(records);

	for (size_t i = 0; sound && i < json_array_size(records); i++)
		sound = replay(context, json_array_get(records, i));
	if (!sound)
		fail(journal, "\"%s\" is damaged in line %zu", journal->path, number);
	journal->records += json_array_size(records);
	json_decref(records);
	return sound;
}

static bool
cut_torn_end(CfaMockJournal *journal, size_t torn)
{
	journal->torn_bytes = torn;
	if (ftruncate(journal->fd, journal->length) != 0)
		return fail(journal,
					"could not truncate \"%s\": %s",
					journal->path,
					strerror(errno));
	return true;
}

static bool
rename_and_sync(CfaMockJournal *fresh, const char *path)
{
	if (fsync(fresh->fd) == 0 && rename(fresh->path, path) == 0)
		return true;
	return fail(fresh, "could not replace \"%s\": %s", path, strerror(errno));
}
