/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.c: JSON lines.
 *
 * A line is built on the stack and written at once, so threads and processes that
 * share the descriptor never mix lines. Bytes that are not UTF-8 become U+FFFD.
 */
#include "careforall/log.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "careforall/config.h"
#include "careforall/text.h"

/* Room kept for the end of a line that ran full. */
#define TAIL_MAX 24

typedef struct Line
{
	char text[CFA_LOG_LINE_MAX];
	size_t len;
	bool is_full;
} Line;

static const char *const level_names[] = {"debug", "info", "warn", "error"};

static const char *log_service = "careforall";
static CfaLogLevel log_level = CFA_LOG_INFO;
static int log_fd = STDERR_FILENO;
static const char *log_path = "";

static void add(Line *line, const char *text, size_t len);
static void add_json(Line *line, const char *text);
static void add_field(Line *line, const CfaLogField *field);

void
cfa_log_init(const char *service, CfaLogLevel level)
{
	log_service = service;
	log_level = level;
}

void
cfa_log_set_level(CfaLogLevel level)
{
	log_level = level;
}

void
cfa_log_set_fd(int fd)
{
	log_fd = fd;
}

bool
cfa_log_open(const char *path)
{
	int fd;
	int is_moved;

	if (path[0] == '\0')
		return true;
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
	if (fd < 0)
		return false;
	is_moved = dup3(fd, STDERR_FILENO, 0);
	(void) close(fd);
	log_path = path;
	return is_moved >= 0;
}

void
cfa_log_reload(void)
{
	char *text = NULL;
	char error[512] = "";
	CfaLogLevel level;
	const CfaConfigItem item = {"LOG_LEVEL",
								CFA_CONFIG_TEXT,
								&text,
								"info",
								0,
								0,
								"Lowest level that is logged."};

	if (!cfa_log_open(log_path))
		cfa_log(CFA_LOG_WARN,
				"reopen_failed",
				CFA_STR("error", strerror(errno)));
	if (cfa_config_load(&item, 1, error, sizeof(error)) != 0)
		cfa_log(CFA_LOG_WARN, "reload_failed", CFA_STR("error", error));
	else if (!cfa_log_level_parse(text, &level))
		cfa_log(CFA_LOG_WARN,
				"reload_failed",
				CFA_STR("error", "CAREFORALL_LOG_LEVEL is invalid"));
	else
	{
		cfa_log_set_level(level);
		cfa_log(CFA_LOG_INFO, "reloaded", CFA_STR("log_level", text));
	}
	cfa_config_clear(&item, 1);
}

bool
cfa_log_level_parse(const char *text, CfaLogLevel *level)
{
	size_t i;

	for (i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++)
	{
		if (strcmp(text, level_names[i]) == 0)
		{
			*level = (CfaLogLevel) i;
			return true;
		}
	}
	return false;
}

void
cfa_log_fields(CfaLogLevel level, const char *event, const CfaLogField *fields)
{
	Line line;
	char ts[CFA_TIME_TEXT_LEN + 1];
	const CfaLogField *field;
	const CfaLogField head[] = {CFA_STR("level", level_names[level]),
								CFA_STR("service", log_service),
								CFA_INT("pid", getpid()),
								CFA_STR("event", event)};
	size_t i;

	if (level < log_level)
		return;
	line.len = 0;
	line.is_full = false;
	cfa_time_format_ms(cfa_now_ms(), ts);
	add(&line, "{\"ts\":\"", 7);
	add(&line, ts, CFA_TIME_TEXT_LEN);
	add(&line, "\"", 1);
	for (i = 0; i < sizeof(head) / sizeof(head[0]); i++)
		add_field(&line, &head[i]);
	for (field = fields; field->type != CFA_LOG_END; field++)
		add_field(&line, field);
	if (line.is_full)
	{
		static const char mark[] = ",\"truncated\":true";

		memcpy(line.text + line.len, mark, sizeof(mark) - 1);
		line.len += sizeof(mark) - 1;
	}
	line.text[line.len++] = '}';
	line.text[line.len++] = '\n';
	/* A log that cannot be written must not stop the service. */
	if (write(log_fd, line.text, line.len) < 0)
		return;
}

static void
add(Line *line, const char *text, size_t len)
{
	if (line->is_full || len > sizeof(line->text) - TAIL_MAX - line->len)
	{
		line->is_full = true;
		return;
	}
	memcpy(line->text + line->len, text, len);
	line->len += len;
}

/* Adds the text as a JSON string; a character that does not fit ends it. */
static void
add_json(Line *line, const char *text)
{
	const char *at = text;
	size_t left = strlen(text);

	add(line, "\"", 1);
	while (left > 0)
	{
		size_t step = 1;
		unsigned char c = (unsigned char) *at;
		char escape[8];

		if (c < 0x20 || c == '"' || c == '\\' || c == 0x7f)
		{
			(void) snprintf(escape, sizeof(escape), "\\u%04x", c);
			add(line, escape, 6);
		}
		else
		{
			while (step < 4 && step < left && !cfa_utf8_valid(at, step))
				step++;
			if (cfa_utf8_valid(at, step))
			{
				add(line, at, step);
			}
			else
			{
				step = 1;
				add(line, "\xef\xbf\xbd", 3);
			}
		}
		at += step;
		left -= step;
	}
	add(line, "\"", 1);
}

/* Adds a whole field or nothing of it. */
static void
add_field(Line *line, const CfaLogField *field)
{
	size_t start = line->len;
	char number[64] = "";

	if (field->type == CFA_LOG_TEXT && field->value.text == NULL)
		return;
	add(line, ",", 1);
	add_json(line, field->key);
	add(line, ":", 1);
	switch (field->type)
	{
		case CFA_LOG_TEXT:
			add_json(line, field->value.text);
			break;
		case CFA_LOG_INTEGER:
			(void) snprintf(number,
							sizeof(number),
							"%lld",
							(long long) field->value.integer);
			break;
		case CFA_LOG_REAL:
			(void) snprintf(number,
							sizeof(number),
							"%.6g",
							isfinite(field->value.real) ? field->value.real
														: 0.0);
			break;
		case CFA_LOG_FLAG:
			(void) snprintf(number,
							sizeof(number),
							field->value.flag ? "true" : "false");
			break;
		case CFA_LOG_END:
			break;
	}
	add(line, number, strlen(number));
	if (line->is_full)
		line->len = start;
}
