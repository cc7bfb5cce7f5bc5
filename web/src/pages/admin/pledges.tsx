// SPDX-License-Identifier: Apache-2.0
// All pledges: found by whatever is known of them.
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { pledgeSearchQuery, type AdminPledge } from '@/api/admin-ops'
import { CopyButton, CopyId, PledgeLink, PledgeStateBadge, When, words } from '@/components/admin/ops/bits'
import { FilterBar, FilterInput, FilterSelect, fieldText } from '@/components/admin/ops/filter-bar'
import { NothingFound, Pager, QueryView } from '@/components/admin/ops/list'
import { useListUrl } from '@/components/admin/ops/list-url'
import { Button } from '@/components/ui/button'
import { Menu, MenuCheck, MenuContent, MenuTrigger } from '@/components/admin/ops/menu-check'
import { PageHeader } from '@/components/ui/page-header'
import { Table, Td, Th, Tr } from '@/components/ui/table'
import { locale, t } from '@/i18n'
import { AMOUNT, CURRENCY, writeFilters } from '@/lib/ops/filters'
import { formatMoney } from '@/lib/money'
import {
  columnsOf,
  columnsText,
  minorOf,
  PLEDGE_COLUMNS,
  PLEDGE_FILTERS,
  PLEDGE_STATES,
  pledgeQueryOf,
  type PledgeColumn,
  type PledgeFilters,
} from '@/lib/ops/pledge-search'

type Errors = { amount?: string; email?: string; reference?: string; name?: string }

export function PledgesPage() {
  const url = useListUrl(PLEDGE_FILTERS)
  const { filters } = url
  const hidden = { email: url.hidden.email ?? '', name: url.hidden.name ?? '' }
  const query = useQuery(pledgeSearchQuery(pledgeQueryOf(filters, hidden)))
  const columns = columnsOf(filters.columns)
  const count = filterCount(filters) + Number(hidden.email !== '') + Number(hidden.name !== '')
  return (
    <div className="grid min-w-0 grid-cols-1 gap-6">
      <PageHeader title={t('admin.pledges.title')} actions={<Columns columns={columns} onChange={(next) => url.set({ columns: columnsText(next), cursor: filters.cursor })} />}>
        {t('admin.pledges.lead')}
      </PageHeader>
      <Filters key={JSON.stringify([filters, hidden])} url={url} hidden={hidden} count={count} />
      <QueryView
        query={query}
        isEmpty={({ items }) => items.length === 0}
        empty={<NothingFound hasFilters={count > 0} heading={t('admin.pledges.none')} />}
      >
        {(page) => (
          <>
            <p role="status" className="text-muted text-sm">
              {t(page.next_cursor === null ? 'admin.pledges.count' : 'admin.pledges.count_more', { count: page.items.length })}
            </p>
            <PledgeTable pledges={page.items} columns={columns} />
            <Pager cursor={filters.cursor} next={page.next_cursor} href={(cursor) => url.href({ cursor })} go={(cursor) => url.set({ cursor })} />
          </>
        )}
      </QueryView>
    </div>
  )
}

function filterCount(filters: PledgeFilters): number {
  return Object.entries(filters).filter(([name, value]) => value !== '' && !['sort', 'cursor', 'columns'].includes(name)).length
}

type FiltersProps = {
  url: ReturnType<typeof useListUrl<typeof PLEDGE_FILTERS>>
  hidden: { email: string; name: string }
  count: number
}

function Filters({ url, hidden, count }: FiltersProps) {
  const { filters } = url
  const [errors, setErrors] = useState<Errors>({})
  const submit = (form: FormData) => {
    const read = (name: string) => fieldText(form, name)
    const found = findErrors(read)
    setErrors(found)
    if (Object.keys(found).length > 0) return
    url.set(
      {
        reference: read('reference'),
        state: read('state'),
        campaign: read('campaign'),
        currency: read('currency').toUpperCase(),
        amount_min: read('amount_min'),
        amount_max: read('amount_max'),
        from: read('from'),
        to: read('to'),
        sort: read('sort') === 'amount' ? 'amount' : '',
      },
      { email: read('email'), name: read('name') },
    )
  }
  return (
    <FilterBar
      label={t('admin.pledges.filters')}
      count={count}
      onSubmit={submit}
      onReset={() => url.open('')}
      views={{ list: 'pledges', query: writeFilters(PLEDGE_FILTERS, { ...filters, cursor: '' }).toString(), open: url.open }}
      note={
        (hidden.email !== '' || hidden.name !== '') && <p className="text-muted text-sm">{t('admin.pledges.private_note')}</p>
      }
    >
      <FilterInput label={t('admin.pledges.reference')} name="reference" defaultValue={filters.reference} error={errors.reference} dir="ltr" />
      <FilterInput label={t('admin.pledges.email')} name="email" defaultValue={hidden.email} error={errors.email} hint={t('admin.pledges.email_hint')} dir="ltr" />
      <FilterInput label={t('admin.pledges.name')} name="name" defaultValue={hidden.name} error={errors.name} />
      <FilterInput label={t('admin.pledges.campaign')} name="campaign" defaultValue={filters.campaign} maxLength={80} />
      <FilterSelect label={t('admin.pledges.state')} name="state" defaultValue={filters.state}>
        <option value="">{t('admin.ops.all')}</option>
        {PLEDGE_STATES.map((state) => (
          <option key={state} value={state}>
            {t(`admin.pledge_state.${state}`)}
          </option>
        ))}
      </FilterSelect>
      <FilterInput label={t('admin.pledges.currency')} name="currency" defaultValue={filters.currency} maxLength={3} placeholder="EUR" error={errors.amount} dir="ltr" />
      <FilterInput label={t('admin.pledges.amount_min')} name="amount_min" defaultValue={filters.amount_min} inputMode="decimal" dir="ltr" />
      <FilterInput label={t('admin.pledges.amount_max')} name="amount_max" defaultValue={filters.amount_max} inputMode="decimal" dir="ltr" />
      <FilterInput label={t('admin.ops.from')} name="from" type="date" defaultValue={filters.from} />
      <FilterInput label={t('admin.ops.to')} name="to" type="date" defaultValue={filters.to} />
      <FilterSelect label={t('admin.pledges.sort')} name="sort" defaultValue={filters.sort || 'newest'}>
        <option value="newest">{t('admin.pledges.sort_newest')}</option>
        <option value="amount">{t('admin.pledges.sort_amount')}</option>
      </FilterSelect>
    </FilterBar>
  )
}

