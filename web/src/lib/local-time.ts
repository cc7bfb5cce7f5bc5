// SPDX-License-Identifier: Apache-2.0
// Moments as a datetime-local field has them: by the clocks of this browser's zone. A time
// that the clocks skip in spring is taken an hour later, one that they show twice in
// autumn is the first.

/** "2026-03-01T09:30" for a moment; "" for none. */
export function toLocalInput(iso: string | null): string {
  if (iso === null) return ''
  const at = new Date(iso)
  const two = (value: number) => String(value).padStart(2, '0')
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`
}

/** The moment in UTC, or null if the text is none. */
export function fromLocalInput(text: string): string | null {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(text)) return null
  const at = new Date(text)
  return Number.isNaN(at.getTime()) ? null : at.toISOString()
}

/** The zone of the fields, as people know it. */
export function localZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone
}
