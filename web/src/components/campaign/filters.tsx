// SPDX-License-Identifier: Apache-2.0
// Search, filters and order of the list of campaigns. What is chosen is the address: each
// choice is an entry of the history, typing replaces the newest one.
import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
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
} from '@/lib/filters'
import { formatOf } from '@/lib/intl'
import { Button } from '../ui/button'
import { Field, Input, Select } from '../ui/field'
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
      <div className="grid grid-cols-2 gap-3 lg:grid-cols-[repeat(4,1fr)_auto] lg:items-end">
        <Choice
          name="status"
          value={filters.status}
          options={STATUSES.map((status) => [status, t(`filter.status_${status}`)])}
          onChange={(status) => set({ status })}
        />
        <Choice
          name="category"
          value={filters.category}
          options={[['', t('filter.category_all')], ...categoryOptions(filters.category)]}
          onChange={(category) => set({ category })}
        />
        <Choice
          name="currency"
          value={filters.currency}
          options={[['', t('filter.currency_all')], ...currencies.map((currency) => [currency, currencyName(currency)] as const)]}
          onChange={(currency) => set({ currency })}
        />
        <Choice
          name="sort"
          value={filters.sort}
          options={SORTS.map((sort) => [sort, t(`filter.sort_${sort}`)])}
          onChange={(sort) => set({ sort })}
        />
        {!isUsual(filters) && (
          <Button variant="quiet" className="col-span-full justify-self-start lg:col-span-1" onClick={() => onChange(USUAL, false)}>
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

type ChoiceProps<Value extends string> = {
  name: 'status' | 'category' | 'currency' | 'sort'
  value: Value
  options: (readonly [value: Value, text: string])[]
  onChange: (value: Value) => void
}

function Choice<Value extends string>({ name, value, options, onChange }: ChoiceProps<Value>) {
  const id = `filter-${name}`
  return (
    <Field id={id} label={t(`filter.${name}`)} isSmall>
      <Select id={id} className="w-full" value={value} onChange={(event) => onChange(event.target.value as Value)}>
        {options.map(([one, text]) => (
          <option key={one} value={one}>
            {text}
          </option>
        ))}
      </Select>
    </Field>
  )
}

/** The known ones by name, and the one of the address if it is none of them. */
function categoryOptions(chosen: string): [value: string, text: string][] {
  const known: string[] = [...CATEGORIES]
  const values = chosen === '' || known.includes(chosen) ? known : [...known, chosen]
  const collator = new Intl.Collator(locale)
  return values
    .map((value): [string, string] => [value, known.includes(value) ? tOr(`category.${value}`, 'category.other') : value])
    .sort(([, one], [, other]) => collator.compare(one, other))
}

/** Those that the site takes payments in, and the one of the address. */
function useCurrencies(chosen: string): string[] {
  const { data: fees } = useQuery(feesQuery)
  const codes = new Set(fees?.map(({ currency }) => currency) ?? [])
  if (chosen !== '') codes.add(chosen)
  return [...codes].sort()
}

function currencyName(currency: string): string {
  const name = formatOf(Intl.DisplayNames, locale, { type: 'currency', fallback: 'none' }).of(currency)
  return name === undefined ? currency : `${currency} · ${name}`
}
