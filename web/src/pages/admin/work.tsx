// SPDX-License-Identifier: Apache-2.0
// What is stuck and waits for somebody: events that could not be published, payments
// that the provider refused, refunds, holds. Each tab has an address.
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import {
  holdsQuery,
  outboxQuery,
  parkedQuery,
  stuckQuery,
  type AdminHold,
  type AdminRefund,
  type AdminStuck,
  type ParkedQuery,
  type StuckKind,
} from '@/api/admin-ops'
import { CopyId, PledgeLink, PledgeStateBadge, SectionCard, shortId, When, words } from '@/components/admin/ops/bits'
import { FilterBar, FilterInput, FilterSelect, fieldText } from '@/components/admin/ops/filter-bar'
import { NothingFound, Pager, PlainLink, QueryView, showTab } from '@/components/admin/ops/list'
import { useListUrl, type ListUrl } from '@/components/admin/ops/list-url'
import { RetryRefundDialog } from '@/components/admin/ops/pledge-dialogs'
import { DeadLetterCard, ParkedEventCard } from '@/components/admin/ops/rows'
import { TaskDialog } from '@/components/admin/ops/task-dialog'
import { Badge } from '@/components/ui/badge'
import { Button } from '@/components/ui/button'
import { EmptyState } from '@/components/ui/states'
import { PageHeader } from '@/components/ui/page-header'
import { Table, Td, Th, Tr } from '@/components/ui/table'
import { formatDateTime, locale, t } from '@/i18n'
import { CURSOR } from '@/lib/ops/filters'
import { formatMoney } from '@/lib/money'

const TABS = ['parked', 'dead_letter', 'payment', 'refund', 'refund_failed', 'unsettled', 'holds'] as const
const PARKED_STATES = ['parked', 'released', 'sent', 'dropped'] as const
const LETTER_KINDS = ['payment', 'cancel', 'refund'] as const
const PAGE_SIZE = 25

const RULES = {
  tab: { words: TABS },
  state: { words: PARKED_STATES },
  type: { max: 100 },
  campaign: { max: 80 },
  stuck: { words: ['true', 'false'] },
  cursor: { pattern: CURSOR, max: 500 },
} as const

type Url = ListUrl<typeof RULES>
type Tab = (typeof TABS)[number]

export function WorkPage() {
  const url = useListUrl(RULES)
  const tab = (url.filters.tab || 'parked') as Tab
  return (
    <div className="grid min-w-0 grid-cols-1 gap-6">
      <PageHeader title={t('admin.work.title')} documentTitle={`${t(`admin.work.tab_${tab}`)} · ${t('admin.work.title')}`}>
        {t('admin.work.lead')}
      </PageHeader>
      <nav aria-label={t('admin.work.kinds')} className="border-line flex gap-1 overflow-x-auto border-b-2 sm:flex-wrap sm:gap-y-2 [scrollbar-width:thin]">
        {TABS.map((one) => (
          <PlainLink
            key={one}
            href={`?tab=${one}`}
            onFollow={() => url.open(`tab=${one}`)}
            ref={one === tab ? showTab : undefined}
            aria-current={one === tab ? 'page' : undefined}
            className="text-muted hover:text-ink aria-[current=page]:border-poppy aria-[current=page]:text-ink -mb-0.5 min-h-11 content-center border-b-4 border-transparent px-4 font-semibold whitespace-nowrap focus-visible:outline-offset-[-3px]"
          >
            {t(`admin.work.tab_${one}`)}
          </PlainLink>
        ))}
      </nav>
      <p className="text-muted max-w-prose">{t(`admin.work.about_${tab}`)}</p>
      {tab === 'parked' ? <Parked url={url} /> : tab === 'holds' ? <Holds url={url} /> : <StuckWork key={tab} url={url} kind={tab} />}
    </div>
  )
}

