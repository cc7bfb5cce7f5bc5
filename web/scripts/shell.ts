// SPDX-License-Identifier: Apache-2.0
// Makes of the built page what the gateway puts into the pages that the API writes:
// shell/head.html. What stands there between <!-- own --> and <!-- /own --> is for the page
// that is served alone. shell/<page>.html names what a page needs on top of that;
// shell/header.html and shell/hero-<language>.html are what is seen before scripts run.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { runnerImport, type Plugin, type Rolldown } from 'vite'
import { donorScripts } from './budget.ts'

export function cutShell(): Plugin {
  let root = ''
  let outDir = 'dist'
  return {
    name: 'careforall-shell',
    apply: 'build',
    configResolved(config) {
      root = config.root
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
      const picture = fileOf(files, 'quilt.svg')
      await write('give', scripts.map((script) => `<link rel="modulepreload" crossorigin href="/${script}">`).join('\n'))
      await write('home', `<link rel="preload" as="image" fetchpriority="high" href="${picture}">`)
      for (const [part, text] of Object.entries(await drawBeginnings(root))) {
        // React asks for pictures before them; the head has done so.
        const drawn = text.replaceAll(/<link [^>]*>/g, '').replace('/src/images/quilt.svg', picture)
        await write(part, drawn)
      }
    },
  }
}

function fileOf(files: (Rolldown.OutputAsset | Rolldown.OutputChunk)[], name: string): string {
  const file = files.find((one) => one.type === 'asset' && one.names.includes(name))
  if (file === undefined) throw new Error(`the bundle has no ${name}`)
  return `/${file.fileName}`
}

async function drawBeginnings(root: string): Promise<Record<string, string>> {
  const { module } = await runnerImport<typeof import('./beginnings')>(join(root, 'scripts/beginnings.tsx'), {
    root,
    configFile: false,
    logLevel: 'error',
    resolve: {
      alias: [
        { find: /^@\/i18n$/, replacement: join(root, 'scripts/shell-texts.ts') },
        { find: '@', replacement: join(root, 'src') },
      ],
    },
  })
  return module.beginnings()
}
