// SPDX-License-Identifier: Apache-2.0
// The pledges of one campaign, for the people who run it, and the same as a file.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useId, useState } from 'react'
import { campaignPledgesQuery, type CampaignPledge, type CampaignPledgesQuery } from '@/api/admin-campaigns'
import { useKeptSession } from '@/api/kept-session'
import type { TaskFilters } from '@/api/tasks'
import { useManaged } from '@/components/admin/campaign/use-managed'
import { BulkButtons } from '@/components/admin/ops/bulk-buttons'
import { ExportButtons } from '@/components/admin/ops/export-buttons'
import { fieldText, FilterBar, FilterInput, FilterSelect } from '@/components/admin/ops/filter-bar'
import { useListUrl } from '@/components/admin/ops/list-url'
import { NothingFound, Pager, QueryView } from '@/components/admin/ops/list'
import { Badge } from '@/components/ui/badge'
import { Checkbox } from '@/components/ui/checkbox'
import { Table, Td, Th, Tr } from '@/components/ui/table'
import { formatDateTime, locale, t } from '@/i18n'
import { formatMoney } from '@/lib/money'
import { CURSOR, DAY, dayStart, UUID, type Filters } from '@/lib/ops/filters'
import { STATES } from '@/lib/period'

const FILTERS = {
  state: { words: STATES },
  from: { pattern: DAY },
  to: { pattern: DAY },
  reward: { pattern: UUID },
  news: { words: ['true', 'false'] },
  sort: { words: ['newest', 'amount'] },
  cursor: { pattern: CURSOR, max: 500 },
} as const

const TONES = { pending: 'warn', confirmed: 'good', failed: 'bad', refunded: 'plain' } as const

export function CampaignPledgesPage() {
  const { data: campaign } = useManaged()
  const { account } = useKeptSession()
  const url = useListUrl(FILTERS)
  const { filters, hidden } = url
  const q = hidden.q ?? ''
  const filtered = filterOf(filters, q)
  const query = useQuery(campaignPledgesQuery(campaign.id, queryOf(filters, filtered)))
  const count = Object.keys(filtered).length
  return (
    <div className="grid min-w-0 gap-5">
      <FilterBar
        key={JSON.stringify([filters, q])}
        label={t('admin.gifts.filter')}
        count={count}
        onSubmit={(form) =>
          url.set(
            {
              state: fieldText(form, 'state'),
              from: fieldText(form, 'from'),
              to: fieldText(form, 'to'),
              reward: fieldText(form, 'reward'),
              news: fieldText(form, 'news'),
              sort: fieldText(form, 'sort') === 'amount' ? 'amount' : '',
            },
            { q: fieldText(form, 'q') },
          )
        }
        onReset={() => url.set({ state: '', from: '', to: '', reward: '', news: '' }, {})}
      >
        <FilterInput
          label={t('admin.gifts.search')}
          hint={t(campaign.right === 'view' ? 'admin.gifts.search_hint_view' : 'admin.gifts.search_hint')}
          name="q"
          type="search"
          defaultValue={q}
          maxLength={100}
        />
        <FilterSelect label={t('admin.gifts.state')} name="state" defaultValue={filters.state}>
          <option value="">{t('admin.campaigns.any')}</option>
          {STATES.map((state) => (
            <option key={state} value={state}>
              {t(`admin.figures.state_${state}`)}
            </option>
          ))}
        </FilterSelect>
        <FilterInput label={t('admin.gifts.from')} name="from" type="date" defaultValue={filters.from} />
        <FilterInput label={t('admin.gifts.to')} name="to" type="date" defaultValue={filters.to} />
        {(campaign.rewards.length > 0 || filters.reward !== '') && (
          <FilterSelect label={t('admin.gifts.reward')} name="reward" defaultValue={filters.reward}>
            <option value="">{t('admin.campaigns.any')}</option>
            {campaign.rewards.map((reward) => (
              <option key={reward.id} value={reward.id}>
                {reward.title}
              </option>
            ))}
            {/* A reward that was removed keeps its pledges; links to them still tell what they are narrowed to. */}
            {filters.reward !== '' && !campaign.rewards.some((reward) => reward.id === filters.reward) && (
              <option value={filters.reward}>{t('admin.gifts.reward_removed')}</option>
            )}
          </FilterSelect>
        )}
        {campaign.right !== 'view' && (
          <FilterSelect label={t('admin.gifts.news')} name="news" defaultValue={filters.news}>
            <option value="">{t('admin.campaigns.any')}</option>
            <option value="true">{t('admin.gifts.news_true')}</option>
            <option value="false">{t('admin.gifts.news_false')}</option>
          </FilterSelect>
        )}
        <FilterSelect label={t('admin.campaigns.sort')} name="sort" defaultValue={filters.sort === '' ? 'newest' : filters.sort}>
          <option value="newest">{t('admin.campaigns.sort_newest')}</option>
          <option value="amount">{t('admin.gifts.sort_amount')}</option>
        </FilterSelect>
      </FilterBar>
      <div className="flex flex-wrap items-center gap-3">
        <ExportButtons task={{ kind: 'pledge_export', campaign: campaign.id, filters: taskFilters(filtered) }} />
        {campaign.right !== 'view' && <BulkButtons campaign={campaign.id} filters={taskFilters(filtered)} isAdmin={account?.role === 'admin'} />}
      </div>
      <QueryView
        query={query}
        isEmpty={({ items }) => items.length === 0}
        empty={
          <NothingFound hasFilters={count > 0 || filters.cursor !== ''} heading={t('admin.gifts.none')}>
            {t('admin.gifts.none_text')}
          </NothingFound>
        }
      >
        {({ items, next_cursor }) => (
          <>
            <Choice
              key={JSON.stringify([filters, q])}
              pledges={items}
              campaign={campaign.id}
              isAdmin={account?.role === 'admin'}
              canChoose={campaign.right !== 'view'}
            />
            <Pager cursor={filters.cursor} next={next_cursor} href={(cursor) => url.href({ cursor })} go={(cursor) => url.set({ cursor })} />
          </>
        )}
      </QueryView>
    </div>
  )
}

