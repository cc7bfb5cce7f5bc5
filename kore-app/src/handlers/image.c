/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image.c: what an uploaded image is.
 *
 * Pure: bytes in, type and size out. The frame of the file is walked from its
 * first byte to its last: every part must have a plausible length, the sums of
 * PNG must be right, and nothing may follow the end. So a file that is also
 * something else (an archive, a page, a script) behind the image is refused; what
 * hides inside a comment is harmless, as images are served with their type and
 * nosniff. The pixels are for browsers to decode.
 */
#include "handlers/image.h"

#include <stdbool.h>
#include <string.h>

#define PNG_SIGNATURE "\x89PNG\r\n\x1a\n"
#define PNG_CHUNK_MIN 12 /* length, type, sum */
#define JPEG_END 0xd9
#define JPEG_SCAN 0xda

/* What is left to read. */
typedef struct Reader
{
	const uint8_t *at;
	const uint8_t *end;
} Reader;

/* What of a JPEG has been seen. */
typedef struct Jpeg
{
	CfaImage *image;
	bool has_frame;
	bool has_scan;
} Jpeg;

static CfaImageResult read_png(Reader *r, CfaImage *out);
static bool png_chunk(Reader *r, char type[5], Reader *chunk);
static bool png_header(const Reader *chunk, CfaImage *out);
static uint32_t crc32_of(const uint8_t *data, size_t len);
static CfaImageResult read_jpeg(Reader *r, CfaImage *out);
static bool jpeg_marker(Reader *r, uint8_t *marker);
static bool jpeg_is_frame(uint8_t marker);
static bool jpeg_segment(Reader *r, uint8_t marker, Jpeg *jpeg);
static bool jpeg_length(Reader *r, uint8_t marker, Reader *segment);
static bool jpeg_frame(const Reader *segment, uint8_t marker, CfaImage *out);
static bool jpeg_scan(Reader *r);
static CfaImageResult read_webp(Reader *r, CfaImage *out);
static CfaImageResult webp_extended(Reader *r, CfaImage *out);
static bool webp_chunk(Reader *r, char type[5], Reader *chunk);
static bool webp_picture(const char *type, const Reader *chunk, CfaImage *out);
static CfaImageResult check_size(const CfaImage *image);
static size_t left(const Reader *r);
static uint32_t big16(const uint8_t *at);
static uint32_t big32(const uint8_t *at);
static uint32_t little16(const uint8_t *at);
static uint32_t little24(const uint8_t *at);
static uint32_t little32(const uint8_t *at);

CfaImageResult
cfa_image_read(const uint8_t *data, size_t len, CfaImage *out)
{
	Reader r = {.at = data, .end = data + len};
	CfaImageResult result = CFA_IMAGE_UNKNOWN;

	*out = (CfaImage){.type = CFA_IMAGE_JPEG};
	if (len > 8 && memcmp(data, PNG_SIGNATURE, 8) == 0)
	{
		r.at += 8;
		out->type = CFA_IMAGE_PNG;
		result = read_png(&r, out);
	}
	else if (len > 12 && memcmp(data, "RIFF", 4) == 0 &&
			 memcmp(data + 8, "WEBP", 4) == 0)
	{
		out->type = CFA_IMAGE_WEBP;
		result = read_webp(&r, out);
	}
	else if (len > 3 && memcmp(data, "\xff\xd8\xff", 3) == 0)
	{
		r.at += 2;
		result = read_jpeg(&r, out);
	}
	return result == CFA_IMAGE_OK ? check_size(out) : result;
}

const char *
cfa_image_media_type(CfaImageType type)
{
	switch (type)
	{
		case CFA_IMAGE_JPEG:
			return "image/jpeg";
		case CFA_IMAGE_PNG:
			return "image/png";
		case CFA_IMAGE_WEBP:
			return "image/webp";
	}
	return NULL;
}

/* IHDR, any chunks with at least one IDAT among them, IEND, nothing. */
static CfaImageResult
read_png(Reader *r, CfaImage *out)
{
	bool has_data = false;
	char type[5];
	Reader chunk;

	if (!png_chunk(r, type, &chunk) || strcmp(type, "IHDR") != 0 ||
		!png_header(&chunk, out))
		return CFA_IMAGE_BROKEN;
	while (png_chunk(r, type, &chunk))
	{
		if (strcmp(type, "IHDR") == 0)
			return CFA_IMAGE_BROKEN;
		if (strcmp(type, "acTL") == 0)
			return CFA_IMAGE_ANIMATED;
		if (strcmp(type, "IDAT") == 0 && left(&chunk) > 0)
			has_data = true;
		if (strcmp(type, "IEND") != 0)
			continue;
		if (left(&chunk) != 0 || !has_data)
			return CFA_IMAGE_BROKEN;
		return left(r) == 0 ? CFA_IMAGE_OK : CFA_IMAGE_TRAILING;
	}
	return CFA_IMAGE_BROKEN;
}

