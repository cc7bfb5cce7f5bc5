// SPDX-License-Identifier: Apache-2.0
/** Length as the database counts it: code points, not UTF-16 units. */
export function textLength(text: string): number {
  return Array.from(text).length
}
