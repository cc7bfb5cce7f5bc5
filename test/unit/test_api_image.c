/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: an upload is what its bytes say, whole, and nothing else besides.
 * Method: small images made by hand of each type; every prefix of them; each byte
 * changed; things behind the end; sizes at and past the bounds.
 */
#include "unit.h"

#include "handlers/image.h"

typedef struct Bytes
{
	uint8_t data[4096];
	size_t len;
} Bytes;

static void
add(Bytes *bytes, const void *data, size_t len)
{
	assert_true(bytes->len + len <= sizeof(bytes->data));
	memcpy(bytes->data + bytes->len, data, len);
	bytes->len += len;
}

static void
add_big32(Bytes *bytes, uint32_t value)
{
	uint8_t out[4] = {(uint8_t) (value >> 24),
					  (uint8_t) (value >> 16),
					  (uint8_t) (value >> 8),
					  (uint8_t) value};

	add(bytes, out, 4);
}

static void
add_little(Bytes *bytes, uint32_t value, int count)
{
	for (int i = 0; i < count; i++)
	{
		uint8_t byte = (uint8_t) (value >> (8 * i));

		add(bytes, &byte, 1);
	}
}

/* Bit by bit, unlike the code under test. */
static uint32_t
crc_of(const uint8_t *data, size_t len)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < len * 8; i++)
	{
		uint32_t bit = (data[i / 8] >> (i % 8)) & 1;

		crc = ((crc ^ bit) & 1) ? (crc >> 1) ^ 0xedb88320 : crc >> 1;
	}
	return ~crc;
}

static void
add_chunk(Bytes *bytes, const char *type, const void *data, size_t len)
{
	size_t from = bytes->len + 4;

	add_big32(bytes, (uint32_t) len);
	add(bytes, type, 4);
	add(bytes, data, len);
	add_big32(bytes, crc_of(bytes->data + from, len + 4));
}

static Bytes
png(uint32_t width, uint32_t height, uint8_t depth, uint8_t color)
{
	Bytes bytes = {.len = 0};
	Bytes header = {.len = 0};
	uint8_t rest[] = {depth, color, 0, 0, 0};

	add_big32(&header, width);
	add_big32(&header, height);
	add(&header, rest, sizeof(rest));
	add(&bytes, "\x89PNG\r\n\x1a\n", 8);
	add_chunk(&bytes, "IHDR", header.data, header.len);
	add_chunk(&bytes, "tEXt", "Comment\0<script>", 16);
	add_chunk(&bytes, "IDAT", "\x78\x9c\x63\x00\x00\x00\x01\x00\x01", 9);
	add_chunk(&bytes, "IEND", "", 0);
	return bytes;
}

static void
add_segment(Bytes *bytes, uint8_t marker, const void *data, size_t len)
{
	uint8_t head[] = {0xff,
					  marker,
					  (uint8_t) ((len + 2) >> 8),
					  (uint8_t) (len + 2)};

	add(bytes, head, 4);
	add(bytes, data, len);
}

static Bytes
jpeg(uint32_t width, uint32_t height, uint8_t frame)
{
	Bytes bytes = {.len = 0};
	uint8_t sof[] = {8,
					 (uint8_t) (height >> 8),
					 (uint8_t) height,
					 (uint8_t) (width >> 8),
					 (uint8_t) width,
					 1,
					 1,
					 0x11,
					 0};

	add(&bytes, "\xff\xd8", 2);
	add_segment(&bytes, 0xe0, "JFIF\0\1\1\0\0\1\0\1\0\0", 14);
	add_segment(&bytes, 0xc4, "\0\1", 2);
	add(&bytes, "\xff\xff", 2); /* filling */
	add_segment(&bytes, frame, sof, sizeof(sof));
	add_segment(&bytes, 0xda, "\1\1\0\0\x3f\0", 6);
	add(&bytes, "\x12\xff\x00\x34\xff\xd0\x56", 7);
	add_segment(&bytes, 0xda, "\1\1\0\0\x3f\0", 6);
	add(&bytes, "\x12\xff\xd9", 3);
	return bytes;
}

static void
add_riff(Bytes *bytes, const char *type, const void *data, size_t len)
{
	add(bytes, type, 4);
	add_little(bytes, (uint32_t) len, 4);
	add(bytes, data, len);
	if (len & 1)
		add(bytes, "", 1);
}

static Bytes
riff(const Bytes *chunks)
{
	Bytes bytes = {.len = 0};

	add(&bytes, "RIFF", 4);
	add_little(&bytes, (uint32_t) chunks->len + 4, 4);
	add(&bytes, "WEBP", 4);
	add(&bytes, chunks->data, chunks->len);
	return bytes;
}

