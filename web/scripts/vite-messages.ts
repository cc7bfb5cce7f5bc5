// SPDX-License-Identifier: Apache-2.0
// Makes `virtual:messages/<language>/<area>` a module with the compiled messages, and
// tells index.html their hashed names, so that start.js can ask for the reader's own
// before the application has arrived.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from 'vite'
import { compileArea, filesOf, LANGUAGES, messagesDir, PSEUDO, SOURCE, typesFile, typesText } from './messages.js'

const PREFIX = 'virtual:messages/'

export function messages(): Plugin {
  return {
    name: 'careforall-messages',
    configResolved() {
      writeFileSync(typesFile, typesText())
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
        const names = LANGUAGES.flatMap((language) => {
          const chunk = Object.values(bundle).find(
            (one) => one.type === 'chunk' && one.facadeModuleId === `\0${PREFIX}${language}/site`,
          )
          return chunk === undefined ? [] : [`${language}=/${chunk.fileName}`]
        })
        if (names.length !== LANGUAGES.length) throw new Error(`catalogues of the site not in the bundle: ${names.join(' ')}`)
        return html.replace('<script src="/start.js"', `<script src="/start.js" data-messages="${names.join(' ')}"`)
      },
    },
  }
}