/** What the API would refuse, said at the field before it is asked. */
function findErrors(read: (name: string) => string): Errors {
  const errors: Errors = {}
  const currency = read('currency').toUpperCase()
  const amounts = [read('amount_min'), read('amount_max')].filter((text) => text !== '')
  if (currency !== '' && !CURRENCY.test(currency)) errors.amount = t('admin.pledges.currency_error')
  else if (amounts.length > 0 && currency === '') errors.amount = t('admin.pledges.amount_needs_currency')
  else if (amounts.some((text) => !AMOUNT.test(text) || minorOf(text, currency) === null)) errors.amount = t('admin.pledges.amount_error')
  else if (read('sort') === 'amount' && currency === '' && read('campaign') === '') errors.amount = t('admin.pledges.sort_error')
  if (read('reference') !== '' && read('reference').length < 4) errors.reference = t('admin.pledges.reference_error')
  if (read('email') !== '' && read('email').replace(/\*$/, '').length < 3) errors.email = t('admin.pledges.email_error')
  if (read('name').length === 1) errors.name = t('admin.pledges.name_error')
  return errors
}

function Columns({ columns, onChange }: { columns: readonly PledgeColumn[]; onChange: (columns: PledgeColumn[]) => void }) {
  return (
    <Menu>
      <MenuTrigger asChild>
        <Button variant="outline">{t('admin.pledges.columns')}</Button>
      </MenuTrigger>
      <MenuContent>
        {PLEDGE_COLUMNS.map((column) => (
          <MenuCheck
            key={column}
            checked={columns.includes(column)}
            onCheckedChange={(isOn) =>
              onChange(PLEDGE_COLUMNS.filter((one) => (one === column ? isOn : columns.includes(one))))
            }
          >
            {t(`admin.pledges.column_${column}`)}
          </MenuCheck>
        ))}
      </MenuContent>
    </Menu>
  )
}

function PledgeTable({ pledges, columns }: { pledges: AdminPledge[]; columns: readonly PledgeColumn[] }) {
  return (
    <Table label={t('admin.pledges.title')}>
      <thead>
        <tr>
          <Th>{t('admin.pledges.column_id')}</Th>
          {columns.map((column) => (
            <Th key={column} isNumber={column === 'amount'}>
              {t(`admin.pledges.column_${column}`)}
            </Th>
          ))}
        </tr>
      </thead>
      <tbody>
        {pledges.map((pledge) => (
          <Tr key={pledge.id} data-pledge={pledge.id}>
            <Th scope="row" className="font-normal">
              <span className="inline-flex items-center gap-1 whitespace-nowrap">
                <PledgeLink id={pledge.id} />
                <CopyButton value={pledge.id} label={t('admin.ops.copy_pledge')} />
              </span>
            </Th>
            {columns.map((column) => (
              <Td key={column} isNumber={column === 'amount'}>
                {CELLS[column](pledge)}
              </Td>
            ))}
          </Tr>
        ))}
      </tbody>
    </Table>
  )
}

const CELLS: Record<PledgeColumn, (pledge: AdminPledge) => ReactNode> = {
  campaign: ({ campaign }) => (
    <span className="min-w-32">
      <bdi className="line-clamp-2">{campaign.title}</bdi>
    </span>
  ),
  donor: ({ donor }) => (
    <span className="grid min-w-28">
      <span>{donor.name === null ? <em className="text-muted">{t('admin.pledges.no_name')}</em> : <bdi>{donor.name}</bdi>}</span>
      <span className="text-muted text-sm">
        <bdi dir="ltr">{donor.email}</bdi>
      </span>
    </span>
  ),
  amount: ({ amount, refunded }) => (
    <span className="grid">
      <span className="font-semibold">{formatMoney(amount, locale)}</span>
      {refunded.amount > 0 && (
        <span className="text-muted text-sm">{t('admin.pledges.refunded', { amount: formatMoney(refunded, locale) })}</span>
      )}
    </span>
  ),
  state: ({ state, state_reason }) => (
    <span className="grid justify-items-start gap-0.5">
      <PledgeStateBadge state={state} />
      {state_reason !== null && <span className="text-muted text-sm">{words(`admin.reason.${state_reason}`)}</span>}
    </span>
  ),
  reward: ({ reward, quantity }) =>
    reward === null ? <span className="text-muted">{t('admin.ops.none')}</span> : <span dir="auto">{`${quantity} × ${reward.title}`}</span>,
  payment: ({ payment_id }) =>
    payment_id === null ? <span className="text-muted">{t('admin.ops.none')}</span> : <CopyId value={payment_id} label={t('admin.pledges.copy_payment')} />,
  made: ({ created_at }) => <When at={created_at} />,
  changed: ({ updated_at }) => <When at={updated_at} />,
}
