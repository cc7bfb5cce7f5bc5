// SPDX-License-Identifier: Apache-2.0
// What Vite calls for each import() that is loaded later: asks for all that the file
// imports as well. Vite's own also waits for style sheets; there is one for the site, and
// every page has it.
import type { Plugin } from 'vite'

const HELPER = '\0vite/preload-helper.js'

const CODE = `export const __vitePreload = (load, files = []) => {
  for (const file of files) {
    if (file.endsWith('.css')) continue
    const link = document.createElement('link')
    link.rel = 'modulepreload'
    link.href = '/' + file
    document.head.append(link)
  }
  return load()
}`

export function preloadFiles(): Plugin {
  return {
    name: 'careforall-preload',
    apply: 'build',
    enforce: 'pre',
    load: (id) => (id === HELPER ? CODE : null),
    generateBundle(_, bundle) {
      if (Object.keys(bundle).filter((name) => name.endsWith('.css')).length > 1) this.error('more than one style sheet')
    },
  }
}