/* The next chunk, if its length and its sum are right. */
static bool
png_chunk(Reader *r, char type[5], Reader *chunk)
{
	const uint8_t *at = r->at;
	uint32_t len;

	if (left(r) < PNG_CHUNK_MIN)
		return false;
	len = big32(at);
	if (len > left(r) - PNG_CHUNK_MIN ||
		crc32_of(at + 4, (size_t) len + 4) != big32(at + 8 + len))
		return false;
	memcpy(type, at + 4, 4);
	type[4] = '\0';
	*chunk = (Reader){.at = at + 8, .end = at + 8 + len};
	r->at += PNG_CHUNK_MIN + len;
	return true;
}

static bool
png_header(const Reader *chunk, CfaImage *out)
{
	/* Bit depths of each colour type, as bits. */
	static const uint8_t depths[] =
		{1 | 2 | 4 | 8 | 16, 0, 8 | 16, 1 | 2 | 4 | 8, 8 | 16, 0, 8 | 16};
	const uint8_t *data = chunk->at;
	uint8_t depth;
	uint8_t color;

	if (left(chunk) != 13)
		return false;
	depth = data[8];
	color = data[9];
	out->width = big32(data);
	out->height = big32(data + 4);
	return color < sizeof(depths) && depth != 0 && (depth & (depth - 1)) == 0 &&
		   (depths[color] & depth) != 0 && data[10] == 0 && data[11] == 0 &&
		   data[12] <= 1;
}

/* The sum of PNG and zlib. */
static uint32_t
crc32_of(const uint8_t *data, size_t len)
{
	static uint32_t table[256];
	uint32_t crc = UINT32_MAX;
	size_t i;

	if (table[1] == 0)
	{
		for (i = 0; i < 256; i++)
		{
			uint32_t value = (uint32_t) i;
			int bit;

			for (bit = 0; bit < 8; bit++)
				value = (value & 1) ? 0xedb88320U ^ (value >> 1) : value >> 1;
			table[i] = value;
		}
	}
	for (i = 0; i < len; i++)
		crc = table[(crc ^ data[i]) & 0xff] ^ (crc >> 8);
	return ~crc;
}

/* Segments with one frame header among them, scans behind it, EOI, nothing. */
static CfaImageResult
read_jpeg(Reader *r, CfaImage *out)
{
	Jpeg jpeg = {.image = out};
	uint8_t marker;

	while (jpeg_marker(r, &marker))
	{
		if (marker == JPEG_END && jpeg.has_scan)
			return left(r) == 0 ? CFA_IMAGE_OK : CFA_IMAGE_TRAILING;
		if (!jpeg_segment(r, marker, &jpeg))
			return CFA_IMAGE_BROKEN;
	}
	return CFA_IMAGE_BROKEN;
}

/* Goes over a segment, and the coded data behind one that begins a scan. */
static bool
jpeg_segment(Reader *r, uint8_t marker, Jpeg *jpeg)
{
	Reader segment;

	if (!jpeg_length(r, marker, &segment))
		return false;
	if (jpeg_is_frame(marker))
	{
		if (jpeg->has_frame || !jpeg_frame(&segment, marker, jpeg->image))
			return false;
		jpeg->has_frame = true;
	}
	if (marker != JPEG_SCAN)
		return true;
	jpeg->has_scan = true;
	return jpeg->has_frame && jpeg_scan(r);
}

/* Takes a segment by its length; parts without one have no place between them. */
static bool
jpeg_length(Reader *r, uint8_t marker, Reader *segment)
{
	bool is_segment = marker >= 0xc0 && (marker < 0xd0 || marker > JPEG_END);
	uint32_t len;

	if (!is_segment || left(r) < 2)
		return false;
	len = big16(r->at);
	if (len < 2 || len > left(r))
		return false;
	*segment = (Reader){.at = r->at + 2, .end = r->at + len};
	r->at += len;
	return true;
}

/* The next marker; any number of FF may stand in front of it. */
static bool
jpeg_marker(Reader *r, uint8_t *marker)
{
	if (left(r) < 2 || *r->at != 0xff)
		return false;
	while (left(r) > 0 && *r->at == 0xff)
		r->at++;
	if (left(r) == 0 || *r->at == 0)
		return false;
	*marker = *r->at++;
	return true;
}

/* SOF0 to SOF15, but DHT, JPG and DAC, which stand among them. */
static bool
jpeg_is_frame(uint8_t marker)
{
	return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 &&
		   marker != 0xc8 && marker != 0xcc;
}

/* Baseline, extended or progressive, of 8 bits; not lossless, not arithmetic. */
static bool
jpeg_frame(const Reader *segment, uint8_t marker, CfaImage *out)
{
	const uint8_t *data = segment->at;
	uint8_t components;

	if (marker > 0xc2 || left(segment) < 6)
		return false;
	components = data[5];
	out->height = big16(data + 1);
	out->width = big16(data + 3);
	return data[0] == 8 &&
		   (components == 1 || components == 3 || components == 4) &&
		   left(segment) == 6 + 3 * (size_t) components;
}

