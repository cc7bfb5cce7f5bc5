// SPDX-License-Identifier: Apache-2.0
// Figures of everything or of one campaign: money and pledges of today, 7 and 30 days, what
// there was in as many days before, and charts of one of them. Each number leads to the
// list that it is the length of.
import { useQuery, type UseQueryOptions } from '@tanstack/react-query'
import { lazy, Suspense, type ReactNode } from 'react'
import type { Stats, StatsQuery } from '@/api/admin-campaigns'
import { HrefLink } from '@/components/admin/href-link'
import { useListUrl } from '@/components/admin/ops/list-url'
import { Card } from '@/components/ui/card'
import { Notice } from '@/components/ui/notice'
import { Skeleton } from '@/components/ui/skeleton'
import { Table, Td, Th, Tr } from '@/components/ui/table'
import { EmptyState, ErrorState } from '@/components/ui/states'
import { formatNumber, locale, t } from '@/i18n'
import { useNow } from '@/lib/hooks'
import { localZone } from '@/lib/local-time'
import { formatMoney } from '@/lib/money'
import { CURRENCY } from '@/lib/ops/filters'
import { changeOf, countsOf, daysOf, PERIODS, rangeOf, STATES, successRate, sumOf, type Period, type PledgeStateName } from '@/lib/period'

const loadCharts = () => import('./charts')
const MoneyChart = lazy(async () => ({ default: (await loadCharts()).MoneyChart }))
const PledgesChart = lazy(async () => ({ default: (await loadCharts()).PledgesChart }))

export const FIGURE_FILTERS = { period: { words: PERIODS }, currency: { pattern: CURRENCY }, campaign: { max: 80 } } as const

export type PledgeFilter = { state?: PledgeStateName; currency?: string; from: string; to: string }

type FiguresProps = {
  queryOf: (query: StatsQuery) => UseQueryOptions<Stats>
  /** The list of pledges with a filter. */
  listOf: (filter: PledgeFilter) => string
}

