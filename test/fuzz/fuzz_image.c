/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: an image is read in bounds, and what is taken has a sensible size. */
#include "fuzz.h"

#include "handlers/image.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *bytes = malloc(size > 0 ? size : 1);
	CfaImage image = {0};

	memcpy(bytes, data, size);
	if (cfa_image_read(bytes, size, &image) == CFA_IMAGE_OK)
	{
		fuzz_require(image.width > 0 && image.width <= CFA_IMAGE_SIDE_MAX &&
						 image.height > 0 && image.height <= CFA_IMAGE_SIDE_MAX,
					 "the sides have their bounds");
		fuzz_require((uint64_t) image.width * image.height <=
						 CFA_IMAGE_PIXELS_MAX,
					 "the pixels have their bound");
		fuzz_require(cfa_image_media_type(image.type) != NULL,
					 "an image has a type");
	}
	free(bytes);
	return 0;
}
