// SPDX-License-Identifier: Apache-2.0
// Goal: the budget counts what a donor loads, once, and no more. Method: a made-up bundle.
import { expect, test } from 'vitest'
import { donorBytes, donorScripts, type Asset, type Chunk } from '../scripts/budget'

const chunk = (fileName: string, more: Partial<Chunk> = {}): Chunk => ({
  type: 'chunk',
  fileName,
  code: `${fileName};`.repeat(20),
  facadeModuleId: null,
  moduleIds: [],
  imports: [],
  ...more,
})

const asset = (fileName: string, source: string): Asset => ({ type: 'asset', fileName, names: [fileName], source })

const bundle = [
  asset('index.html', '<script type="module" crossorigin src="/base.js"></script>\n<script type="module" crossorigin src="/site.js"></script>'),
  asset('start.js', 'document.documentElement.lang = "en"'),
  asset('style.css', 'a{color:red}'),
  chunk('base.js', { imports: ['runtime.js'] }),
  chunk('runtime.js'),
  chunk('site.js', { imports: ['base.js'] }),
  chunk('giving.js', { moduleIds: ['/web/src/pages/giving.ts'], imports: ['flow.js', 'site.js'] }),
  chunk('flow.js', { imports: ['base.js'] }),
  chunk('admin.js', { facadeModuleId: '/web/src/pages/admin/layout.tsx', imports: ['charts.js'] }),
  chunk('charts.js'),
  chunk('en.js', { facadeModuleId: '\0virtual:messages/en/site' }),
  chunk('ar.js', { facadeModuleId: '\0virtual:messages/ar/site', code: 'x'.repeat(50) + Math.PI.toString().repeat(40) }),
  chunk('pseudo.js', { facadeModuleId: '\0virtual:messages/en-XA/site', code: Array.from({ length: 900 }, (_, i) => i).join() }),
]

const without = (name: string) => bundle.filter((one) => one.fileName !== name)

test('the first scripts and those of giving are a donor\'s, not the dashboard', () => {
  const { first, giving } = donorScripts(bundle)
  expect([...first].sort()).toEqual(['base.js', 'runtime.js', 'site.js'])
  expect([...giving].sort()).toEqual(['flow.js', 'giving.js'])
})

test('all of them count, and the texts of the largest language once', () => {
  const all = donorBytes(bundle)
  for (const name of ['base.js', 'runtime.js', 'site.js', 'flow.js', 'ar.js']) {
    expect(donorBytes(without(name)), name).toBeLessThan(all)
  }
  for (const name of ['admin.js', 'charts.js', 'en.js', 'pseudo.js', 'style.css']) {
    expect(donorBytes(without(name)), name).toBe(all)
  }
})

test.each(['index.html', 'giving.js', 'start.js'])('a bundle without %s is not measured', (name) => {
  expect(() => donorBytes(without(name))).toThrow()
})