export function Figures({ queryOf, listOf }: FiguresProps) {
  const url = useListUrl(FIGURE_FILTERS)
  const now = new Date(useNow(60_000))
  const zone = localZone()
  const period: Period = PERIODS.find((one) => one === url.filters.period) ?? '30d'
  const days = useQuery(queryOf({ bucket: 'day', time_zone: zone, from: rangeOf('30d', now, true).from }))
  const hours = useQuery({ ...queryOf({ bucket: 'hour', time_zone: zone, from: rangeOf('today', now).from }), enabled: period === 'today' })
  if (days.data === undefined) {
    return days.isError ? <ErrorState error={days.error} retry={() => days.refetch()} /> : <FiguresSkeleton />
  }
  const stats = days.data
  const range = rangeOf(period, now)
  const before = rangeOf(period, now, true)
  const counts = countsOf(stats, daysOf(period))
  const countsBefore = countsOf(stats, daysOf(period), true)
  const rate = successRate(counts)
  const currency = stats.currencies.find(({ currency: code }) => code === url.filters.currency) ?? largestOf(stats)
  const shown = period === 'today' ? hours.data : trimmed(stats, daysOf(period))
  const shownCurrency = shown?.currencies.find(({ currency: code }) => code === currency?.currency)
  return (
    <div className="grid min-w-0 gap-6">
      {days.isError && (
        <Notice tone="warn" role="status">
          {t('admin.figures.stale')}
        </Notice>
      )}
      <div className="grid min-w-0 gap-3">
        <h2 className="text-heading">
          {t('admin.figures.money')}
        </h2>
        <MoneyTable stats={stats} now={now} listOf={listOf} />
      </div>

      <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3">
        <nav aria-label={t('admin.figures.period')} className="bg-sunk flex flex-wrap rounded-full p-1">
          {PERIODS.map((one) => (
            <HrefLink
              key={one}
              href={url.href({ period: one })}
              aria-current={one === period ? 'true' : undefined}
              className="aria-[current=true]:bg-ink aria-[current=true]:text-page flex min-h-10 items-center rounded-full px-4 font-semibold"
            >
              {t(`admin.figures.period_${one}`)}
            </HrefLink>
          ))}
        </nav>
        {stats.currencies.length > 1 && currency !== undefined && (
          <label className="flex items-center gap-2">
            {t('admin.figures.currency')}
            <select
              value={currency.currency}
              onChange={(event) => url.set({ currency: event.target.value })}
              className="border-line-strong bg-paper hover:border-ink rounded-patch min-h-10 border-2 px-2.5"
            >
              {stats.currencies.map(({ currency: code }) => (
                <option key={code}>{code}</option>
              ))}
            </select>
          </label>
        )}
      </div>

      <section aria-labelledby="pledges-heading" className="grid min-w-0 gap-3">
        <h2 id="pledges-heading" className="text-heading">
          {t('admin.figures.pledges', { period: t(`admin.figures.period_${period}`) })}
        </h2>
        <ul className="grid grid-cols-2 gap-4 md:grid-cols-3 xl:grid-cols-5">
          {STATES.map((state) => (
            <li key={state} className="grid">
              <Number
                label={t(`admin.figures.state_${state}`)}
                value={counts[state]}
                name={`pledges-${state}`}
                href={listOf({ state, from: range.firstDay, to: range.lastDay })}
              >
                <Before
                  period={period}
                  name={`before-${state}`}
                  count={countsBefore[state]}
                  value={formatNumber(countsBefore[state])}
                  change={changeOf(counts[state], countsBefore[state])}
                  href={listOf({ state, from: before.firstDay, to: before.lastDay })}
                />
              </Number>
            </li>
          ))}
          <li className="grid">
            <Figure
              name="success"
              label={t('admin.figures.success')}
              text={rate === null ? '–' : formatNumber(rate, { style: 'percent', maximumFractionDigits: 1 })}
              note={t('admin.figures.success_text')}
            />
          </li>
        </ul>
      </section>

      {currency === undefined ? (
        <EmptyState heading={t('admin.figures.none')}>{t('admin.figures.none_text')}</EmptyState>
      ) : (
        <div className="grid min-w-0 gap-6 xl:grid-cols-2">
          <Suspense fallback={<ChartSkeletons />}>
            {shown === undefined ? (
              <ChartSkeletons />
            ) : shownCurrency === undefined ? (
              <EmptyState heading={t('admin.figures.none')}>{t('admin.figures.none_text')}</EmptyState>
            ) : (
              <>
                <MoneyChart stats={shown} currency={shownCurrency} isOver={false} />
                <PledgesChart stats={shown} currency={shownCurrency} isOver={false} />
              </>
            )}
          </Suspense>
        </div>
      )}
      <p className="text-muted text-sm">{t('admin.figures.note', { zone })}</p>
    </div>
  )
}

/** The list of one campaign has one currency only. */
export function campaignPledgesLink(id: string, { state, from, to }: PledgeFilter): string {
  const query = new URLSearchParams({ ...(state === undefined ? {} : { state }), from, to })
  return `/admin/campaigns/${id}/pledges?${query}`
}

type NumberProps = { label: string; value: number; name: string; href: string; isAlarm?: boolean; children?: ReactNode }

/** A number that leads to what it counts, and what there is to say about it. */
export function Number({ label, value, name, href, isAlarm = false, children }: NumberProps) {
  return (
    <Card className={`relative gap-1 p-4 sm:p-5 ${isAlarm ? 'border-warn' : ''}`}>
      <p className="text-muted">{label}</p>
      <p className="figures font-display text-3xl leading-none font-extrabold">
        <HrefLink href={href} data-figure={name} aria-label={t('admin.figures.open', { label, value })} className="decoration-2 underline-offset-4 after:absolute after:inset-0 hover:underline">
          {formatNumber(value)}
        </HrefLink>
      </p>
      {children}
    </Card>
  )
}

type BeforeProps = { period: Period; name: string; count: number; value: string; change: number | null; href: string }

/** What there was in as many days before, and by how much it is more or less now; of a day that is not over that would mislead. */
function Before({ period, name, count, value, change, href }: BeforeProps) {
  return (
    <p className="text-muted text-sm">
      <HrefLink href={href} data-figure={name} data-count={count} className="relative z-1 inline-block min-h-6 underline-offset-4 hover:underline">
        {t(`admin.figures.before_${period}`, { value })}
      </HrefLink>{' '}
      {change !== null && period !== 'today' && (
        <bdi className="whitespace-nowrap">{formatNumber(change, { style: 'percent', maximumFractionDigits: 0, signDisplay: 'exceptZero' })}</bdi>
      )}
    </p>
  )
}