function Parked({ url }: { url: Url }) {
  const { filters } = url
  const [isOpen, setIsOpen] = useState(false)
  const state = (filters.state || 'parked') as NonNullable<ParkedQuery['state']>
  const query = useQuery(
    parkedQuery({
      state,
      limit: PAGE_SIZE,
      ...(filters.type === '' ? {} : { type: filters.type }),
      ...(filters.campaign === '' ? {} : { campaign: filters.campaign }),
      ...(filters.cursor === '' ? {} : { cursor: filters.cursor }),
    }),
  )
  const { data: outbox } = useQuery(outboxQuery)
  const count = Number(filters.type !== '') + Number(filters.campaign !== '') + Number(state !== 'parked')
  const submit = (form: FormData) => {
    const chosen = fieldText(form, 'state')
    url.set({ state: chosen === 'parked' ? '' : chosen, type: fieldText(form, 'type'), campaign: fieldText(form, 'campaign') })
  }
  return (
    <>
      <FilterBar key={JSON.stringify(filters)} label={t('admin.work.filters')} count={count} onSubmit={submit} onReset={() => url.open('tab=parked')}>
        <FilterSelect label={t('admin.work.parked_state')} name="state" defaultValue={state}>
          {PARKED_STATES.map((one) => (
            <option key={one} value={one}>
              {t(`admin.parked_state.${one}`)}
            </option>
          ))}
        </FilterSelect>
        <FilterInput label={t('admin.work.type')} name="type" defaultValue={filters.type} maxLength={100} placeholder="pledge.created" dir="ltr" />
        <FilterInput label={t('admin.pledges.campaign')} name="campaign" defaultValue={filters.campaign} maxLength={80} />
      </FilterBar>
      <QueryView
        query={query}
        isEmpty={({ items }) => items.length === 0}
        empty={
          count > 0 ? (
            <NothingFound hasFilters heading="" />
          ) : (
            <EmptyState heading={t('admin.work.no_parked')}>{t('admin.work.no_parked_text')}</EmptyState>
          )
        }
      >
        {(page) => (
          <>
            <SectionCard
              title={t('admin.work.tab_parked')}
              id="parked"
              {...(state === 'parked' && outbox !== undefined && count === 0 ? { count: outbox.parked } : {})}
              actions={state === 'parked' && <Button onClick={() => setIsOpen(true)}>{t(count > 0 ? 'admin.work.redrive_filtered' : 'admin.work.redrive_all')}</Button>}
            >
              <ul className="grid gap-4">
                {page.items.map((event) => (
                  <ParkedEventCard key={event.event_id} event={event} />
                ))}
              </ul>
            </SectionCard>
            <Pager cursor={filters.cursor} next={page.next_cursor} href={(cursor) => url.href({ cursor })} go={(cursor) => url.set({ cursor })} />
          </>
        )}
      </QueryView>
      {isOpen && <RedriveOutboxDialog type={filters.type} campaign={filters.campaign} onClose={() => setIsOpen(false)} />}
    </>
  )
}

function RedriveOutboxDialog({ type, campaign, onClose }: { type: string; campaign: string; onClose: () => void }) {
  return (
    <TaskDialog
      title={t('admin.work.release_title')}
      text={
        <>
          <p>{t('admin.work.release_many_text')}</p>
          <p className="text-muted">
            {[type, campaign].filter((one) => one !== '').join(' · ') || t('admin.work.everything')}
          </p>
        </>
      }
      confirmLabel={(count) => t('admin.work.release_of_confirm', { count })}
      task={{ kind: 'event_release', filters: { ...(type === '' ? {} : { type }), ...(campaign === '' ? {} : { campaign }) } }}
      lines={({ total }) => [t('admin.work.release_of_will', { count: total }), t('admin.bulk.each_by_itself')]}
      onClose={onClose}
    />
  )
}

