// SPDX-License-Identifier: Apache-2.0
// Search, filters and order of the list of campaigns. What is chosen is the address: each
// choice is an entry of the history, typing replaces the newest one.
import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState, type ReactNode } from 'react'
import { feesQuery } from '@/api/queries'
import { locale, t, tOr } from '@/i18n'
import {
  CATEGORIES,
  isUsual,
  QUERY_MAX,
  SORTS,
  STATUSES,
  USUAL,
  type CampaignFilters,
  type CampaignSort,
  type CampaignStatus,
} from '@/lib/filters'
import { Button } from '../ui/button'
import { Input, Select } from '../ui/field'
import { Icon } from '../ui/icon'

const TYPING_MS = 400

type FilterBarProps = {
  filters: CampaignFilters
  onChange: (filters: CampaignFilters, isTyping: boolean) => void
}

export function FilterBar({ filters, onChange }: FilterBarProps) {
  const currencies = useCurrencies(filters.currency)
  const set = (change: Partial<CampaignFilters>) => onChange({ ...filters, ...change }, false)
  return (
    <div className="grid gap-4">
      <SearchField filters={filters} onChange={onChange} />
      <div className="xs:grid-cols-2 grid gap-3 lg:grid-cols-[repeat(4,1fr)_auto] lg:items-end">
        <Choice id="filter-status" label={t('filter.status')}>
          <Select
            id="filter-status"
            className="w-full"
            value={filters.status}
            onChange={(event) => set({ status: event.target.value as CampaignStatus })}
          >
            {STATUSES.map((status) => (
              <option key={status} value={status}>
                {t(`filter.status_${status}`)}
              </option>
            ))}
          </Select>
        </Choice>
        <Choice id="filter-category" label={t('filter.category')}>
          <Select
            id="filter-category"
            className="w-full"
            value={filters.category}
            onChange={(event) => set({ category: event.target.value })}
          >
            <option value="">{t('filter.category_all')}</option>
            {categoryOptions(filters.category).map(({ value, text }) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
          </Select>
        </Choice>
        <Choice id="filter-currency" label={t('filter.currency')}>
          <Select
            id="filter-currency"
            className="w-full"
            value={filters.currency}
            onChange={(event) => set({ currency: event.target.value })}
          >
            <option value="">{t('filter.currency_all')}</option>
            {currencies.map((currency) => (
              <option key={currency} value={currency}>
                {currencyName(currency)}
              </option>
            ))}
          </Select>
        </Choice>
        <Choice id="filter-sort" label={t('filter.sort')}>
          <Select
            id="filter-sort"
            className="w-full"
            value={filters.sort}
            onChange={(event) => set({ sort: event.target.value as CampaignSort })}
          >
            {SORTS.map((sort) => (
              <option key={sort} value={sort}>
                {t(`filter.sort_${sort}`)}
              </option>
            ))}
          </Select>
        </Choice>
        {!isUsual(filters) && (
          <Button variant="quiet" className="justify-self-start" onClick={() => onChange(USUAL, false)}>
            <Icon name="close" className="size-4" />
            {t('filter.clear')}
          </Button>
        )}
      </div>
    </div>
  )
}

function SearchField({ filters, onChange }: FilterBarProps) {
  const [text, setText] = useState(filters.q)
  const told = useRef(filters.q)
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  // "Back" and "clear" change the words too.
  useEffect(() => {
    if (filters.q === told.current) return
    told.current = filters.q
    setText(filters.q)
  }, [filters.q])
  useEffect(() => () => clearTimeout(timer.current), [])
  const tell = (q: string, isTyping: boolean) => {
    clearTimeout(timer.current)
    if (q.trim() === told.current) return
    told.current = q.trim()
    onChange({ ...filters, q: q.trim() }, isTyping)
  }
  const type = (value: string) => {
    setText(value)
    clearTimeout(timer.current)
    timer.current = setTimeout(() => tell(value, true), TYPING_MS)
  }
  return (
    <form
      role="search"
      className="relative max-w-2xl"
      onSubmit={(event) => {
        event.preventDefault()
        tell(text, false)
      }}
    >
      <label htmlFor="filter-q" className="sr-only">
        {t('filter.search')}
      </label>
      <Icon name="search" className="text-muted pointer-events-none absolute start-4 top-1/2 -translate-y-1/2" />
      <Input
        id="filter-q"
        type="search"
        enterKeyHint="search"
        autoComplete="off"
        dir="auto"
        maxLength={QUERY_MAX}
        placeholder={t('filter.search')}
        value={text}
        onChange={(event) => type(event.target.value)}
        className="px-12 text-lg"
      />
    </form>
  )
}

function Choice({ id, label, children }: { id: string; label: string; children: ReactNode }) {
  return (
    <div className="grid gap-1">
      <label htmlFor={id} className="text-muted text-sm">
        {label}
      </label>
      {children}
    </div>
  )
}

/** The known ones by name, and the one of the address if it is none of them. */
function categoryOptions(chosen: string): { value: string; text: string }[] {
  const known: string[] = [...CATEGORIES]
  const values = chosen === '' || known.includes(chosen) ? known : [...known, chosen]
  const collator = new Intl.Collator(locale)
  return values
    .map((value) => ({ value, text: known.includes(value) ? tOr(`category.${value}`, 'category.other') : value }))
    .sort((a, b) => collator.compare(a.text, b.text))
}

/** Those that the site takes payments in, and the one of the address. */
function useCurrencies(chosen: string): string[] {
  const { data: fees } = useQuery(feesQuery)
  const codes = new Set(fees?.map(({ currency }) => currency) ?? [])
  if (chosen !== '') codes.add(chosen)
  return [...codes].sort()
}

function currencyName(currency: string): string {
  const name = new Intl.DisplayNames(locale, { type: 'currency', fallback: 'none' }).of(currency)
  return name === undefined ? currency : `${currency} · ${name}`
}
