/* SPDX-License-Identifier: Apache-2.0 */
/*
 * projector_seen.c - snapshot visibility and the set of outbox ids applied.
 *
 * The set forgets its lowest range when it is full and raises the floor, so an id
 * that may or may not have been applied is never guessed: it answers "unsure" and
 * the projector rebuilds.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "projector_seen.h"

static int read_u64(const char **text, uint64_t *value);
static int compare_u64(const void *left, const void *right);
static void remove_range(CfaSeen *seen, size_t index);
static void insert_range(CfaSeen *seen, size_t index, int64_t id);

int
cfa_snapshot_parse(CfaSnapshot *snapshot, const char *text)
{
	memset(snapshot, 0, sizeof(*snapshot));
	if (read_u64(&text, &snapshot->xmin) != 0 || *text++ != ':')
		return -1;
	if (read_u64(&text, &snapshot->xmax) != 0 || *text++ != ':')
		return -1;
	if (snapshot->xmin > snapshot->xmax)
		return -1;
	while (*text != '\0')
	{
		uint64_t xid;
		uint64_t *grown;

		if (snapshot->xip_count >= CFA_SNAPSHOT_XIDS_MAX ||
			read_u64(&text, &xid) != 0)
			return -1;
		grown =
			realloc(snapshot->xip, (snapshot->xip_count + 1) * sizeof(*grown));
		if (grown == NULL)
			return -1;
		snapshot->xip = grown;
		snapshot->xip[snapshot->xip_count++] = xid;
		if (*text == ',' && text[1] != '\0')
			text++;
		else if (*text != '\0')
			return -1;
	}
	if (snapshot->xip_count > 1)
		qsort(snapshot->xip,
			  snapshot->xip_count,
			  sizeof(*snapshot->xip),
			  compare_u64);
	return 0;
}

void
cfa_snapshot_clear(CfaSnapshot *snapshot)
{
	free(snapshot->xip);
	memset(snapshot, 0, sizeof(*snapshot));
}

bool
cfa_snapshot_sees(const CfaSnapshot *snapshot, uint64_t xid)
{
	if (xid < snapshot->xmin)
		return true;
	if (xid >= snapshot->xmax)
		return false;
	if (snapshot->xip_count == 0)
		return true;
	return bsearch(&xid,
				   snapshot->xip,
				   snapshot->xip_count,
				   sizeof(*snapshot->xip),
				   compare_u64) == NULL;
}

void
cfa_seen_init(CfaSeen *seen)
{
	seen->floor = 0;
	seen->count = 0;
}

CfaSeenAnswer
cfa_seen_add(CfaSeen *seen, int64_t id)
{
	size_t index = seen->count;

	if (id < seen->floor)
		return CFA_SEEN_UNSURE;
	/* From the top: a new id is nearly always the next one. */
	while (index > 0 && seen->ranges[index - 1].first > id)
		index--;
	if (index > 0 && id <= seen->ranges[index - 1].last)
		return CFA_SEEN_BEFORE;
	if (index > 0 && seen->ranges[index - 1].last + 1 == id)
	{
		seen->ranges[index - 1].last = id;
		if (index < seen->count && seen->ranges[index].first == id + 1)
		{
			seen->ranges[index - 1].last = seen->ranges[index].last;
			remove_range(seen, index);
		}
		return CFA_SEEN_NEW;
	}
	if (index < seen->count && seen->ranges[index].first == id + 1)
	{
		seen->ranges[index].first = id;
		return CFA_SEEN_NEW;
	}
	insert_range(seen, index, id);
	return CFA_SEEN_NEW;
}

char *
cfa_seen_format(const CfaSeen *seen)
{
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);

	if (stream == NULL)
		return NULL;
	fprintf(stream, "%" PRId64 ";", seen->floor);
	for (size_t i = 0; i < seen->count; i++)
		fprintf(stream,
				"%s%" PRId64 "-%" PRId64,
				i == 0 ? "" : ",",
				seen->ranges[i].first,
				seen->ranges[i].last);
	if (fclose(stream) != 0)
	{
		free(text);
		return NULL;
	}
	return text;
}

int
cfa_seen_parse(CfaSeen *seen, const char *text)
{
	uint64_t value;

	cfa_seen_init(seen);
	if (read_u64(&text, &value) != 0 || value > INT64_MAX || *text++ != ';')
		return -1;
	seen->floor = (int64_t) value;
	while (*text != '\0')
	{
		uint64_t first;
		uint64_t last;

		if (seen->count >= CFA_SEEN_RANGES_MAX ||
			read_u64(&text, &first) != 0 || *text++ != '-' ||
			read_u64(&text, &last) != 0 || first > last || last >= INT64_MAX)
			return -1;
		if (seen->count > 0 &&
			(int64_t) first <= seen->ranges[seen->count - 1].last + 1)
			return -1;
		seen->ranges[seen->count].first = (int64_t) first;
		seen->ranges[seen->count].last = (int64_t) last;
		seen->count++;
		if (*text == ',' && text[1] != '\0')
			text++;
		else if (*text != '\0')
			return -1;
	}
	return 0;
}

/* Reads digits only: strtoull would take signs and blanks too. */
static int
read_u64(const char **text, uint64_t *value)
{
	char *end;

	if (**text < '0' || **text > '9')
		return -1;
	errno = 0;
	*value = strtoull(*text, &end, 10);
	*text = end;
	return errno == 0 ? 0 : -1;
}

static int
compare_u64(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *) left;
	uint64_t b = *(const uint64_t *) right;

	return (a > b) - (a < b);
}

static void
remove_range(CfaSeen *seen, size_t index)
{
	memmove(&seen->ranges[index],
			&seen->ranges[index + 1],
			(seen->count - index - 1) * sizeof(seen->ranges[0]));
	seen->count--;
}

/* Makes room by forgetting the lowest range; the id itself is kept if it is low. */
static void
insert_range(CfaSeen *seen, size_t index, int64_t id)
{
	if (seen->count == CFA_SEEN_RANGES_MAX)
	{
		if (index == 0)
		{
			seen->floor = id + 1;
			return;
		}
		seen->floor = seen->ranges[0].last + 1;
		remove_range(seen, 0);
		index--;
	}
	memmove(&seen->ranges[index + 1],
			&seen->ranges[index],
			(seen->count - index) * sizeof(seen->ranges[0]));
	seen->ranges[index].first = id;
	seen->ranges[index].last = id;
	seen->count++;
}
