// SPDX-License-Identifier: Apache-2.0
// Writes a .gz beside each text file of the build, for nginx's gzip_static.
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Plugin } from 'vite'

const compress = promisify(gzip)
const COMPRESSIBLE = /\.(?:html|js|css|svg|json|txt|webmanifest)$/
const WORTH_IT_BYTES = 512

export function gzipFiles(): Plugin {
  let outDir = 'dist'
  return {
    name: 'careforall-gzip',
    apply: 'build',
    configResolved(config) {
      outDir = join(config.root, config.build.outDir)
    },
    async closeBundle() {
      const entries = await readdir(outDir, { recursive: true })
      for (const name of entries.filter((entry) => COMPRESSIBLE.test(entry))) {
        const body = await readFile(join(outDir, name))
        if (body.length < WORTH_IT_BYTES) continue
        await writeFile(join(outDir, `${name}.gz`), await compress(body, { level: 9 }))
      }
    },
  }
}
