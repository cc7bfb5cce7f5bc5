// SPDX-License-Identifier: Apache-2.0
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { startTransition, StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { campaignQuery, isWorthRetrying } from './api/queries'
import { currentSession, onSessionChange } from './api/session'
import { loadAreas } from './i18n'
import { handOverTitle } from './lib/head'
import { router } from './router'
import './styles/fonts.css'
import './styles/index.css'

const PRIVATE_KEYS = ['account', 'admin']
const BEGINNING_MS = 2_000

const queryClient = new QueryClient({
  defaultOptions: {
    queries: { staleTime: 5_000, retry: isWorthRetrying, networkMode: 'offlineFirst' },
  },
})

// What one account has read is not for the next.
let accountId = currentSession().account?.id
onSessionChange(() => {
  const { account, isLoading, over } = currentSession()
  const id = (account ?? over)?.id
  if (isLoading || id === accountId) return
  accountId = id
  queryClient.removeQueries({ predicate: ({ queryKey }) => PRIVATE_KEYS.includes(String(queryKey[0])) })
})

const root = document.getElementById('root')
if (root === null) throw new Error('the page has no #root')
void begin(root)

/*
 * Where the server has written the beginning of a page, all of the page takes its place
 * at once. This file must not wait for it: a page that is loaded later imports from it.
 */
async function begin(root: HTMLElement): Promise<void> {
  await Promise.all([loadAreas('site'), root.firstElementChild && Promise.all([campaignOfPage(), router.load(), isSeen()])])
  handOverTitle()
  // In steps, between which the page answers.
  startTransition(() =>
    createRoot(root).render(
      <StrictMode>
        <QueryClientProvider client={queryClient}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </StrictMode>,
    ),
  )
}

/** The browser shows what there is before it is given more to do. */
function isSeen(): Promise<unknown> {
  return new Promise((seen) => (document.hidden ? seen(0) : requestAnimationFrame(() => setTimeout(seen))))
}

/** The beginning that the server has written stands until there is more to show than it. */
async function campaignOfPage(): Promise<void> {
  const slug = /^\/campaigns\/([\w-]+)\/?$/.exec(location.pathname)?.[1]
  if (slug === undefined) return
  // The page tells what is wrong.
  const read = queryClient.query(campaignQuery(slug, true)).catch(() => undefined)
  await Promise.race([read, new Promise((resolve) => setTimeout(resolve, BEGINNING_MS))])
}
