// SPDX-License-Identifier: Apache-2.0
// Goal: consent names the text that was read. Method: the texts against what their version
// has been; the request with and without the box, where news are offered and where not.
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import ar from '@/i18n/messages/ar/extra/news.json'
import de from '@/i18n/messages/de/extra/news.json'
import en from '@/i18n/messages/en/extra/news.json'
import { NEWS_TEXT } from '@/lib/news'

// Who changes what donors agree to gives it a new name, in src/lib/news.ts, and a line here.
const TEXTS: Record<string, string> = { '2026-11': 'b02ca6bd54e773ac' }

describe('the consent to news', () => {
  it('has a version for each wording', () => {
    const hash = createHash('sha256')
    for (const texts of [en, de, ar]) hash.update(`${texts['news.label']}\n${texts['news.hint']}\n`)
    expect(hash.digest('hex').slice(0, 16)).toBe(TEXTS[NEWS_TEXT])
  })
})
