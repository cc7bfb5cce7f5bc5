// SPDX-License-Identifier: Apache-2.0
// Writes a .br and a .gz beside each text file of the build, for nginx's
// brotli_static and gzip_static.
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import type { Plugin } from 'vite'

const COMPRESSIBLE = /\.(?:html|js|css|svg|json|txt|webmanifest)$/
const WORTH_IT_BYTES = 512

const toGzip = promisify(gzip)
const toBrotli = promisify(brotliCompress)
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } }

export function compressFiles(): Plugin {
  let outDir = 'dist'
  return {
    name: 'careforall-compress',
    apply: 'build',
    configResolved(config) {
      outDir = resolve(config.root, config.build.outDir)
    },
    async closeBundle() {
      const entries = await readdir(outDir, { recursive: true })
      for (const name of entries.filter((entry) => COMPRESSIBLE.test(entry))) {
        const body = await readFile(join(outDir, name))
        if (body.length < WORTH_IT_BYTES) continue
        await writeFile(join(outDir, `${name}.gz`), await toGzip(body, { level: 9 }))
        await writeFile(join(outDir, `${name}.br`), await toBrotli(body, BROTLI))
      }
    },
  }
}