function StuckWork({ url, kind }: { url: Url; kind: StuckKind }) {
  const [isOpen, setIsOpen] = useState(false)
  const { cursor } = url.filters
  const query = useQuery(stuckQuery(kind, cursor))
  return (
    <>
      <QueryView
        query={query}
        isEmpty={({ items }) => items.length === 0}
        empty={<EmptyState heading={t('admin.work.nothing')}>{t('admin.work.nothing_text')}</EmptyState>}
      >
        {(page) => (
          <>
            <SectionCard
              title={t(`admin.work.tab_${kind}`)}
              id={kind}
              actions={kind === 'dead_letter' && <Button onClick={() => setIsOpen(true)}>{t('admin.work.redrive_many')}</Button>}
            >
              <ul className="grid gap-4">
                {page.items.map((item) => (
                  <StuckItem key={idOf(item)} item={item} />
                ))}
              </ul>
            </SectionCard>
            <Pager cursor={cursor} next={page.next_cursor} href={(next) => url.href({ cursor: next })} go={(next) => url.set({ cursor: next })} />
          </>
        )}
      </QueryView>
      {isOpen && <RedrivePaymentsDialog onClose={() => setIsOpen(false)} />}
    </>
  )
}

function idOf({ dead_letter, refund, pledge }: AdminStuck): string {
  return String(dead_letter?.id ?? refund?.id ?? pledge?.id)
}

function StuckItem({ item: { dead_letter, refund, pledge } }: { item: AdminStuck }) {
  if (dead_letter !== undefined) return <DeadLetterCard letter={dead_letter} />
  if (refund !== undefined) return <RefundItem refund={refund} />
  if (pledge === undefined) return null
  return (
    <li data-stuck={pledge.id} className="border-line flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-dashed pb-4 last:border-b-0 last:pb-0">
      <PledgeLink id={pledge.id} />
      <span className="figures font-semibold">{formatMoney(pledge.amount, locale)}</span>
      <PledgeStateBadge state={pledge.state} />
      <span dir="auto">{pledge.campaign.title}</span>
      <span className="text-muted text-sm">
        {t('admin.work.made')} <When at={pledge.created_at} />
      </span>
      {pledge.payment_id !== null && <CopyId value={pledge.payment_id} label={t('admin.pledges.copy_payment')} />}
    </li>
  )
}

function RefundItem({ refund }: { refund: AdminRefund }) {
  const [isOpen, setIsOpen] = useState(false)
  return (
    <li data-refund={refund.id} className="border-line grid gap-1.5 border-b border-dashed pb-4 last:border-b-0 last:pb-0">
      <p className="flex flex-wrap items-center gap-x-4 gap-y-1">
        <span className="figures font-semibold">{formatMoney(refund.amount, locale)}</span>
        <PledgeLink id={refund.pledge_id} />
        <span className="text-muted text-sm">{formatDateTime(refund.created_at)}</span>
      </p>
      <p dir="auto">{refund.reason}</p>
      {refund.state_reason !== null && <p className="text-bad">{words(`admin.reason.${refund.state_reason}`)}</p>}
      {refund.state === 'failed' && refund.kind === 'manual' && (
        <Button variant="outline" className="justify-self-start" onClick={() => setIsOpen(true)}>
          {t('admin.pledge.refund_retry')}
          <span className="sr-only"> {shortId(refund.id)}</span>
        </Button>
      )}
      {isOpen && <RetryRefundDialog refundId={refund.id} onClose={() => setIsOpen(false)} />}
    </li>
  )
}

