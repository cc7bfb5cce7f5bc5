// SPDX-License-Identifier: Apache-2.0
// Money and pledges over time. Each chart has a sentence that says what it shows, and the
// same figures as a table.
import { useState, type ReactNode } from 'react'
import { Bar, BarChart, CartesianGrid, Tooltip, XAxis, YAxis } from 'recharts'
import type { Stats } from '@/api/admin-campaigns'
import { Button } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { Table, Td, Th, Tr } from '@/components/ui/table'
import { formatNumber, locale, t } from '@/i18n'
import { formatMoney } from '@/lib/money'
import { runningSums, STATES, type PledgeStateName } from '@/lib/period'
import { useWidth } from './use-width'

type Currency = Stats['currencies'][number]
type Row = { at: string; label: string } & Record<PledgeStateName, number>

const HEIGHT = 260
const COLOURS: Record<PledgeStateName, string> = {
  confirmed: 'var(--chart-confirmed)',
  pending: 'var(--chart-pending)',
  failed: 'var(--chart-failed)',
  refunded: 'var(--chart-refunded)',
}

type ChartsProps = { stats: Stats; currency: Currency; isOver: boolean }

/** `isOver`: the last bucket is complete. */
export function MoneyChart({ stats, currency, isOver }: ChartsProps) {
  const rows = rowsOf(stats, currency, 'amount')
  const money = (amount: number) => formatMoney({ amount, currency: currency.currency }, locale)
  const sum = rows.reduce((total, row) => total + row.confirmed, 0)
  return (
    <Chart
      title={t('admin.chart.money', { currency: currency.currency })}
      summary={`${t('admin.chart.money_summary', { amount: money(sum) })} ${bucketText(stats, isOver)}`}
      rows={rows}
      states={['confirmed', 'pending']}
      format={money}
      formatAxis={(amount) => compactMoney(amount, currency.currency)}
    />
  )
}

export function PledgesChart({ stats, currency, isOver }: ChartsProps) {
  const rows = rowsOf(stats, currency, 'count')
  const sum = rows.reduce((total, row) => total + STATES.reduce((all, state) => all + row[state], 0), 0)
  return (
    <Chart
      title={t('admin.chart.pledges', { currency: currency.currency })}
      summary={`${t('admin.chart.pledges_summary', { count: sum })} ${bucketText(stats, isOver)}`}
      rows={rows}
      states={STATES}
      format={formatNumber}
      formatAxis={formatNumber}
    />
  )
}

type ChartProps = {
  title: string
  summary: string
  rows: Row[]
  states: readonly PledgeStateName[]
  format: (value: number) => string
  formatAxis: (value: number) => string
}

function Chart({ title, summary, rows, states, format, formatAxis }: ChartProps) {
  const [isTable, setIsTable] = useState(false)
  const [isSummed, setIsSummed] = useState(false)
  const shown = isSummed ? runningSums(rows) : rows
  return (
    <Card className="min-w-0">
      <div className="flex flex-wrap items-start justify-between gap-3">
        <CardTitle>{title}</CardTitle>
        <div className="-my-1 flex flex-wrap gap-2">
          <Button variant="outline" className="text-sm" aria-pressed={isSummed} onClick={() => setIsSummed(!isSummed)}>
            {t('admin.chart.sums')}
          </Button>
          <Button variant="outline" className="text-sm" aria-pressed={isTable} onClick={() => setIsTable(!isTable)}>
            {t('admin.chart.as_table')}
          </Button>
        </div>
      </div>
      <p className="text-muted text-sm">{summary}</p>
      {isTable ? <FiguresTable title={title} rows={shown} states={states} format={format} /> : <Bars title={title} rows={shown} states={states} format={format} formatAxis={formatAxis} />}
      <ul className="flex flex-wrap gap-x-5 gap-y-1 text-sm">
        {states.map((state) => (
          <li key={state} className="flex items-center gap-2">
            <span aria-hidden="true" className="size-3.5 rounded-sm" style={{ background: COLOURS[state] }} />
            {t(`admin.figures.state_${state}`)}
          </li>
        ))}
      </ul>
    </Card>
  )
}

