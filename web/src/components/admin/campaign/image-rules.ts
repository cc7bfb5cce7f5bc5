// SPDX-License-Identifier: Apache-2.0
// What the API takes as a cover image, checked before it is sent.

export const ALT_MAX = 200
export const IMAGE_BYTES_MAX = 2 * 1024 * 1024
const SIDE_MAX = 8192
const PIXELS_MAX = 40_000_000
const TYPES = ['image/jpeg', 'image/png', 'image/webp']

export type ImageSize = { width: number; height: number }
export type ImageProblem = 'wrong_type' | 'too_big' | 'not_image' | 'too_many_pixels'

/** `size` is null for a file that is no image. */
export function imageProblem(file: Pick<File, 'type' | 'size'>, size: ImageSize | null): ImageProblem | null {
  if (!TYPES.includes(file.type)) return 'wrong_type'
  if (file.size > IMAGE_BYTES_MAX) return 'too_big'
  if (size === null || file.size === 0) return 'not_image'
  if (Math.max(size.width, size.height) > SIDE_MAX || size.width * size.height > PIXELS_MAX) return 'too_many_pixels'
  return null
}

export async function measureImage(file: Blob): Promise<ImageSize | null> {
  try {
    const bitmap = await createImageBitmap(file)
    const size = { width: bitmap.width, height: bitmap.height }
    bitmap.close()
    return size
  } catch {
    return null
  }
}
