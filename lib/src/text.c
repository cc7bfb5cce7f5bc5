/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text.c: small readers for text that comes from outside.
 *
 * Pure functions but for the two clocks: no allocation, no state, never past len.
 */
#include "careforall/text.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* 9999-12-31T23:59:59.999Z */
#define TIME_MS_MAX INT64_C(253402300799999)

static int hex_value(char c);
static size_t utf8_sequence(const uint8_t *p, size_t left);
static int64_t days_from_civil(int64_t year, unsigned month, unsigned day);
static bool digits(const char *text, size_t count, unsigned *out);

bool
cfa_uuid_parse(const char *text, size_t len, uint8_t out[16])
{
	size_t in = 0;
	size_t i;

	if (text == NULL || len != CFA_UUID_TEXT_LEN)
		return false;
	for (i = 0; i < 16; i++)
	{
		int high;
		int low;

		if (i == 4 || i == 6 || i == 8 || i == 10)
		{
			if (text[in++] != '-')
				return false;
		}
		high = hex_value(text[in++]);
		low = hex_value(text[in++]);
		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t) (high << 4 | low);
	}
	return true;
}

void
cfa_uuid_format(const uint8_t uuid[16], char out[CFA_UUID_TEXT_LEN + 1])
{
	static const char hex[] = "0123456789abcdef";
	size_t at = 0;
	size_t i;

	for (i = 0; i < 16; i++)
	{
		if (i == 4 || i == 6 || i == 8 || i == 10)
			out[at++] = '-';
		out[at++] = hex[uuid[i] >> 4];
		out[at++] = hex[uuid[i] & 15];
	}
	out[at] = '\0';
}

/* Bytes of plain ASCII at the start, as far as whole words of them go. */
static size_t
ascii_run(const uint8_t *p, size_t len)
{
	size_t run = 0;
	uint64_t word;

	for (; len - run >= sizeof(word); run += sizeof(word))
	{
		memcpy(&word, p + run, sizeof(word));
		if ((word & UINT64_C(0x8080808080808080)) != 0)
			break;
	}
	return run;
}

bool
cfa_utf8_valid(const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t i = 0;

	while (i < len)
	{
		size_t step = ascii_run(p + i, len - i);

		if (step == 0)
			step = utf8_sequence(p + i, len - i);
		if (step == 0)
			return false;
		i += step;
	}
	return true;
}

size_t
cfa_utf8_length(const char *data, size_t len)
{
	size_t count = 0;
	size_t i;

	for (i = 0; i < len; i++)
	{
		if (((uint8_t) data[i] & 0xc0) != 0x80)
			count++;
	}
	return count;
}

bool
cfa_text_has_control(const char *data, size_t len, const char *allowed)
{
	size_t i;

	for (i = 0; i < len; i++)
	{
		uint8_t c = (uint8_t) data[i];

		if (c >= 0x20 && c != 0x7f)
			continue;
		if (c == '\0' || strchr(allowed, c) == NULL)
			return true;
	}
	return false;
}

void
cfa_text_first_line(char *out, size_t size, const char *text)
{
	size_t len = strcspn(text, "\n");

	if (len >= size)
		len = size - 1;
	memcpy(out, text, len);
	out[len] = '\0';
}

bool
cfa_text_is_blank(const char *data, size_t len)
{
	/*
	 * No-break space, soft hyphen, Arabic letter mark, spaces of every width,
	 * marks without width and of direction, line separators, and the byte order
	 * mark.
	 */
	static const struct
	{
		uint32_t first;
		uint32_t last;
	} unseen[] = {{0x09, 0x0d},
				  {0x20, 0x20},
				  {0x85, 0x85},
				  {0xa0, 0xa0},
				  {0xad, 0xad},
				  {0x34f, 0x34f},
				  {0x61c, 0x61c},
				  {0x115f, 0x1160},
				  {0x1680, 0x1680},
				  {0x180b, 0x180f},
				  {0x2000, 0x200f},
				  {0x2028, 0x202f},
				  {0x205f, 0x206f},
				  {0x2800, 0x2800},
				  {0x3000, 0x3000},
				  {0x3164, 0x3164},
				  {0xfe00, 0xfe0f},
				  {0xfeff, 0xfeff},
				  {0xffa0, 0xffa0}};
	const uint8_t *p = (const uint8_t *) data;
	size_t i = 0;

	while (i < len)
	{
		size_t step = utf8_sequence(p + i, len - i);
		uint32_t c = step <= 1 ? p[i] : p[i] & (0xffU >> (step + 1));
		size_t k;

		for (k = 1; k < step; k++)
			c = c << 6 | (p[i + k] & 0x3f);
		for (k = 0; k < sizeof(unseen) / sizeof(unseen[0]); k++)
		{
			if (c >= unseen[k].first && c <= unseen[k].last)
				break;
		}
		if (step == 0 || k == sizeof(unseen) / sizeof(unseen[0]))
			return false;
		i += step;
	}
	return true;
}

