// SPDX-License-Identifier: Apache-2.0
// Goal: the budget counts what a donor loads, once, and no more. Method: a made-up bundle.
import { expect, test } from 'vitest'
import { donorBytes, donorScripts, type Chunk } from '../scripts/budget'

const chunk = (fileName: string, more: Partial<Chunk> = {}): Chunk => ({
  type: 'chunk',
  fileName,
  code: `${fileName};`.repeat(20),
  isEntry: false,
  facadeModuleId: null,
  imports: [],
  dynamicImports: [],
  ...more,
})

const chunks = [
  chunk('main.js', { isEntry: true, imports: ['react.js'], dynamicImports: ['campaign.js', 'give.js', 'admin.js', 'en.js', 'ar.js'] }),
  chunk('react.js'),
  chunk('campaign.js', { facadeModuleId: '/web/src/pages/campaign.tsx', imports: ['main.js', 'shared.js'], dynamicImports: ['dialog.js'] }),
  chunk('give.js', { facadeModuleId: '/web/src/pages/give.tsx', imports: ['shared.js'] }),
  chunk('shared.js'),
  chunk('dialog.js', { imports: ['form.js'] }),
  chunk('form.js'),
  chunk('admin.js', { facadeModuleId: '/web/src/pages/admin/layout.tsx', imports: ['charts.js'] }),
  chunk('charts.js'),
  chunk('en.js', { facadeModuleId: '\0virtual:messages/en/site' }),
  chunk('ar.js', { facadeModuleId: '\0virtual:messages/ar/site', code: 'x'.repeat(50) + Math.PI.toString().repeat(40) }),
  chunk('pseudo.js', { facadeModuleId: '\0virtual:messages/en-XA/site', code: Array.from({ length: 900 }, (_, i) => i).join() }),
]

test('reading takes the first scripts and a campaign, giving what comes on top, neither the dashboard', () => {
  const { reading, giving } = donorScripts(chunks)
  expect(reading.sort()).toEqual(['campaign.js', 'main.js', 'react.js', 'shared.js'])
  expect(giving.sort()).toEqual(['dialog.js', 'form.js', 'give.js'])
})

test('the texts of the largest language count once', () => {
  const all = donorBytes(chunks)
  const without = (name: string) => donorBytes(chunks.filter((one) => one.fileName !== name))
  expect(without('ar.js').reading).toBeLessThan(all.reading)
  expect(without('en.js')).toEqual(all)
  expect(without('pseudo.js')).toEqual(all)
  expect(without('charts.js')).toEqual(all)
  expect(without('form.js').giving).toBeLessThan(all.giving)
  expect(without('react.js').reading).toBeLessThan(all.reading)
})