function Bars({ title, rows, states, format, formatAxis }: Omit<ChartProps, 'summary'>) {
  const [ref, width] = useWidth()
  const isRtl = document.documentElement.dir === 'rtl'
  return (
    <div ref={ref} className="figures min-w-0 text-sm" dir="ltr" style={{ height: HEIGHT }}>
      {width > 0 && (
        <BarChart data={rows} width={width} height={HEIGHT} margin={{ top: 8, right: 4, bottom: 0, left: 4 }} title={title} role="img" accessibilityLayer>
          <CartesianGrid vertical={false} stroke="var(--line)" />
          <XAxis dataKey="label" reversed={isRtl} tickLine={false} axisLine={{ stroke: 'var(--line-strong)' }} tick={{ fill: 'var(--muted)' }} minTickGap={20} />
          <YAxis
            orientation={isRtl ? 'right' : 'left'}
            width={64}
            allowDecimals={false}
            tickLine={false}
            axisLine={false}
            tick={{ fill: 'var(--muted)' }}
            tickFormatter={formatAxis}
          />
          <Tooltip cursor={{ fill: 'var(--sunk)' }} content={<Hint states={states} format={format} />} isAnimationActive={false} />
          {states.map((state) => (
            <Bar key={state} dataKey={state} stackId="all" fill={COLOURS[state]} stroke="var(--paper)" strokeWidth={1} isAnimationActive={false} maxBarSize={48} />
          ))}
        </BarChart>
      )}
    </div>
  )
}

type HintProps = {
  states: readonly PledgeStateName[]
  format: (value: number) => string
  active?: boolean
  payload?: readonly { payload?: unknown }[]
}

function Hint({ states, format, active = false, payload = [] }: HintProps) {
  const row = payload[0]?.payload as Row | undefined
  if (!active || row === undefined) return null
  return (
    <div className="bg-ink text-page rounded-lg px-3 py-2 text-sm" dir="auto">
      <p className="font-bold">{row.label}</p>
      {states.map((state) => (
        <p key={state}>{t('admin.chart.line', { name: t(`admin.figures.state_${state}`), value: format(row[state]) })}</p>
      ))}
    </div>
  )
}

function FiguresTable({ title, rows, states, format }: { title: string; rows: Row[]; states: readonly PledgeStateName[]; format: (value: number) => string }): ReactNode {
  return (
    <Table label={title} keepsColumns>
      <thead>
        <tr>
          <Th>{t('admin.chart.when')}</Th>
          {states.map((state) => (
            <Th key={state} isNumber>
              {t(`admin.figures.state_${state}`)}
            </Th>
          ))}
        </tr>
      </thead>
      <tbody>
        {[...rows].reverse().map((row) => (
          <Tr key={row.at}>
            <Th scope="row" className="font-normal whitespace-nowrap">
              {row.label}
            </Th>
            {states.map((state) => (
              <Td key={state} isNumber>
                {format(row[state])}
              </Td>
            ))}
          </Tr>
        ))}
      </tbody>
    </Table>
  )
}

function rowsOf(stats: Stats, currency: Currency, member: 'count' | 'amount'): Row[] {
  return currency.series.map((point) => ({
    at: point.at,
    label: bucketLabel(point.at, stats.bucket),
    confirmed: point.confirmed[member],
    pending: point.pending[member],
    failed: point.failed[member],
    refunded: point.refunded[member],
  }))
}

function bucketLabel(at: string, bucket: Stats['bucket']): string {
  const style: Intl.DateTimeFormatOptions = bucket === 'hour' ? { hour: 'numeric', minute: '2-digit' } : { day: 'numeric', month: 'short' }
  return new Intl.DateTimeFormat(locale, style).format(new Date(at))
}

function bucketText(stats: Stats, isOver: boolean): string {
  const where = t(`admin.chart.bucket_${stats.bucket}`, { zone: stats.time_zone })
  return isOver ? where : `${where} ${t('admin.chart.unfinished')}`
}

function compactMoney(amount: number, currency: string): string {
  const digits = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2
  return new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 }).format(amount / 10 ** digits)
}
