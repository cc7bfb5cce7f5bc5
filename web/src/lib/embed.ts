// SPDX-License-Identifier: Apache-2.0
// HTML with which another site shows a campaign.
import type { LANGUAGES } from '@/i18n'

export const THEMES = ['', 'light', 'dark'] as const

/** An empty member leaves it to the reader's browser. */
export type EmbedChoice = { language: keyof typeof LANGUAGES | ''; theme: (typeof THEMES)[number] }

type Embedded = { slug: string; title: string }

/** The address of the frame (rest '') or of the picture ('/button.svg'). */
export function embedAddress(site: string, slug: string, rest: string, { language, theme }: EmbedChoice): string {
  const query = new URLSearchParams()
  if (language !== '') query.set('lang', language)
  if (theme !== '') query.set('theme', theme)
  return `${site}/embed/campaigns/${slug}${rest}${query.size === 0 ? '' : `?${query.toString()}`}`
}

/** A frame. Its border is an attribute, as the policy of the other site may take no style. */
export function frameCode(site: string, { slug, title }: Embedded, choice: EmbedChoice): string {
  const address = escape(embedAddress(site, slug, '', choice))
  return `<iframe src="${address}" title="${escape(title)}" width="340" height="360" loading="lazy" frameborder="0"></iframe>`
}

/** A link with the picture in it, whose text is alt. */
export function buttonCode(site: string, { slug }: Embedded, choice: EmbedChoice, alt: string): string {
  const page = `${site}/campaigns/${slug}${choice.language === '' ? '' : `?lang=${choice.language}`}`
  const picture = escape(embedAddress(site, slug, '/button.svg', choice))
  return `<a href="${escape(page)}"><img src="${picture}" alt="${escape(alt)}" width="320" height="72"></a>`
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
