// SPDX-License-Identifier: Apache-2.0
// The filters of a list in the address of its page. What is private (an address, a
// name) is kept with the entry of the browser's history instead: it survives a reload
// and the way back, and stands in no link, log or title.
import { useRouter } from '@tanstack/react-router'
import { useMemo, useSyncExternalStore } from 'react'
import { readFilters, writeFilters, type FilterRules, type Filters } from '@/lib/ops/filters'

export type ListUrl<Rules extends FilterRules> = {
  filters: Filters<Rules>
  hidden: Record<string, string>
  /** What is not named stays, but the cursor: other filters have other pages. */
  set: (change: Partial<Filters<Rules>>, hidden?: Record<string, string>) => void
  /** The address with a change, for links. */
  href: (change: Partial<Filters<Rules>>) => string
  open: (query: string) => void
}

export function useListUrl<Rules extends FilterRules>(rules: Rules): ListUrl<Rules> {
  const { history } = useRouter()
  const search = useSyncExternalStore(history.subscribe, () => history.location.search)
  const filters = useMemo(() => readFilters(rules, new URLSearchParams(search)), [rules, search])
  const hidden = hiddenOf(history.location.state)
  const href = (change: Partial<Filters<Rules>>): string => {
    const query = writeFilters(rules, { ...filters, cursor: '', ...change }).toString()
    return query === '' ? history.location.pathname : `${history.location.pathname}?${query}`
  }
  const go = (address: string, hiddenNow: Record<string, string>) =>
    history.push(address, { hiddenFilters: hiddenNow })
  return {
    filters,
    hidden,
    href,
    set: (change, hiddenNow = hidden) => go(href(change), hiddenNow),
    open: (query) => go(query === '' ? history.location.pathname : `${history.location.pathname}?${query}`, {}),
  }
}

function hiddenOf(state: object): Record<string, string> {
  const kept = (state as { hiddenFilters?: unknown }).hiddenFilters
  if (typeof kept !== 'object' || kept === null) return {}
  return Object.fromEntries(Object.entries(kept).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
}
