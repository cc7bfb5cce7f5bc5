// SPDX-License-Identifier: Apache-2.0
// All campaigns for administrators, one's own for everybody else.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { campaignListQuery, type CampaignListQuery, type MyCampaign } from '@/api/admin-campaigns'
import { useKeptSession } from '@/api/kept-session'
import { AdminBreadcrumbs } from '@/components/admin/breadcrumbs'
import { CATEGORIES } from '@/components/admin/campaign/form'
import { categoryText, copyAddress, StatusBadge, STATUSES, statusOf } from '@/components/admin/campaign/words'
import { HrefLink } from '@/components/admin/href-link'
import { fieldText, FilterBar, FilterInput, FilterSelect } from '@/components/admin/ops/filter-bar'
import { useListUrl, type ListUrl } from '@/components/admin/ops/list-url'
import { NothingFound, Pager, PlainLink, QueryView } from '@/components/admin/ops/list'
import { Button } from '@/components/ui/button'
import { Icon } from '@/components/ui/icon'
import { PageHeader } from '@/components/ui/page-header'
import { Skeleton } from '@/components/ui/skeleton'
import { EmptyState } from '@/components/ui/states'
import { Table, Td, Th, Tr } from '@/components/ui/table'
import { formatDate, formatNumber, locale, t } from '@/i18n'
import { percentRaised } from '@/lib/campaign'
import { useNow } from '@/lib/hooks'
import { formatMoney } from '@/lib/money'
import { CURRENCY, CURSOR, type Filters } from '@/lib/ops/filters'

const FILTERS = {
  q: { max: 200 },
  status: { words: STATUSES },
  category: { pattern: /^[a-z]+(_[a-z]+)*$/, max: 40 },
  currency: { pattern: CURRENCY },
  sort: { words: ['newest', 'ending_soon', 'most_funded'] },
  cursor: { pattern: CURSOR, max: 500 },
} as const

const SORTS = ['newest', 'ending_soon', 'most_funded'] as const

export function CampaignsPage() {
  const { account } = useKeptSession()
  const isAdmin = account?.role === 'admin'
  const url = useListUrl(FILTERS)
  const { filters } = url
  const query = useQuery(campaignListQuery(isAdmin, queryOf(filters)))
  const count = [filters.q, filters.status, filters.category, filters.currency].filter((value) => value !== '').length
  const title = t(isAdmin ? 'admin.campaigns.title' : 'admin.campaigns.title_own')
  return (
    <>
      <PageHeader
        title={title}
        breadcrumbs={<AdminBreadcrumbs>{title}</AdminBreadcrumbs>}
        actions={
          account?.role !== 'donor' && (
            <Button asChild>
              <Link to="/admin/campaigns/new">
                <Icon name="plus" />
                {t('admin.campaigns.make')}
              </Link>
            </Button>
          )
        }
      />
      <FilterBar
        key={JSON.stringify(filters)}
        label={t('admin.campaigns.filter')}
        count={count}
        onSubmit={(form) =>
          url.set({
            q: fieldText(form, 'q'),
            status: fieldText(form, 'status'),
            category: fieldText(form, 'category'),
            sort: fieldText(form, 'sort'),
          })
        }
        onReset={() => url.set({ q: '', status: '', category: '', currency: '' })}
      >
        <FilterInput label={t('admin.campaigns.search')} name="q" type="search" defaultValue={filters.q} maxLength={200} />
        <FilterSelect label={t('admin.campaigns.status')} name="status" defaultValue={filters.status}>
          <option value="">{t('admin.campaigns.any')}</option>
          {STATUSES.map((status) => (
            <option key={status} value={status}>
              {t(`admin.campaign.status_${status}`)}
            </option>
          ))}
        </FilterSelect>
        <FilterSelect label={t('admin.edit.category')} name="category" defaultValue={filters.category}>
          <option value="">{t('admin.campaigns.any')}</option>
          {CATEGORIES.map((category) => (
            <option key={category} value={category}>
              {categoryText(category)}
            </option>
          ))}
        </FilterSelect>
        <FilterSelect label={t('admin.campaigns.sort')} name="sort" defaultValue={filters.sort === '' ? 'newest' : filters.sort}>
          {SORTS.map((sort) => (
            <option key={sort} value={sort}>
              {t(`admin.campaigns.sort_${sort}`)}
            </option>
          ))}
        </FilterSelect>
      </FilterBar>
      <QueryView
        query={query}
        isEmpty={({ items }) => items.length === 0}
        empty={
          count > 0 || filters.cursor !== '' ? (
            <NothingFound hasFilters heading="" />
          ) : (
            <NoCampaigns isAdmin={isAdmin} url={url}>
              {t(account?.role === 'donor' ? 'admin.campaigns.none_team' : 'admin.campaigns.none_text')}
            </NoCampaigns>
          )
        }
      >
        {({ items, total, next_cursor }) => (
          <>
            <p role="status" className="text-muted" data-total={total}>
              {t('admin.campaigns.count', { count: total })}
            </p>
            <CampaignTable campaigns={items} label={title} isAdmin={isAdmin} />
            <Pager cursor={filters.cursor} next={next_cursor} href={(cursor) => url.href({ cursor })} go={(cursor) => url.set({ cursor })} />
          </>
        )}
      </QueryView>
    </>
  )
}