/** A number that is not the length of a list. */
export function Figure({ label, text, name, note }: { label: string; text: string; name: string; note: string }) {
  return (
    <Card className="gap-1 p-4 sm:p-5">
      <p className="text-muted">{label}</p>
      <p className="figures font-display text-3xl leading-none font-extrabold" data-figure={name}>
        {text}
      </p>
      <p className="text-muted text-sm">{note}</p>
    </Card>
  )
}

type MoneyTableProps = { stats: Stats; now: Date; listOf: FiguresProps['listOf'] }

/** What came through, by currency and period; each number of gifts leads to them. */
function MoneyTable({ stats, now, listOf }: MoneyTableProps) {
  const rows = stats.currencies.filter((currency) => [false, true].some((isBefore) => sumOf(currency, daysOf('30d'), isBefore).confirmed.count > 0))
  if (rows.length === 0) return <p className="text-muted">{t('admin.figures.no_money')}</p>
  return (
    <Table label={t('admin.figures.money')}>
      <thead>
        <tr>
          <Th>{t('admin.figures.currency')}</Th>
          {PERIODS.map((period) => (
            <Th key={period} isNumber>
              {t(`admin.figures.period_${period}`)}
            </Th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((currency) => (
          <Tr key={currency.currency}>
            <Th scope="row">{currency.currency}</Th>
            {PERIODS.map((period) => (
              <MoneyCell key={period} currency={currency} period={period} now={now} listOf={listOf} />
            ))}
          </Tr>
        ))}
      </tbody>
    </Table>
  )
}

type MoneyCellProps = { currency: Stats['currencies'][number]; period: Period; now: Date; listOf: FiguresProps['listOf'] }

function MoneyCell({ currency, period, now, listOf }: MoneyCellProps) {
  const { count, amount } = sumOf(currency, daysOf(period)).confirmed
  const before = sumOf(currency, daysOf(period), true).confirmed
  const code = currency.currency
  const money = (minor: number) => formatMoney({ amount: minor, currency: code }, locale)
  const listIn = ({ firstDay, lastDay }: { firstDay: string; lastDay: string }) => listOf({ state: 'confirmed', currency: code, from: firstDay, to: lastDay })
  if (count === 0 && before.count === 0) return <Td isNumber>–</Td>
  return (
    <Td isNumber>
      <strong className="text-lg">{money(amount)}</strong>
      {count > 0 && (
        <>
          <HrefLink
            href={listIn(rangeOf(period, now))}
            data-figure={`money-${period}-${code}`}
            data-count={count}
            aria-label={t('admin.figures.gifts_of', { count, currency: code, period: t(`admin.figures.period_${period}`) })}
            className="block min-h-6 text-sm underline decoration-2 underline-offset-4"
          >
            {t('admin.figures.gifts', { count })}
          </HrefLink>
          <span className="text-muted block text-sm">{t('admin.figures.average', { amount: money(Math.round(amount / count)) })}</span>
        </>
      )}
      {before.count > 0 && (
        <Before
          period={period}
          name={`before-money-${period}-${code}`}
          count={before.count}
          value={money(before.amount)}
          change={changeOf(amount, before.amount)}
          href={listIn(rangeOf(period, now, true))}
        />
      )}
    </Td>
  )
}

/** The last days only. */
function trimmed(stats: Stats, days: number): Stats {
  return {
    ...stats,
    series: stats.series.slice(-days),
    currencies: stats.currencies.map((currency) => ({ ...currency, series: currency.series.slice(-days) })),
  }
}

/** The currency with the most pledges comes first. */
function largestOf(stats: Stats): Stats['currencies'][number] | undefined {
  const count = ({ totals }: Stats['currencies'][number]) => totals.confirmed.count + totals.pending.count + totals.failed.count + totals.refunded.count
  return [...stats.currencies].sort((one, other) => count(other) - count(one))[0]
}

function FiguresSkeleton() {
  return (
    <div className="grid gap-6">
      <p role="status" className="sr-only">
        {t('action.loading')}
      </p>
      <Skeleton className="h-48" />
      <Skeleton className="h-32" />
      <div className="grid gap-6 xl:grid-cols-2">
        <ChartSkeletons />
      </div>
    </div>
  )
}

function ChartSkeletons() {
  return (
    <>
      <Skeleton className="h-96" />
      <Skeleton className="h-96" />
    </>
  )
}
