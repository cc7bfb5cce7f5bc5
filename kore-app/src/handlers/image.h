/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_IMAGE_H
#define CFA_APP_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#define CFA_IMAGE_MAX 2097152 /* bytes */
#define CFA_IMAGE_SIDE_MAX 8192
#define CFA_IMAGE_PIXELS_MAX 40000000

typedef enum CfaImageType
{
	CFA_IMAGE_JPEG,
	CFA_IMAGE_PNG,
	CFA_IMAGE_WEBP
} CfaImageType;

typedef struct CfaImage
{
	CfaImageType type;
	uint32_t width;
	uint32_t height;
} CfaImage;

typedef enum CfaImageResult
{
	CFA_IMAGE_OK,
	CFA_IMAGE_UNKNOWN,	/* it begins like none of the three */
	CFA_IMAGE_BROKEN,	/* its parts do not fit together */
	CFA_IMAGE_TRAILING, /* something follows its end */
	CFA_IMAGE_ANIMATED, /* it moves */
	CFA_IMAGE_TOO_LARGE /* a side is 0 or too long, or it has too many pixels */
} CfaImageResult;

/*
 * Reads what an image says about itself: JPEG, PNG or WebP, its whole frame from
 * the first byte to the last. Pixels are not decoded.
 */
CfaImageResult cfa_image_read(const uint8_t *data, size_t len, CfaImage *out);

/* "image/jpeg", "image/png" or "image/webp". */
const char *cfa_image_media_type(CfaImageType type);

#endif
