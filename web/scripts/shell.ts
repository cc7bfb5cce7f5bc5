// SPDX-License-Identifier: Apache-2.0
// Cuts the built page into the parts that the gateway puts into the pages whose
// beginning the API writes: shell/head.html and shell/body.html. What stands between
// <!-- own --> and <!-- /own --> is for the page that is served alone. Of the pages that
// the API begins, shell/<page>.html names the scripts that come on top of the first ones.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Plugin } from 'vite'

export function cutShell(): Plugin {
  let outDir = 'dist'
  return {
    name: 'careforall-shell',
    apply: 'build',
    configResolved(config) {
      outDir = join(config.root, config.build.outDir)
    },
    async writeBundle(_, bundle) {
      const page = await readFile(join(outDir, 'index.html'), 'utf8')
      await mkdir(join(outDir, 'shell'), { recursive: true })
      for (const part of ['head', 'body']) {
        const inner = new RegExp(`<${part}>(.*)</${part}>`, 's').exec(page)?.[1]
        if (inner === undefined) throw new Error(`index.html has no <${part}>`)
        const shared = inner.replaceAll(/<!-- own -->.*?<!-- \/own -->/gs, '')
        await writeFile(join(outDir, 'shell', `${part}.html`), shared.replaceAll(/\n\s*/g, '\n').trim())
      }
      const chunks = Object.values(bundle).filter((one) => one.type === 'chunk')
      const withImports = (names: string[], found = new Set<string>()): Set<string> => {
        for (const name of names) {
          if (found.has(name)) continue
          found.add(name)
          withImports(chunks.find((chunk) => chunk.fileName === name)?.imports ?? [], found)
        }
        return found
      }
      const first = withImports(chunks.filter((chunk) => chunk.isEntry).map((chunk) => chunk.fileName))
      for (const name of ['campaign', 'give']) {
        const page = chunks.find((chunk) => chunk.facadeModuleId?.endsWith(`/src/pages/${name}.tsx`))
        if (page === undefined) throw new Error(`no script of its own for the page ${name}`)
        const links = [...withImports([page.fileName])]
          .filter((script) => !first.has(script))
          .map((script) => `<link rel="modulepreload" crossorigin href="/${script}">`)
        await writeFile(join(outDir, 'shell', `${name}.html`), links.join('\n'))
      }
    },
  }
}
