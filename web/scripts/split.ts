// SPDX-License-Identifier: Apache-2.0
// Which modules share a file. What every page needs of libraries changes seldom and is one;
// what donors need besides is two: to read about campaigns, and to give and see what became
// of it. Few files compress better than many. Account and dashboard are split by page.
import { join, relative } from 'node:path'
import type { Rolldown } from 'vite'
import { areasOf } from './messages.js'

type Info = Pick<Rolldown.ModuleInfo, 'importedIds'>
type Context = { getModuleInfo: (id: string) => Info | null }

const BASE =
  /node_modules\/(?:react|react-dom|scheduler|use-sync-external-store|clsx|class-variance-authority|@lingui\/core|@tanstack\/(?:history|query-core|react-query|react-router(?!.*useBlocker)|react-store|router-core|store))\/|rolldown\/runtime/

/** What is loaded with these: a module belongs to the first file that needs it. */
const DONOR_FILES = { site: 'src/main.tsx', giving: 'src/pages/giving.ts' }

/** The bundler's groups; all other modules it splits as it sees fit. */
export function donorFiles(root: string) {
  let owners: Map<string, string> | null = null
  const group = (file: string, priority: number) => ({
    debugName: file,
    priority,
    name: (id: string, context: Context) => ((owners ??= ownersOf(root, context)).get(id) === file ? file : null),
  })
  return [{ name: 'base', test: BASE, priority: 3 }, group('site', 2), group('giving', 1)]
}

function ownersOf(root: string, context: Context): Map<string, string> {
  const owners = new Map<string, string>()
  for (const [file, start] of Object.entries(DONOR_FILES)) {
    const follow = (id: string) => {
      const info = context.getModuleInfo(id)
      if (info === null) throw new Error(`${id} is not in the bundle`)
      if (owners.has(id) || BASE.test(id)) return
      if (areasOf(relative(root, id)).length > 1) throw new Error(`donors load ${id}, whose texts they do not load`)
      owners.set(id, file)
      info.importedIds.forEach(follow)
    }
    follow(join(root, start))
  }
  return owners
}