bool
cfa_percent_decode(const char *in, size_t len, bool is_form, char *out,
				   size_t *out_len)
{
	size_t at = 0;
	size_t i;

	if (memchr(in, '%', len) == NULL && memchr(in, '\0', len) == NULL &&
		(!is_form || memchr(in, '+', len) == NULL))
	{
		memcpy(out, in, len);
		out[len] = '\0';
		*out_len = len;
		return cfa_utf8_valid(out, len);
	}
	for (i = 0; i < len; i++)
	{
		char c = in[i];

		if (c == '%')
		{
			int high = i + 2 < len ? hex_value(in[i + 1]) : -1;
			int low = i + 2 < len ? hex_value(in[i + 2]) : -1;

			if (high < 0 || low < 0)
				return false;
			c = (char) (high << 4 | low);
			i += 2;
		}
		else if (c == '+' && is_form)
		{
			c = ' ';
		}
		if (c == '\0')
			return false;
		out[at++] = c;
	}
	out[at] = '\0';
	*out_len = at;
	return cfa_utf8_valid(out, at);
}

bool
cfa_base64_decode(const char *text, size_t len, bool is_url, uint8_t *out,
				  size_t size, size_t *out_len)
{
	/* libsodium 1.0.18 takes each byte from 0x80 up for the last letter. */
	for (size_t i = 0; i < len; i++)
	{
		if ((uint8_t) text[i] >= 0x80)
			return false;
	}
	return sodium_base642bin(out,
							 size,
							 text,
							 len,
							 NULL,
							 out_len,
							 NULL,
							 is_url ? sodium_base64_VARIANT_URLSAFE_NO_PADDING
									: sodium_base64_VARIANT_ORIGINAL) == 0;
}