type ChoiceProps = { pledges: CampaignPledge[]; campaign: string; isAdmin: boolean; canChoose: boolean }

/** The page of pledges, and what can be done with those that are chosen in it. */
function Choice({ pledges, campaign, isAdmin, canChoose }: ChoiceProps) {
  const id = useId()
  const [marked, setMarked] = useState<readonly string[]>([])
  if (!canChoose) return <PledgeTable pledges={pledges} isAdmin={isAdmin} />
  // What is no longer in the list is not chosen either.
  const ids = pledges.map((pledge) => pledge.id)
  const chosen = ids.filter((one) => marked.includes(one))
  const state = chosen.length === ids.length ? true : chosen.length > 0 ? 'indeterminate' : false
  return (
    <>
      <div className="flex flex-wrap items-center gap-x-5 gap-y-3">
        <span className="flex min-h-11 items-center gap-3">
          <Checkbox id={id} checked={state} onCheckedChange={(isOn) => setMarked(isOn === true ? ids : [])} />
          <label htmlFor={id}>{t('admin.bulk.choose_page')}</label>
        </span>
        <span role="status" data-chosen={chosen.length} className="text-muted">
          {chosen.length === 0 ? t('admin.bulk.none_chosen') : t('admin.bulk.chosen', { count: chosen.length })}
        </span>
        {chosen.length > 0 && <BulkButtons campaign={campaign} filters={{ ids: chosen }} isAdmin={isAdmin} scope="chosen" />}
      </div>
      <PledgeTable
        pledges={pledges}
        isAdmin={isAdmin}
        chosen={chosen}
        onChoose={(one, isOn) => setMarked(isOn ? [...chosen, one] : chosen.filter((other) => other !== one))}
      />
    </>
  )
}

type TableProps = {
  pledges: CampaignPledge[]
  isAdmin: boolean
  chosen?: readonly string[]
  onChoose?: (id: string, isOn: boolean) => void
}

