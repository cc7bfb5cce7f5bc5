// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from 'node:url'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'
import { keepBudget } from './scripts/budget.ts'
import { compressFiles } from './scripts/compress.ts'
import { cutShell } from './scripts/shell.ts'
import { messages } from './scripts/vite-messages.ts'

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const api = process.env.CAREFORALL_DEV_API ?? 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [react(), tailwindcss(), messages(), keepBudget(), cutShell(), compressFiles()],
  resolve: {
    alias: {
      '@': path('./src'),
      // The original writes <style> elements, which our content security
      // policy refuses; ours sets a class.
      'react-remove-scroll': path('./src/lib/remove-scroll.tsx'),
    },
  },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    rolldownOptions: {
      output: {
        codeSplitting: {
          // What every page needs in one file: it compresses better than many small ones.
          groups: [{ name: 'base', test: /node_modules\/(?:react|react-dom|scheduler|use-sync-external-store|clsx|class-variance-authority|@lingui\/core|@tanstack\/(?:history|query-core|react-query|react-router|react-store|router-core|store)|@radix-ui\/react-(?:slot|compose-refs|direction))\// }],
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