static void
add_vp8(Bytes *chunks, uint32_t width, uint32_t height)
{
	Bytes data = {.len = 0};

	add(&data, "\x10\x00\x00\x9d\x01\x2a", 6);
	add_little(&data, width | 0x4000, 2);
	add_little(&data, height, 2);
	add(&data, "\x01", 1);
	add_riff(chunks, "VP8 ", data.data, data.len);
}

static void
add_vp8l(Bytes *chunks, uint32_t width, uint32_t height, uint32_t version)
{
	Bytes data = {.len = 0};

	add(&data, "\x2f", 1);
	add_little(&data,
			   (width - 1) | (height - 1) << 14 | 1u << 28 | version << 29,
			   4);
	add_riff(chunks, "VP8L", data.data, data.len);
}

static void
add_vp8x(Bytes *chunks, uint32_t width, uint32_t height, uint8_t flags)
{
	Bytes data = {.len = 0};

	add_little(&data, flags, 4);
	add_little(&data, width - 1, 3);
	add_little(&data, height - 1, 3);
	add_riff(chunks, "VP8X", data.data, data.len);
}

static Bytes
webp(const char *form, uint32_t width, uint32_t height)
{
	Bytes chunks = {.len = 0};

	if (strcmp(form, "lossy") == 0)
		add_vp8(&chunks, width, height);
	else if (strcmp(form, "lossless") == 0)
		add_vp8l(&chunks, width, height, 0);
	else
	{
		add_vp8x(&chunks, width, height, 0x10);
		add_riff(&chunks, "ICCP", "profile", 7);
		add_vp8l(&chunks, width, height, 0);
		add_riff(&chunks, "XMP ", "<x/>", 4);
	}
	return riff(&chunks);
}

static CfaImageResult
read_copy(const uint8_t *data, size_t len, CfaImage *image)
{
	/* An exact block on the heap, so that a byte too many is noticed. */
	uint8_t *copy = malloc(len > 0 ? len : 1);
	CfaImageResult result;

	memcpy(copy, data, len);
	result = cfa_image_read(copy, len, image);
	free(copy);
	return result;
}

static void
expect(const Bytes *bytes, CfaImageResult result)
{
	CfaImage image;

	assert_int_equal(read_copy(bytes->data, bytes->len, &image), result);
}

static void
expect_image(const Bytes *bytes, CfaImageType type, uint32_t width,
			 uint32_t height)
{
	CfaImage image;

	assert_int_equal(read_copy(bytes->data, bytes->len, &image), CFA_IMAGE_OK);
	assert_int_equal(image.type, type);
	assert_int_equal(image.width, width);
	assert_int_equal(image.height, height);
}

static void
test_reads(void **state)
{
	Bytes bytes = png(640, 480, 8, 6);

	expect_image(&bytes, CFA_IMAGE_PNG, 640, 480);
	bytes = jpeg(640, 480, 0xc0);
	expect_image(&bytes, CFA_IMAGE_JPEG, 640, 480);
	bytes = jpeg(8192, 1, 0xc2);
	expect_image(&bytes, CFA_IMAGE_JPEG, 8192, 1);
	bytes = webp("lossy", 640, 480);
	expect_image(&bytes, CFA_IMAGE_WEBP, 640, 480);
	bytes = webp("lossless", 8192, 1);
	expect_image(&bytes, CFA_IMAGE_WEBP, 8192, 1);
	bytes = webp("extended", 640, 480);
	expect_image(&bytes, CFA_IMAGE_WEBP, 640, 480);
	assert_string_equal(cfa_image_media_type(CFA_IMAGE_JPEG), "image/jpeg");
	assert_string_equal(cfa_image_media_type(CFA_IMAGE_PNG), "image/png");
	assert_string_equal(cfa_image_media_type(CFA_IMAGE_WEBP), "image/webp");
}

/* Nothing that is cut, or has something behind it, is an image. */
static void
test_whole_only(void **state)
{
	Bytes all[] = {png(4, 4, 8, 2),
				   jpeg(4, 4, 0xc1),
				   webp("lossy", 4, 4),
				   webp("lossless", 4, 4),
				   webp("extended", 4, 4)};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
	{
		CfaImage image;

		for (size_t len = 0; len < all[i].len; len++)
			assert_int_not_equal(read_copy(all[i].data, len, &image),
								 CFA_IMAGE_OK);
		add(&all[i], "PK\3\4", 4);
		expect(&all[i], CFA_IMAGE_TRAILING);
	}
}

