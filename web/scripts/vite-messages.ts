// SPDX-License-Identifier: Apache-2.0
// Makes `virtual:messages/<language>/<area>` a module with the compiled messages; and
// tells start.js, which is no module, the hashed names of the site's, so that it can ask
// for the reader's own before the application has arrived.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { minifySync, type Plugin } from 'vite'
import { compileArea, filesOf, LANGUAGES, messagesDir, PSEUDO, SOURCE, typesFile, typesText, web } from './messages.js'

const PREFIX = 'virtual:messages/'
const START = 'src/start.js'

export function messages(): Plugin {
  let isBuild = false
  return {
    name: 'careforall-messages',
    configResolved({ command }) {
      isBuild = command === 'build'
      writeFileSync(typesFile, typesText())
    },
    buildStart() {
      if (!isBuild) return
      const { code } = minifySync(START, readFileSync(join(web, START), 'utf8'))
      this.emitFile({ type: 'asset', name: 'start.js', source: code })
    },
    resolveId(id) {
      return id.startsWith(PREFIX) ? `\0${id}` : null
    },
    load(id) {
      if (!id.startsWith(`\0${PREFIX}`)) return null
      const [language = '', area = ''] = id.slice(PREFIX.length + 1).split('/')
      const source = PSEUDO.includes(language) ? SOURCE : language
      for (const file of filesOf(source, area)) this.addWatchFile(join(messagesDir, source, area, file))
      return `export default ${JSON.stringify(compileArea(language, area))}`
    },
    transformIndexHtml: {
      order: 'post',
      handler(html, { bundle }) {
        if (bundle === undefined) return html
        const files = Object.values(bundle)
        const start = files.find((one) => one.type === 'asset' && one.names.includes('start.js'))
        const names = LANGUAGES.flatMap((language) => {
          const chunk = files.find((one) => one.type === 'chunk' && one.facadeModuleId === `\0${PREFIX}${language}/site`)
          return chunk === undefined ? [] : [`${language}=/${chunk.fileName}`]
        })
        if (start === undefined) throw new Error('start.js is not in the bundle')
        if (names.length !== LANGUAGES.length) throw new Error(`catalogues of the site not in the bundle: ${names.join(' ')}`)
        return html
          .replace(`src="/${START}"`, `src="/${start.fileName}" data-messages="${names.join(' ')}"`)
          // What is seen before they run comes first.
          .replaceAll('<script type="module"', '<script type="module" fetchpriority="low"')
      },
    },
  }
}
