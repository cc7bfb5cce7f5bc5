// SPDX-License-Identifier: Apache-2.0
// All script that a donor's browser loads from the landing page to the receipt, with the
// texts of the largest language, against a budget. A build notes it in .budget, which
// make check reads.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

export const BUDGET = 150_000

const TEXTS = /virtual:messages\/([^/]+)\/(\w+)$/

export interface Chunk {
  type: 'chunk'
  fileName: string
  code: string
  facadeModuleId: string | null
  moduleIds: string[]
  imports: string[]
}

export interface Asset {
  type: 'asset'
  fileName: string
  names: string[]
  source: string | Uint8Array
}

/** Names of the scripts that the page begins with, and of those that giving takes besides; without texts. */
export function donorScripts(bundle: (Chunk | Asset)[]): { first: Set<string>; giving: Set<string> } {
  const chunks = bundle.filter((one) => one.type === 'chunk')
  const page = bundle.find(({ fileName }) => fileName === 'index.html')
  const tags = page?.type === 'asset' ? String(page.source).matchAll(/<script type="module"[^>]* src="\/([^"]+)"/g) : []
  const names = new Set(Array.from(tags, ([, name]) => name))
  const isGiving = (chunk: Chunk) => chunk.moduleIds.some((id) => id.endsWith('/src/pages/giving.ts'))
  if (names.size === 0 || !chunks.some(isGiving)) throw new Error('no first scripts, or none for giving')
  const first = withImports(chunks, chunks.filter(({ fileName }) => names.has(fileName)))
  const giving = [...withImports(chunks, chunks.filter(isGiving))].filter((name) => !first.has(name))
  return { first, giving: new Set(giving) }
}

export function donorBytes(bundle: (Chunk | Asset)[]): number {
  const chunks = bundle.filter((one) => one.type === 'chunk')
  const { first, giving } = donorScripts(bundle)
  const texts = chunks.filter((chunk) => {
    const [, language, area] = TEXTS.exec(chunk.facadeModuleId ?? '') ?? []
    return area === 'site' && language !== undefined && !language.includes('-X')
  })
  const start = bundle.filter((one) => one.type === 'asset' && one.names.includes('start.js'))
  if (texts.length === 0 || start.length !== 1) throw new Error('no texts, or no start.js')
  return [...chunks.filter(({ fileName }) => first.has(fileName) || giving.has(fileName)), ...start].reduce(
    (bytes, one) => bytes + size(one),
    Math.max(...texts.map(size)),
  )
}

/** The file names of chunks and of all that they import. */
function withImports(chunks: Chunk[], wanted: Chunk[], found = new Set<string>()): Set<string> {
  for (const { fileName, imports } of wanted) {
    if (found.has(fileName)) continue
    found.add(fileName)
    withImports(chunks, chunks.filter((chunk) => imports.includes(chunk.fileName)), found)
  }
  return found
}

function size(file: Chunk | Asset): number {
  return gzipSync(file.type === 'chunk' ? file.code : file.source, { level: 9 }).length
}

export function keepBudget(): Plugin {
  let file = '.budget'
  return {
    name: 'careforall-budget',
    apply: 'build',
    configResolved(config) {
      file = join(config.root, file)
    },
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const bytes = donorBytes(Object.values(bundle))
        const state = bytes > BUDGET ? 'over' : 'within'
        const line = `JavaScript of a donor: ${(bytes / 1000).toFixed(1)} kB compressed, ${state} the budget of ${BUDGET / 1000} kB`
        this.info(line)
        writeFileSync(file, `${line}\n`)
      },
    },
  }
}
