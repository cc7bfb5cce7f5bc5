// SPDX-License-Identifier: Apache-2.0
// What the server sends of the donors' pages before any script runs, drawn at build time
// by the components that the application puts in its place.
import { renderToStaticMarkup } from 'react-dom/server'
import { Brand, BRAND, Header } from '@/components/header'
import { Hero } from '@/components/hero'
import { LANGUAGES } from './messages.js'
import { speak } from './shell-texts'

/** Parts of pages by their names. */
export function beginnings(): Record<string, string> {
  const heroes = LANGUAGES.map((language): [string, string] => {
    speak(language)
    return [`hero-${language}`, renderToStaticMarkup(<Hero />)]
  })
  const home = (
    <a href="/" className={BRAND}>
      <Brand />
    </a>
  )
  return { header: renderToStaticMarkup(<Header home={home} />), ...Object.fromEntries(heroes) }
}
