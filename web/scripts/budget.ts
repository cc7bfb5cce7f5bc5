// SPDX-License-Identifier: Apache-2.0
// What a donor's browser loads, against budgets: to show the landing page and a campaign,
// with the texts of the largest language; and what comes on top of it to give. A build
// notes it in .budget, which make check reads.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

export const BUDGETS = { reading: 150_000, giving: 40_000 }

const TEXTS = /virtual:messages\/([^/]+)\/(\w+)$/

export interface Chunk {
  type: 'chunk'
  fileName: string
  code: string
  isEntry: boolean
  facadeModuleId: string | null
  imports: string[]
  dynamicImports: string[]
}

export interface Scripts {
  reading: string[]
  giving: string[]
}

/** Names of the scripts for either purpose, without texts. */
export function donorScripts(chunks: Chunk[]): Scripts {
  const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]))
  const page = (name: string): string => {
    const chunk = chunks.find((one) => one.facadeModuleId?.endsWith(`/src/pages/${name}.tsx`))
    if (chunk === undefined) throw new Error(`no script of its own for the page ${name}`)
    return chunk.fileName
  }
  const collect = (names: string[], known: Set<string>, withDynamic: boolean): Set<string> => {
    const found = new Set<string>()
    const follow = (name: string) => {
      const chunk = byName.get(name)
      if (chunk === undefined || known.has(name) || found.has(name) || TEXTS.test(chunk.facadeModuleId ?? '')) return
      found.add(name)
      for (const next of [...chunk.imports, ...(withDynamic ? chunk.dynamicImports : [])]) follow(next)
    }
    names.forEach(follow)
    return found
  }
  const entries = chunks.filter((chunk) => chunk.isEntry).map((chunk) => chunk.fileName)
  const reading = collect([...entries, page('campaign')], new Set(), false)
  const later = byName.get(page('campaign'))?.dynamicImports ?? []
  return { reading: [...reading], giving: [...collect([...later, page('give')], reading, true)] }
}

export function donorBytes(chunks: Chunk[]): Record<keyof Scripts, number> {
  const size = (chunk: Chunk | undefined) => (chunk === undefined ? 0 : gzipSync(chunk.code, { level: 9 }).length)
  const sum = (names: string[]) =>
    names.reduce((bytes, name) => bytes + size(chunks.find((chunk) => chunk.fileName === name)), 0)
  const texts = chunks.filter((chunk) => {
    const [, language, area] = TEXTS.exec(chunk.facadeModuleId ?? '') ?? []
    return area === 'site' && language !== undefined && !language.includes('-X')
  })
  const { reading, giving } = donorScripts(chunks)
  return { reading: sum(reading) + Math.max(0, ...texts.map(size)), giving: sum(giving) }
}

export function keepBudget(): Plugin {
  let file = '.budget'
  return {
    name: 'careforall-budget',
    apply: 'build',
    configResolved(config) {
      file = join(config.root, file)
    },
    generateBundle(_, bundle) {
      const bytes = donorBytes(Object.values(bundle).filter((one) => one.type === 'chunk'))
      const lines = (['reading', 'giving'] as const).map((purpose) => {
        const state = bytes[purpose] > BUDGETS[purpose] ? 'over' : 'within'
        return `JavaScript for ${purpose}: ${(bytes[purpose] / 1000).toFixed(1)} kB compressed, ${state} the budget of ${BUDGETS[purpose] / 1000} kB`
      })
      for (const line of lines) this.info(line)
      writeFileSync(file, `${lines.join('\n')}\n`)
    },
  }
}
