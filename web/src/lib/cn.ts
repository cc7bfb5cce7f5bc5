// SPDX-License-Identifier: Apache-2.0
import { clsx, type ClassValue } from 'clsx'

/** Joins class names. Tailwind decides between two that contradict each other, so pass none. */
export function cn(...classes: ClassValue[]): string {
  return clsx(classes)
}
