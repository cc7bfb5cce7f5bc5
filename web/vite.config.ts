// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from 'node:url'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'
import { keepBudget } from './scripts/budget.ts'
import { compressFiles } from './scripts/compress.ts'
import { preloadFiles } from './scripts/preload.ts'
import { cutShell } from './scripts/shell.ts'
import { donorFiles } from './scripts/split.ts'
import { messages } from './scripts/vite-messages.ts'

// Features.DirSelector of lightningcss, which Vite brings along.
const DIR_SELECTOR = 4

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const api = process.env.CAREFORALL_DEV_API ?? 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [react(), tailwindcss(), messages(), preloadFiles(), keepBudget(), cutShell(), compressFiles()],
  resolve: {
    alias: {
      '@': path('./src'),
      // React has had this hook for long.
      'use-sync-external-store/shim/with-selector': 'use-sync-external-store/with-selector',
    },
  },
  // Put in other words, `:dir()` would be the direction of the page's language, not that of what people wrote.
  css: { lightningcss: { exclude: DIR_SELECTOR } },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: donorFiles(import.meta.dirname),
        },
      },
    },
  },
  server: {
    port: 27010,
    proxy: { '/api': { target: api, ws: true } },
  },
  test: {
    environment: 'jsdom',
    include: ['test/**/*.test.{ts,tsx}'],
    setupFiles: ['test/setup.ts'],
    restoreMocks: true,
  },
})
