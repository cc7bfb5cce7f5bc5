// SPDX-License-Identifier: Apache-2.0
// Cuts the built page into the parts that the gateway puts into the pages whose
// beginning the API writes: shell/head.html and shell/body.html. What stands between
// <!-- own --> and <!-- /own --> is for the page that is served alone.
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
    async writeBundle() {
      const page = await readFile(join(outDir, 'index.html'), 'utf8')
      await mkdir(join(outDir, 'shell'), { recursive: true })
      for (const part of ['head', 'body']) {
        const inner = new RegExp(`<${part}>(.*)</${part}>`, 's').exec(page)?.[1]
        if (inner === undefined) throw new Error(`index.html has no <${part}>`)
        const shared = inner.replaceAll(/<!-- own -->.*?<!-- \/own -->/gs, '')
        await writeFile(join(outDir, 'shell', `${part}.html`), shared.replaceAll(/\n\s*/g, '\n').trim())
      }
    },
  }
}