function PledgeTable({ pledges, isAdmin, chosen = [], onChoose }: TableProps) {
  return (
    <Table label={t('admin.part.pledges')}>
      <thead>
        <tr>
          {onChoose !== undefined && (
            <Th className="w-0">
              <span className="sr-only">{t('admin.bulk.choose')}</span>
            </Th>
          )}
          <Th>{t('admin.gifts.donor')}</Th>
          <Th isNumber>{t('admin.gifts.amount')}</Th>
          <Th>{t('admin.gifts.state')}</Th>
          <Th>{t('admin.gifts.reward')}</Th>
          <Th>{t('admin.gifts.made')}</Th>
          {isAdmin && (
            <Th>
              <span className="sr-only">{t('admin.reward.actions')}</span>
            </Th>
          )}
        </tr>
      </thead>
      <tbody>
        {pledges.map((pledge) => (
          <Tr key={pledge.id} data-pledge={pledge.id} className="relative">
            {onChoose !== undefined && (
              <Td className="table-corner">
                <Checkbox
                  aria-label={t('admin.bulk.choose_one', { name: pledge.donor.name, amount: formatMoney(pledge.amount, locale) })}
                  checked={chosen.includes(pledge.id)}
                  onCheckedChange={(isOn) => onChoose(pledge.id, isOn === true)}
                />
              </Td>
            )}
            <Th scope="row" className="min-w-44">
              <span className="wrap-anywhere" dir="auto">
                {pledge.donor.name}
              </span>
              {pledge.donor.email !== null && (
                <span className="text-muted block text-sm font-normal wrap-anywhere" dir="ltr">
                  {pledge.donor.email}
                </span>
              )}
              {pledge.news === true && <span className="block text-sm font-normal">{t('admin.gifts.wants_news')}</span>}
            </Th>
            <Td isNumber>
              {formatMoney(pledge.amount, locale)}
              {pledge.refunded.amount > 0 && (
                <span className="text-muted block text-sm">{t('admin.gifts.refunded', { amount: formatMoney(pledge.refunded, locale) })}</span>
              )}
            </Td>
            <Td>
              <Badge tone={TONES[pledge.state]}>{t(`admin.figures.state_${pledge.state}`)}</Badge>
            </Td>
            <Td className="min-w-32 wrap-anywhere">
              {pledge.reward === null ? '–' : t('admin.gifts.reward_of', { title: pledge.reward.title, quantity: pledge.quantity })}
            </Td>
            <Td className="whitespace-nowrap">
              <time dateTime={pledge.created_at}>{formatDateTime(pledge.created_at)}</time>
            </Td>
            {isAdmin && (
              <Td className="text-end whitespace-nowrap">
                <Link to={`/admin/pledges/${pledge.id}` as never} className="inline-block min-h-6 underline decoration-2 underline-offset-4">
                  {t('admin.gifts.detail')}
                </Link>
              </Td>
            )}
          </Tr>
        ))}
      </tbody>
    </Table>
  )
}

type FilterQuery = Record<string, string>

/** What the list, its file and changes of all that is in it have in common. */
function filterOf(filters: Filters<typeof FILTERS>, q: string): FilterQuery {
  const query = {
    state: filters.state,
    from: dayStart(filters.from) ?? '',
    to: dayStart(filters.to, 1) ?? '',
    reward: filters.reward,
    news: filters.news,
    q,
  }
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== ''))
}

/** The same for a task, whose filters are JSON. */
function taskFilters({ news, ...filtered }: FilterQuery): TaskFilters {
  return news === undefined ? filtered : { ...filtered, news: news === 'true' }
}

function queryOf(filters: Filters<typeof FILTERS>, filtered: FilterQuery): CampaignPledgesQuery {
  return {
    ...filtered,
    ...(filters.sort === 'amount' ? { sort: 'amount' as const } : {}),
    ...(filters.cursor === '' ? {} : { cursor: filters.cursor }),
  }
}