/* No changed byte leads astray; of a PNG every one is noticed. */
static void
test_changed_bytes(void **state)
{
	Bytes all[] = {png(4, 4, 8, 2),
				   jpeg(4, 4, 0xc0),
				   webp("lossy", 4, 4),
				   webp("lossless", 4, 4),
				   webp("extended", 4, 4)};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
	{
		for (size_t at = 0; at < all[i].len; at++)
		{
			for (int bit = 0; bit < 8; bit++)
			{
				CfaImage image;
				CfaImageResult result;

				all[i].data[at] ^= (uint8_t) (1 << bit);
				result = read_copy(all[i].data, all[i].len, &image);
				if (i == 0)
					assert_int_not_equal(result, CFA_IMAGE_OK);
				if (result == CFA_IMAGE_OK)
					assert_true(image.width >= 1 && image.width <= 8192 &&
								image.height >= 1 && image.height <= 8192);
				all[i].data[at] ^= (uint8_t) (1 << bit);
			}
		}
	}
}

static void
test_other_types(void **state)
{
	static const char *const others[] = {
		"<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
		"GIF89a\1\0\1\0\0\0\0",
		"%PDF-1.7 something longer",
		"\x89PNG",
		"RIFF\x10\0\0\0WAVEfmt ",
		"<html><script>1</script>",
	};
	CfaImage image;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_int_equal(read_copy((const uint8_t *) others[i],
								   strlen(others[i]),
								   &image),
						 CFA_IMAGE_UNKNOWN);
}

static void
test_sizes(void **state)
{
	Bytes bytes = png(8193, 1, 8, 2);

	expect(&bytes, CFA_IMAGE_TOO_LARGE);
	bytes = png(0, 1, 8, 2);
	expect(&bytes, CFA_IMAGE_TOO_LARGE);
	bytes = png(0xffffffff, 0xffffffff, 8, 2);
	expect(&bytes, CFA_IMAGE_TOO_LARGE);
	bytes = png(8000, 5000, 8, 2);
	expect_image(&bytes, CFA_IMAGE_PNG, 8000, 5000);
	bytes = png(8000, 5001, 8, 2);
	expect(&bytes, CFA_IMAGE_TOO_LARGE);
	bytes = jpeg(0, 1, 0xc0);
	expect(&bytes, CFA_IMAGE_TOO_LARGE);
	bytes = jpeg(1, 0, 0xc0);
	expect(&bytes, CFA_IMAGE_TOO_LARGE);
	bytes = webp("lossless", 16384, 16384);
	expect(&bytes, CFA_IMAGE_TOO_LARGE);
	bytes = webp("lossy", 0, 4);
	expect(&bytes, CFA_IMAGE_TOO_LARGE);
}

static void
test_png_parts(void **state)
{
	/* Colour type and depth fit together or not. */
	static const uint8_t good[][2] =
		{{1, 0}, {16, 0}, {8, 2}, {16, 2}, {1, 3}, {8, 3}, {8, 4}, {16, 6}};
	static const uint8_t bad[][2] = {{0, 0},
									 {3, 0},
									 {4, 2},
									 {16, 3},
									 {4, 4},
									 {8, 1},
									 {8, 5},
									 {8, 7},
									 {4, 6}};
	Bytes bytes;
	Bytes whole = png(4, 4, 8, 2);

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
	{
		bytes = png(4, 4, good[i][0], good[i][1]);
		expect(&bytes, CFA_IMAGE_OK);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		bytes = png(4, 4, bad[i][0], bad[i][1]);
		expect(&bytes, CFA_IMAGE_BROKEN);
	}

	/* Two headers; no data; an animation; a length past the end. */
	bytes = (Bytes){.len = 0};
	add(&bytes, whole.data, 33);
	add(&bytes, whole.data + 8, 25);
	add(&bytes, whole.data + 33, whole.len - 33);
	expect(&bytes, CFA_IMAGE_BROKEN);
	bytes = (Bytes){.len = 0};
	add(&bytes, whole.data, 33);
	add_chunk(&bytes, "IEND", "", 0);
	expect(&bytes, CFA_IMAGE_BROKEN);
	bytes = (Bytes){.len = 0};
	add(&bytes, whole.data, 33);
	add_chunk(&bytes, "acTL", "\0\0\0\2\0\0\0\0", 8);
	add(&bytes, whole.data + 33, whole.len - 33);
	expect(&bytes, CFA_IMAGE_ANIMATED);
	bytes = (Bytes){.len = 0};
	add(&bytes, whole.data, 33);
	add(&bytes, "\xff\xff\xff\xffIDATabcd", 12);
	expect(&bytes, CFA_IMAGE_BROKEN);
	bytes = (Bytes){.len = 0};
	add(&bytes, whole.data, 8);
	add_chunk(&bytes, "IDAT", "x", 1);
	add(&bytes, whole.data + 8, whole.len - 8);
	expect(&bytes, CFA_IMAGE_BROKEN);
}

