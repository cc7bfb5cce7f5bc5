// SPDX-License-Identifier: Apache-2.0
// What all pages of one campaign have: its name, its standing, what can be done with it.
import { useQuery } from '@tanstack/react-query'
import { Link, Outlet, useLocation, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { managedQuery, type ManagedCampaign } from '@/api/admin-campaigns'
import { ApiError } from '@/api/http'
import { AdminBreadcrumbs } from '@/components/admin/breadcrumbs'
import { CampaignActions } from '@/components/admin/campaign/actions'
import { EmbedDialog } from '@/components/admin/campaign/embed'
import { showTab } from '@/components/admin/ops/list'
import { StatusBadge, statusOf } from '@/components/admin/campaign/words'
import { Notice } from '@/components/ui/notice'
import { PageHeader } from '@/components/ui/page-header'
import { Skeleton } from '@/components/ui/skeleton'
import { ErrorState } from '@/components/ui/states'
import { t } from '@/i18n'
import { cn } from '@/lib/cn'
import { useNow } from '@/lib/hooks'

const LINK = 'text-ink min-h-6 underline decoration-2 underline-offset-4'
const PAGES = [
  { part: '', label: 'admin.part.edit', right: 'view' },
  { part: '/rewards', label: 'admin.part.rewards', right: 'view' },
  { part: '/updates', label: 'admin.part.updates', right: 'view' },
  { part: '/pledges', label: 'admin.part.pledges', right: 'view' },
  { part: '/waiting', label: 'admin.waiting.title', right: 'view' },
  { part: '/refund-requests', label: 'admin.requests.title', right: 'view' },
  { part: '/figures', label: 'admin.part.figures', right: 'view' },
  { part: '/team', label: 'admin.part.team', right: 'own' },
] as const

export function CampaignLayout() {
  const { id = '' } = useParams({ strict: false })
  const query = useQuery(managedQuery(id))
  const { data, error } = query
  if (data === undefined) {
    if (error !== null) {
      return (
        <>
          <PageHeader title={t(error instanceof ApiError && error.status === 403 ? 'forbidden.heading' : 'error.heading')} />
          <ErrorState error={error} retry={() => query.refetch()} />
        </>
      )
    }
    return (
      <>
        <title>{`${t('admin.nav.campaigns')} · ${t('site.name')}`}</title>
        <p role="status" className="sr-only">
          {t('action.loading')}
        </p>
        <Skeleton className="h-24 w-2/3" />
        <Skeleton className="h-12" />
        <Skeleton className="h-96" />
      </>
    )
  }
  return <CampaignFrame campaign={data.data} isStale={query.isError} />
}

function CampaignFrame({ campaign, isStale }: { campaign: ManagedCampaign; isStale: boolean }) {
  const now = useNow()
  const [isEmbedding, setIsEmbedding] = useState(false)
  const { pathname } = useLocation()
  const pages = PAGES.filter(({ right }) => right === 'view' || campaign.right === 'own')
  const current = [...pages].reverse().find(({ part }) => part !== '' && pathname.endsWith(part)) ?? pages[0]
  return (
    <>
      <PageHeader
        title={campaign.title}
        documentTitle={`${t(current?.label ?? 'admin.part.edit')} · ${campaign.title}`}
        breadcrumbs={
          <AdminBreadcrumbs>
            <Link to="/admin/campaigns">{t('admin.nav.campaigns')}</Link>
            <span dir="auto">{campaign.title}</span>
          </AdminBreadcrumbs>
        }
        actions={<CampaignActions campaign={campaign} />}
      >
        <span className="flex flex-wrap items-center gap-x-4 gap-y-1 text-base">
          <StatusBadge status={statusOf(campaign, now)} />
          <span>{t(`admin.campaign.right_${campaign.right}`)}</span>
          {campaign.state !== 'draft' && (
            <>
              <Link to="/campaigns/$slug" params={{ slug: campaign.slug }} className={LINK}>
                {t('admin.campaign.public_page')}
              </Link>
              <button type="button" className={LINK} onClick={() => setIsEmbedding(true)}>
                {t('admin.embed.action')}
              </button>
            </>
          )}
        </span>
      </PageHeader>
      {isEmbedding && <EmbedDialog campaign={campaign} onClose={() => setIsEmbedding(false)} />}
      {isStale && (
        <Notice tone="warn" role="status">
          {t('admin.campaign.stale')}
        </Notice>
      )}
      <nav aria-label={t('admin.part.label')} className="border-line overflow-x-auto border-b-2 [scrollbar-width:thin]">
        <ul className="flex gap-1">
          {pages.map((page) => (
            <li key={page.part}>
              <Link
                to={`/admin/campaigns/$id${page.part}`}
                params={{ id: campaign.id }}
                ref={page === current ? showTab : undefined}
                aria-current={page === current ? 'page' : undefined}
                className={cn(
                  '-mb-0.5 flex min-h-11 items-center border-b-4 px-3 font-semibold whitespace-nowrap focus-visible:-outline-offset-3 sm:px-4',
                  page === current ? 'border-poppy' : 'text-muted hover:text-ink border-transparent',
                )}
              >
                {t(page.label)}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <Outlet />
    </>
  )
}
