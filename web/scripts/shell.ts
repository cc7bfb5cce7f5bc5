// SPDX-License-Identifier: Apache-2.0
// Takes from the built page what the gateway puts into the pages that the API writes:
// shell/head.html. What stands there between <!-- own --> and <!-- /own --> is for the page
// that is served alone. shell/<page>.html names what a page needs on top of that.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Plugin } from 'vite'
import { donorScripts } from './budget.ts'

export function cutShell(): Plugin {
  let outDir = 'dist'
  return {
    name: 'careforall-shell',
    apply: 'build',
    configResolved(config) {
      outDir = resolve(config.root, config.build.outDir)
    },
    async writeBundle(_, bundle) {
      const page = await readFile(join(outDir, 'index.html'), 'utf8')
      const write = (part: string, text: string) => writeFile(join(outDir, 'shell', `${part}.html`), text)
      await mkdir(join(outDir, 'shell'), { recursive: true })
      const head = /<head>(.*)<\/head>/s.exec(page)?.[1]
      if (head === undefined) throw new Error('index.html has no <head>')
      const shared = head.replaceAll(/<!-- own -->.*?<!-- \/own -->/gs, '')
      await write('head', shared.replaceAll(/\n\s*/g, '\n').trim())
      const files = Object.values(bundle)
      const scripts = [...donorScripts(files).giving]
      const picture = files.find((one) => one.type === 'asset' && one.names.includes('quilt.svg'))
      if (picture === undefined) throw new Error('the bundle has no picture')
      await write('give', scripts.map((script) => `<link rel="modulepreload" crossorigin href="/${script}">`).join('\n'))
      await write('home', `<link rel="preload" as="image" fetchpriority="high" href="/${picture.fileName}">`)
    },
  }
}