function RedrivePaymentsDialog({ onClose }: { onClose: () => void }) {
  const [kind, setKind] = useState('')
  const [code, setCode] = useState('')
  return (
    <TaskDialog
      title={t('admin.work.redrive_many')}
      text={<p>{t('admin.work.redrive_many_text')}</p>}
      inputs={`${kind} ${code}`}
      fields={
        <div className="grid gap-4 sm:grid-cols-2">
          <FilterSelect label={t('admin.work.letter_kind')} name="kind" value={kind} onChange={(event) => setKind(event.target.value)}>
            <option value="">{t('admin.ops.all')}</option>
            {LETTER_KINDS.map((one) => (
              <option key={one} value={one}>
                {t(`admin.letter_kind.${one}`)}
              </option>
            ))}
          </FilterSelect>
          <FilterInput label={t('admin.work.code')} name="code" value={code} maxLength={100} onChange={(event) => setCode(event.target.value)} placeholder="card_declined" dir="ltr" />
        </div>
      }
      confirmLabel={(count) => t('admin.work.redrive_confirm', { count })}
      task={{
        kind: 'payment_redrive',
        filters: { ...(kind === '' ? {} : { kind: kind as (typeof LETTER_KINDS)[number] }), ...(code.trim() === '' ? {} : { code: code.trim() }) },
      }}
      lines={({ total }) => [t('admin.work.redrive_will', { count: total }), ...(code.trim() === '' ? [] : [<code key="code" dir="ltr">{code.trim()}</code>])]}
      onClose={onClose}
    />
  )
}

function Holds({ url }: { url: Url }) {
  const { filters } = url
  const query = useQuery(
    holdsQuery({
      limit: PAGE_SIZE,
      ...(filters.campaign === '' ? {} : { campaign: filters.campaign }),
      ...(filters.stuck === '' ? {} : { stuck: filters.stuck === 'true' }),
      ...(filters.cursor === '' ? {} : { cursor: filters.cursor }),
    }),
  )
  const count = Number(filters.campaign !== '') + Number(filters.stuck !== '')
  return (
    <>
      <FilterBar
        key={JSON.stringify(filters)}
        label={t('admin.work.filters')}
        count={count}
        onSubmit={(form) => url.set({ campaign: fieldText(form, 'campaign'), stuck: fieldText(form, 'stuck') })}
        onReset={() => url.open('tab=holds')}
      >
        <FilterSelect label={t('admin.work.holds_which')} name="stuck" defaultValue={filters.stuck}>
          <option value="">{t('admin.ops.all')}</option>
          <option value="true">{t('admin.work.holds_stuck')}</option>
          <option value="false">{t('admin.work.holds_fine')}</option>
        </FilterSelect>
        <FilterInput label={t('admin.pledges.campaign')} name="campaign" defaultValue={filters.campaign} maxLength={80} />
      </FilterBar>
      <QueryView
        query={query}
        isEmpty={({ items }) => items.length === 0}
        empty={<NothingFound hasFilters={count > 0} heading={t('admin.work.no_holds')} />}
      >
        {(page) => (
          <>
            <HoldTable holds={page.items} />
            <Pager cursor={filters.cursor} next={page.next_cursor} href={(cursor) => url.href({ cursor })} go={(cursor) => url.set({ cursor })} />
          </>
        )}
      </QueryView>
    </>
  )
}

function HoldTable({ holds }: { holds: AdminHold[] }) {
  return (
    <Table label={t('admin.work.tab_holds')}>
      <thead>
        <tr>
          <Th>{t('admin.pledges.column_id')}</Th>
          <Th>{t('admin.pledges.column_campaign')}</Th>
          <Th isNumber>{t('admin.pledges.column_amount')}</Th>
          <Th>{t('admin.work.hold_ends')}</Th>
          <Th>{t('admin.work.hold_look')}</Th>
        </tr>
      </thead>
      <tbody>
        {holds.map(({ pledge, stuck }) => (
          <Tr key={pledge.id} data-hold={pledge.id}>
            <Th scope="row">
              <PledgeLink id={pledge.id} />
            </Th>
            <Td>
              <span dir="auto">{pledge.campaign.title}</span>
            </Td>
            <Td isNumber>{formatMoney(pledge.amount, locale)}</Td>
            <Td>
              <When at={pledge.hold_expires_at} />
            </Td>
            <Td>
              {stuck === null ? <span className="text-muted">{t('admin.ops.none')}</span> : <Badge tone="warn">{t(`admin.hold_stuck.${stuck}`)}</Badge>}
            </Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  )
}
