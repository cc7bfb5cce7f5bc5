// SPDX-License-Identifier: Apache-2.0
// The start of a campaign as an entry of the reader's calendar (RFC 5545). The
// server sends no e-mail by itself: the calendar is what reminds.
import type { Campaign } from '@/api/types'
import { t } from '@/i18n'

const LINE_OCTETS_MAX = 75

/** Hands the file to the browser. */
export function saveReminder(campaign: Campaign): void {
  const text = calendarText(campaign, location.origin, new Date())
  const address = URL.createObjectURL(new Blob([text], { type: 'text/calendar;charset=utf-8' }))
  const link = document.createElement('a')
  link.href = address
  link.download = `${campaign.slug}.ics`
  link.click()
  setTimeout(() => URL.revokeObjectURL(address), 60_000)
}

/** The same campaign is the same entry, whenever and in whatever language it is made. */
export function calendarText(campaign: Campaign, origin: string, now: Date): string {
  const address = `${origin}/campaigns/${campaign.slug}`
  const summary = text(t('calendar.starts', { title: campaign.title }))
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//CareForAll//CareForAll//EN',
    'CALSCALE:GREGORIAN',
    'METHOD:PUBLISH',
    'BEGIN:VEVENT',
    `UID:${campaign.id}-starts@${new URL(origin).hostname}`,
    `SEQUENCE:${campaign.version}`,
    `DTSTAMP:${utc(now)}`,
    `DTSTART:${utc(new Date(campaign.starts_at))}`,
    'DURATION:PT15M',
    `SUMMARY:${summary}`,
    `DESCRIPTION:${text(`${campaign.summary}\n${address}`)}`,
    `URL:${address}`,
    'TRANSP:TRANSPARENT',
    'BEGIN:VALARM',
    'ACTION:DISPLAY',
    'TRIGGER:PT0S',
    `DESCRIPTION:${summary}`,
    'END:VALARM',
    'END:VEVENT',
    'END:VCALENDAR',
  ]
  return lines.map((line) => `${folded(line)}\r\n`).join('')
}

function utc(date: Date): string {
  return date.toISOString().replace(/[-:]|\.\d+/g, '')
}

/** A value of type TEXT: what has a meaning in a line is escaped, other control characters go. */
function text(value: string): string {
  return value
    .replace(/[\\;,]/g, '\\$&')
    .replace(/\r\n?|\n/g, '\\n')
    .replace(/\p{Cc}/gu, '')
}

/** No line is longer than 75 octets, and no character is cut. */
function folded(line: string): string {
  const encoder = new TextEncoder()
  let octets = 0
  let result = ''
  for (const character of line) {
    const size = encoder.encode(character).length
    if (octets + size > LINE_OCTETS_MAX) {
      result += '\r\n '
      octets = 1
    }
    result += character
    octets += size
  }
  return result
}