/* Goes over the coded data of a scan, to the marker behind it. */
static bool
jpeg_scan(Reader *r)
{
	while (left(r) >= 2)
	{
		const uint8_t *found = memchr(r->at, 0xff, left(r) - 1);

		if (found == NULL)
			return false;
		r->at = found;
		/* Stuffed zeros and restart markers belong to the data. */
		if (found[1] != 0 && (found[1] < 0xd0 || found[1] > 0xd7))
			return true;
		r->at += 2;
	}
	return false;
}

/* RIFF with its exact length, WEBP, then one picture or the extended form. */
static CfaImageResult
read_webp(Reader *r, CfaImage *out)
{
	uint32_t len = little32(r->at + 4);
	char type[5];
	Reader chunk;

	if (len < 4 || len > left(r) - 8)
		return CFA_IMAGE_BROKEN;
	if (len < left(r) - 8)
		return CFA_IMAGE_TRAILING;
	r->at += 12;
	if (!webp_chunk(r, type, &chunk))
		return CFA_IMAGE_BROKEN;
	if (strcmp(type, "VP8X") == 0)
	{
		if (left(&chunk) != 10)
			return CFA_IMAGE_BROKEN;
		if (chunk.at[0] & 0x02)
			return CFA_IMAGE_ANIMATED;
		out->width = little24(chunk.at + 4) + 1;
		out->height = little24(chunk.at + 7) + 1;
		return webp_extended(r, out);
	}
	if (!webp_picture(type, &chunk, out))
		return CFA_IMAGE_BROKEN;
	return left(r) == 0 ? CFA_IMAGE_OK : CFA_IMAGE_TRAILING;
}

/* Known chunks with one picture of the canvas' size among them. */
static CfaImageResult
webp_extended(Reader *r, CfaImage *out)
{
	static const char known[] = "ICCP ALPH EXIF XMP ";
	bool has_picture = false;
	char type[5];
	Reader chunk;

	while (left(r) > 0)
	{
		CfaImage picture;

		if (!webp_chunk(r, type, &chunk))
			return CFA_IMAGE_BROKEN;
		if (webp_picture(type, &chunk, &picture))
		{
			if (has_picture || picture.width != out->width ||
				picture.height != out->height)
				return CFA_IMAGE_BROKEN;
			has_picture = true;
		}
		else if (strstr(known, type) == NULL)
		{
			return CFA_IMAGE_BROKEN;
		}
	}
	return has_picture ? CFA_IMAGE_OK : CFA_IMAGE_BROKEN;
}

/* The next chunk, without its padding; its type is four printable characters. */
static bool
webp_chunk(Reader *r, char type[5], Reader *chunk)
{
	uint32_t len;
	size_t padded;
	int i;

	if (left(r) < 8)
		return false;
	for (i = 0; i < 4; i++)
	{
		if (r->at[i] < ' ' || r->at[i] > '~')
			return false;
	}
	memcpy(type, r->at, 4);
	type[4] = '\0';
	len = little32(r->at + 4);
	r->at += 8;
	padded = (size_t) len + (len & 1);
	if (padded > left(r))
		return false;
	*chunk = (Reader){.at = r->at, .end = r->at + len};
	r->at += padded;
	return true;
}

/* The size of a lossy (VP8) or lossless (VP8L) picture. */
static bool
webp_picture(const char *type, const Reader *chunk, CfaImage *out)
{
	const uint8_t *at = chunk->at;

	if (strcmp(type, "VP8 ") == 0)
	{
		/* A key frame that is shown, then the start code. */
		if (left(chunk) < 10 || (at[0] & 0x11) != 0x10 ||
			memcmp(at + 3, "\x9d\x01\x2a", 3) != 0)
			return false;
		out->width = little16(at + 6) & 0x3fff;
		out->height = little16(at + 8) & 0x3fff;
		return true;
	}
	if (strcmp(type, "VP8L") == 0)
	{
		uint32_t bits;

		if (left(chunk) < 5 || at[0] != 0x2f)
			return false;
		bits = little32(at + 1);
		out->width = (bits & 0x3fff) + 1;
		out->height = ((bits >> 14) & 0x3fff) + 1;
		return bits >> 29 == 0;
	}
	return false;
}

static CfaImageResult
check_size(const CfaImage *image)
{
	bool is_fit = image->width >= 1 && image->width <= CFA_IMAGE_SIDE_MAX &&
				  image->height >= 1 && image->height <= CFA_IMAGE_SIDE_MAX &&
				  image->width * image->height <= CFA_IMAGE_PIXELS_MAX;

	return is_fit ? CFA_IMAGE_OK : CFA_IMAGE_TOO_LARGE;
}

static size_t
left(const Reader *r)
{
	return (size_t) (r->end - r->at);
}

static uint32_t
big16(const uint8_t *at)
{
	return (uint32_t) at[0] << 8 | at[1];
}

static uint32_t
big32(const uint8_t *at)
{
	return big16(at) << 16 | big16(at + 2);
}

static uint32_t
little16(const uint8_t *at)
{
	return at[0] | (uint32_t) at[1] << 8;
}

static uint32_t
little24(const uint8_t *at)
{
	return little16(at) | (uint32_t) at[2] << 16;
}

static uint32_t
little32(const uint8_t *at)
{
	return little16(at) | little16(at + 2) << 16;
}
