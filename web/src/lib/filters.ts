// SPDX-License-Identifier: Apache-2.0
// What the list of campaigns is narrowed to, as it stands in the address. Whatever an
// address holds that no filter knows is left aside, never an error.

export const STATUSES = ['active', 'upcoming', 'paused', 'ended', 'closed', 'all'] as const
export const SORTS = ['newest', 'ending_soon', 'most_funded'] as const
export const CATEGORIES = [
  'animals',
  'arts',
  'children',
  'community',
  'culture',
  'education',
  'emergency',
  'energy',
  'environment',
  'food',
  'health',
  'housing',
  'mobility',
  'rescue',
  'sports',
  'water',
] as const
export const QUERY_MAX = 200
export const PAGES_MAX = 20

export type CampaignStatus = (typeof STATUSES)[number]
export type CampaignSort = (typeof SORTS)[number]

export type CampaignFilters = {
  q: string
  status: CampaignStatus
  category: string
  currency: string
  sort: CampaignSort
}

/** The address: only what differs from the usual, so that equal lists have equal addresses. */
export type CampaignSearch = {
  q?: string
  status?: CampaignStatus
  category?: string
  currency?: string
  sort?: CampaignSort
  /** How many pages of the list have been read. */
  pages?: number
}

export const USUAL: CampaignFilters = { q: '', status: 'active', category: '', currency: '', sort: 'newest' }

export function parseSearch(raw: Record<string, unknown>): CampaignSearch {
  const pages = Math.trunc(Number(raw.pages))
  return {
    ...toSearch({
      q: textOf(raw.q).slice(0, QUERY_MAX),
      status: STATUSES.find((status) => status === raw.status) ?? USUAL.status,
      category: /^[a-z]+(?:_[a-z]+)*$/.test(textOf(raw.category)) ? textOf(raw.category).slice(0, 40) : '',
      currency: /^[A-Z]{3}$/.test(textOf(raw.currency)) ? textOf(raw.currency) : '',
      sort: SORTS.find((sort) => sort === raw.sort) ?? USUAL.sort,
    }),
    ...(pages > 1 ? { pages: Math.min(pages, PAGES_MAX) } : {}),
  }
}

export function filtersOf(search: CampaignSearch): CampaignFilters {
  const { q, status, category, currency, sort } = { ...USUAL, ...search }
  return { q, status, category, currency, sort }
}

export function toSearch(filters: CampaignFilters): CampaignSearch {
  const search: CampaignSearch = {}
  const q = filters.q.trim()
  if (q !== '') search.q = q
  if (filters.status !== USUAL.status) search.status = filters.status
  if (filters.category !== '') search.category = filters.category
  if (filters.currency !== '') search.currency = filters.currency
  if (filters.sort !== USUAL.sort) search.sort = filters.sort
  return search
}

export function isUsual(filters: CampaignFilters): boolean {
  return Object.keys(toSearch(filters)).length === 0
}

/** The query of the API for one page of the list. */
export function listQuery(filters: CampaignFilters, cursor: string | null, limit: number): URLSearchParams {
  const query = new URLSearchParams({ limit: String(limit) })
  const q = filters.q.trim()
  if (q !== '') query.set('q', q)
  if (filters.status !== 'all') query.set('status', filters.status)
  if (filters.category !== '') query.set('category', filters.category)
  if (filters.currency !== '') query.set('currency', filters.currency)
  if (filters.sort !== USUAL.sort) query.set('sort', filters.sort)
  if (cursor !== null) query.set('cursor', cursor)
  return query
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}