/** None at all, or none but archived ones, which only their own filter shows. */
function NoCampaigns({ isAdmin, url, children }: { isAdmin: boolean; url: ListUrl<typeof FILTERS>; children: string }) {
  const { data, isPending } = useQuery(campaignListQuery(isAdmin, { status: 'archived', limit: 1 }))
  if (isPending) return <Skeleton className="h-48" />
  if (data === undefined || data.total === 0) return <EmptyState heading={t('admin.campaigns.none')}>{children}</EmptyState>
  return (
    <EmptyState heading={t('admin.campaigns.only_archived')}>
      <PlainLink href={url.href({ status: 'archived' })} onFollow={() => url.set({ status: 'archived' })} className="underline decoration-2 underline-offset-4">
        {t('admin.campaigns.show_archived', { count: data.total })}
      </PlainLink>
    </EmptyState>
  )
}

function CampaignTable({ campaigns, label, isAdmin }: { campaigns: MyCampaign[]; label: string; isAdmin: boolean }) {
  const now = useNow()
  const canCopy = campaigns.some(({ right }) => right === 'own')
  return (
    <Table label={label}>
      <thead>
        <tr>
          <Th>{t('admin.campaigns.column_title')}</Th>
          <Th>{t('admin.campaigns.status')}</Th>
          <Th isNumber>{t('admin.campaigns.column_raised')}</Th>
          <Th isNumber>{t('admin.campaigns.column_gifts')}</Th>
          <Th>{t('admin.campaigns.column_end')}</Th>
          <Th>{t(isAdmin ? 'admin.campaigns.column_owner' : 'admin.campaigns.column_role')}</Th>
          {canCopy && (
            <Th>
              <span className="sr-only">{t('admin.reward.actions')}</span>
            </Th>
          )}
        </tr>
      </thead>
      <tbody>
        {campaigns.map((campaign) => (
          <Tr key={campaign.id} data-campaign={campaign.slug}>
            <Th scope="row" className="min-w-48">
              <Link
                to="/admin/campaigns/$id"
                params={{ id: campaign.id }}
                className="inline-block min-h-6 underline decoration-2 underline-offset-4 wrap-anywhere"
                dir="auto"
              >
                {campaign.title}
              </Link>
              <span className="text-muted block text-sm font-normal">{categoryText(campaign.category)}</span>
            </Th>
            <Td>
              <StatusBadge status={statusOf(campaign, now)} />
            </Td>
            <Td isNumber>
              <strong>{formatMoney(campaign.totals.raised, locale, 'round')}</strong>
              <span className="text-muted block text-sm">
                {t('admin.campaigns.of_goal', { goal: formatMoney(campaign.goal, locale, 'round'), percent: percentRaised(campaign) })}
              </span>
            </Td>
            <Td isNumber>{formatNumber(campaign.totals.confirmed_count)}</Td>
            <Td className="min-w-28">{campaign.ends_at === null ? t('time.no_end') : formatDate(campaign.ends_at)}</Td>
            <Td className="min-w-28 wrap-anywhere">
              {isAdmin ? <span dir="auto">{campaign.owner.name}</span> : t(`admin.campaigns.role_${campaign.role ?? 'viewer'}`)}
            </Td>
            {canCopy && (
              <Td className="whitespace-nowrap">
                {campaign.right === 'own' && (
                  <Button asChild variant="link">
                    <HrefLink href={copyAddress(campaign.id)} aria-label={t('admin.copy.action_named', { title: campaign.title })}>
                      {t('admin.copy.action')}
                    </HrefLink>
                  </Button>
                )}
              </Td>
            )}
          </Tr>
        ))}
      </tbody>
    </Table>
  )
}

function queryOf(filters: Filters<typeof FILTERS>): CampaignListQuery {
  return Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== ''))
}
