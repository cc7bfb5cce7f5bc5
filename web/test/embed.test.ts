// SPDX-License-Identifier: Apache-2.0
// Goal: what another site copies shows the campaign, and no title becomes markup there.
// Method: the code, as a browser reads it.
import { describe, expect, test } from 'vitest'
import { buttonCode, embedAddress, frameCode } from '@/lib/embed'

const SITE = 'https://give.example.org'
const HOSTILE = '"><script>alert(1)</script>&amp; \' Zoë'

function read(code: string): HTMLElement {
  const box = document.createElement('div')
  box.innerHTML = code
  expect(box.children).toHaveLength(1)
  return box
}

describe('HTML for other sites', () => {
  test('has the choices in its addresses, and no others', () => {
    expect(embedAddress(SITE, 'beds', '', { language: '', theme: '' })).toBe(`${SITE}/embed/campaigns/beds`)
    expect(embedAddress(SITE, 'beds', '/button.svg', { language: 'ar', theme: 'dark' })).toBe(
      `${SITE}/embed/campaigns/beds/button.svg?lang=ar&theme=dark`,
    )
  })

  test('is one frame', () => {
    const frame = read(frameCode(SITE, { slug: 'beds', title: HOSTILE }, { language: 'de', theme: 'light' })).querySelector('iframe')
    expect(frame?.getAttribute('src')).toBe(`${SITE}/embed/campaigns/beds?lang=de&theme=light`)
    expect(frame?.title).toBe(HOSTILE)
    expect(frame?.getAttribute('style')).toBeNull()
  })

  test('is one link with a picture, in the language that was chosen', () => {
    const box = read(buttonCode(SITE, { slug: 'beds', title: 'Beds' }, { language: 'de', theme: '' }, HOSTILE))
    expect(box.querySelector('a')?.getAttribute('href')).toBe(`${SITE}/campaigns/beds?lang=de`)
    expect(box.querySelector('a > img')?.getAttribute('src')).toBe(`${SITE}/embed/campaigns/beds/button.svg?lang=de`)
    expect(box.querySelector('img')?.alt).toBe(HOSTILE)
    expect(read(buttonCode(SITE, { slug: 'beds', title: 'Beds' }, { language: '', theme: '' }, 'x')).querySelector('a')?.getAttribute('href')).toBe(
      `${SITE}/campaigns/beds`,
    )
  })
})