bool
cfa_parse_uint(const char *text, size_t len, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;
	size_t i;

	if (len == 0 || len > 20 || (len > 1 && text[0] == '0'))
		return false;
	for (i = 0; i < len; i++)
	{
		uint64_t digit = (uint64_t) (uint8_t) text[i] - '0';

		if (digit > 9 || value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	if (value > max)
		return false;
	*out = value;
	return true;
}

int
cfa_form_find(const char *form, size_t len, const char *name,
			  const char **value, size_t *value_len)
{
	size_t name_len = strlen(name);
	size_t at = 0;
	int count = 0;

	while (at < len)
	{
		const char *item = form + at;
		const char *end = memchr(item, '&', len - at);
		size_t item_len = end ? (size_t) (end - item) : len - at;

		at += item_len + 1;
		if (item_len < name_len || memcmp(item, name, name_len) != 0 ||
			(item_len > name_len && item[name_len] != '='))
			continue;
		if (count++ > 0)
			continue;
		*value = item_len > name_len ? item + name_len + 1 : item + item_len;
		*value_len = item_len > name_len ? item_len - name_len - 1 : 0;
	}
	return count;
}

int64_t
cfa_time_parse_ms(const char *text, size_t len)
{
	unsigned year, month, day, hour, minute, second;
	unsigned fraction = 0;
	unsigned scale = 100;
	size_t i = 19;

	if (len < 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' ||
		text[13] != ':' || text[16] != ':' || !digits(text, 4, &year) ||
		!digits(text + 5, 2, &month) || !digits(text + 8, 2, &day) ||
		!digits(text + 11, 2, &hour) || !digits(text + 14, 2, &minute) ||
		!digits(text + 17, 2, &second))
		return -1;
	if (text[i] == '.')
	{
		for (i++; i < len && text[i] >= '0' && text[i] <= '9'; i++)
		{
			fraction += (unsigned) (text[i] - '0') * scale;
			scale /= 10;
		}
	}
	if (i + 1 != len || text[i] != 'Z' || month < 1 || month > 12 || day < 1 ||
		day > 31 || hour > 23 || minute > 59 || second > 59)
		return -1;
	return ((days_from_civil(year, month, day) * 24 + hour) * 60 + minute) *
			   60000 +
		   (int64_t) second * 1000 + fraction;
}

/* Writes a number of so many digits. */
static void
put_digits(char *out, size_t count, int64_t number)
{
	while (count > 0)
	{
		out[--count] = (char) ('0' + number % 10);
		number /= 10;
	}
}

/* The inverse of days_from_civil(), for days since 1970-01-01 that are not negative. */
static void
put_date(char *out, int64_t days)
{
	/* Counted from 0000-03-01, so that the leap day is the last of its year. */
	int64_t since = days + 719468;
	int64_t era = since / 146097;
	int64_t day_of_era = since % 146097;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
						   day_of_era / 146096) /
						  365;
	int64_t day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month_from_march = (5 * day_of_year + 2) / 153;
	int64_t month = month_from_march + (month_from_march < 10 ? 3 : -9);

	put_digits(out, 4, era * 400 + year_of_era + (month <= 2));
	put_digits(out + 5, 2, month);
	put_digits(out + 8, 2, day_of_year - (153 * month_from_march + 2) / 5 + 1);
}

void
cfa_time_format_ms(int64_t unix_ms, char out[CFA_TIME_TEXT_LEN + 1])
{
	int64_t of_day;

	if (unix_ms < 0 || unix_ms > TIME_MS_MAX)
		unix_ms = 0;
	of_day = unix_ms % 86400000;
	memcpy(out, "0000-00-00T00:00:00.000Z", CFA_TIME_TEXT_LEN + 1);
	put_date(out, unix_ms / 86400000);
	put_digits(out + 11, 2, of_day / 3600000);
	put_digits(out + 14, 2, of_day / 60000 % 60);
	put_digits(out + 17, 2, of_day / 1000 % 60);
	put_digits(out + 20, 3, of_day % 1000);
}

int64_t
cfa_now_ms(void)
{
	struct timespec now;

	(void) clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t
cfa_monotonic_ms(void)
{
	struct timespec now;

	(void) clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int
hex_value(char c)
{
	/* One more than the digit's value, so that 0 means none. */
	static const uint8_t values[256] =
		{['0'] = 1,	 ['1'] = 2,	 ['2'] = 3,	 ['3'] = 4,	 ['4'] = 5,	 ['5'] = 6,
		 ['6'] = 7,	 ['7'] = 8,	 ['8'] = 9,	 ['9'] = 10, ['a'] = 11, ['b'] = 12,
		 ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16, ['A'] = 11, ['B'] = 12,
		 ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16};

	return values[(uint8_t) c] - 1;
}

/* Length of the well-formed sequence at p, 0 if there is none. */
static size_t
utf8_sequence(const uint8_t *p, size_t left)
{
	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || left < 2 || (p[1] & 0xc0) != 0x80)
		return 0;
	if (p[0] < 0xe0)
		return 2;
	if (left < 3 || (p[2] & 0xc0) != 0x80)
		return 0;
	if (p[0] < 0xf0)
	{
		if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f))
			return 0;
		return 3;
	}
	if (left < 4 || p[0] > 0xf4 || (p[3] & 0xc0) != 0x80 ||
		(p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return 4;
}

/* Days since 1970-01-01 of a date of the proleptic Gregorian calendar. */
static int64_t
days_from_civil(int64_t year, unsigned month, unsigned day)
{
	int64_t era;
	unsigned year_of_era, day_of_year, day_of_era;

	year -= month <= 2;
	era = (year >= 0 ? year : year - 399) / 400;
	year_of_era = (unsigned) (year - era * 400);
	day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	day_of_era =
		year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
	return era * 146097 + (int64_t) day_of_era - 719468;
}

static bool
digits(const char *text, size_t count, unsigned *out)
{
	unsigned value = 0;
	size_t i;

	for (i = 0; i < count; i++)
	{
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (unsigned) (text[i] - '0');
	}
	*out = value;
	return true;
}