static void
test_jpeg_parts(void **state)
{
	static const uint8_t frames[] =
		{0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf};
	Bytes whole = jpeg(4, 4, 0xc0);
	Bytes bytes;

	for (size_t i = 0; i < sizeof(frames); i++)
	{
		bytes = jpeg(4, 4, frames[i]);
		expect(&bytes, CFA_IMAGE_BROKEN);
	}
	/* No frame, no scan, two frames, a marker that has no place there. */
	bytes = (Bytes){.len = 0};
	add(&bytes, "\xff\xd8", 2);
	add_segment(&bytes, 0xda, "\1\1\0\0\x3f\0", 6);
	add(&bytes, "\x12\xff\xd9", 3);
	expect(&bytes, CFA_IMAGE_BROKEN);
	bytes = (Bytes){.len = 0};
	add(&bytes, whole.data, 41);
	add(&bytes, "\xff\xd9", 2);
	expect(&bytes, CFA_IMAGE_BROKEN);
	bytes = (Bytes){.len = 0};
	add(&bytes, whole.data, 28);
	add(&bytes, whole.data + 28, 13);
	add(&bytes, whole.data + 28, whole.len - 28);
	expect(&bytes, CFA_IMAGE_BROKEN);
	bytes = (Bytes){.len = 0};
	add(&bytes, "\xff\xd8\xff\xd8", 4);
	add(&bytes, whole.data + 2, whole.len - 2);
	expect(&bytes, CFA_IMAGE_BROKEN);
	bytes = (Bytes){.len = 0};
	add(&bytes, "\xff\xd8\xff\xe0\0\1", 6);
	add(&bytes, whole.data + 2, whole.len - 2);
	expect(&bytes, CFA_IMAGE_BROKEN);
}

static void
test_webp_parts(void **state)
{
	Bytes chunks = {.len = 0};
	Bytes bytes;

	/* Two pictures; another size than the canvas; no picture; unknown; moving. */
	add_vp8(&chunks, 4, 4);
	add_vp8(&chunks, 4, 4);
	bytes = riff(&chunks);
	expect(&bytes, CFA_IMAGE_TRAILING);
	chunks = (Bytes){.len = 0};
	add_vp8x(&chunks, 4, 4, 0);
	add_vp8(&chunks, 4, 5);
	bytes = riff(&chunks);
	expect(&bytes, CFA_IMAGE_BROKEN);
	chunks = (Bytes){.len = 0};
	add_vp8x(&chunks, 4, 4, 0);
	add_vp8(&chunks, 4, 4);
	add_vp8l(&chunks, 4, 4, 0);
	bytes = riff(&chunks);
	expect(&bytes, CFA_IMAGE_BROKEN);
	chunks = (Bytes){.len = 0};
	add_vp8x(&chunks, 4, 4, 0);
	bytes = riff(&chunks);
	expect(&bytes, CFA_IMAGE_BROKEN);
	chunks = (Bytes){.len = 0};
	add_vp8x(&chunks, 4, 4, 0);
	add_vp8(&chunks, 4, 4);
	add_riff(&chunks, "JUNK", "abcd", 4);
	bytes = riff(&chunks);
	expect(&bytes, CFA_IMAGE_BROKEN);
	chunks = (Bytes){.len = 0};
	add_vp8x(&chunks, 4, 4, 0x02);
	add_vp8(&chunks, 4, 4);
	bytes = riff(&chunks);
	expect(&bytes, CFA_IMAGE_ANIMATED);
	chunks = (Bytes){.len = 0};
	add_vp8l(&chunks, 4, 4, 1);
	bytes = riff(&chunks);
	expect(&bytes, CFA_IMAGE_BROKEN);
	chunks = (Bytes){.len = 0};
	add_riff(&chunks, "VP8 ", "\x11\x00\x00\x9d\x01\x2a\4\0\4\0", 10);
	bytes = riff(&chunks);
	expect(&bytes, CFA_IMAGE_BROKEN);
	chunks = (Bytes){.len = 0};
	add_riff(&chunks, "XMP ", "VP8X", 4);
	bytes = riff(&chunks);
	expect(&bytes, CFA_IMAGE_BROKEN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads),
		cmocka_unit_test(test_whole_only),
		cmocka_unit_test(test_changed_bytes),
		cmocka_unit_test(test_other_types),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_png_parts),
		cmocka_unit_test(test_jpeg_parts),
		cmocka_unit_test(test_webp_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
