// SPDX-License-Identifier: Apache-2.0
// A new campaign, empty or as a copy of the one that the address names. Nothing is made before
// the form is sent.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { makeCampaign, managedQuery, take, type ManagedCampaign } from '@/api/admin-campaigns'
import { useKeptSession } from '@/api/kept-session'
import { AdminBreadcrumbs } from '@/components/admin/breadcrumbs'
import { CampaignEditor } from '@/components/admin/campaign/editor'
import { copyValues, emptyValues, requestOf } from '@/components/admin/campaign/form'
import { QueryView } from '@/components/admin/ops/list'
import { useListUrl } from '@/components/admin/ops/list-url'
import { Card, CardTitle } from '@/components/ui/card'
import { PageHeader } from '@/components/ui/page-header'
import { NoPermission } from '@/components/ui/states'
import { toast } from '@/components/ui/toast'
import { locale, t } from '@/i18n'
import { formatMoney } from '@/lib/money'

const RULES = { copy: { pattern: /^[0-9a-f-]{36}$/ } } as const

export function NewCampaignPage() {
  const { account } = useKeptSession()
  const { filters } = useListUrl(RULES)
  const isCopy = filters.copy !== ''
  const title = t(isCopy ? 'admin.copy.title' : 'admin.campaigns.make')
  return (
    <>
      <PageHeader
        title={title}
        breadcrumbs={
          <AdminBreadcrumbs>
            <Link to="/admin/campaigns">{t('admin.nav.campaigns')}</Link>
            {title}
          </AdminBreadcrumbs>
        }
      >
        {t(isCopy ? 'admin.copy.text' : 'admin.campaigns.make_text')}
      </PageHeader>
      {account?.role === 'donor' ? (
        <NoPermission />
      ) : isCopy ? (
        <Copy key={filters.copy} id={filters.copy} />
      ) : (
        <Making original={null} />
      )}
    </>
  )
}

function Copy({ id }: { id: string }) {
  const query = useQuery(managedQuery(id))
  return (
    <QueryView query={query}>
      {({ data: campaign }) =>
        campaign.right === 'own' ? <Making original={campaign} /> : <NoPermission />
      }
    </QueryView>
  )
}

function Making({ original }: { original: ManagedCampaign | null }) {
  const { account } = useKeptSession()
  const client = useQueryClient()
  const navigate = useNavigate()
  const [initial] = useState(() =>
    original === null
      ? emptyValues(account?.name ?? '', 'EUR')
      : copyValues(original, (title) => t('admin.copy.named', { title }), locale, Date.now()),
  )
  return (
    <CampaignEditor
      initial={initial}
      known={null}
      original={original}
      submitLabel={t('admin.campaigns.make_submit')}
      save={async (_, mine) => {
        const body = requestOf(mine, locale)
        const made = await makeCampaign(original === null ? body : { ...body, copy_of: original.id })
        await take(client, made)
        toast(t('admin.campaigns.made'))
        await navigate({ to: '/admin/campaigns/$id', params: { id: made.data.id } })
        return null
      }}
    >
      {original !== null && <ComesAlong campaign={original} />}
    </CampaignEditor>
  )
}

/** What a copy has besides what its form shows. */
function ComesAlong({ campaign: { title, image, rewards, pools } }: { campaign: ManagedCampaign }) {
  return (
    <Card data-along>
      <CardTitle className="wrap-anywhere">{t('admin.copy.along', { title })}</CardTitle>
      {(image !== null || rewards.length + pools.length > 0) && (
        <>
          <p>{t('admin.copy.along_text')}</p>
          <ul className="list-disc ps-5 wrap-anywhere">
            {image !== null && <li>{t('admin.copy.image')}</li>}
            {rewards.map((reward) => (
              <li key={reward.id}>{t('admin.copy.reward', { title: reward.title, amount: formatMoney(reward.min_amount, locale, 'round') })}</li>
            ))}
            {pools.map(({ id, name }) => (
              <li key={id}>{t('admin.copy.pool', { name })}</li>
            ))}
          </ul>
        </>
      )}
      <p className="text-muted">{t('admin.copy.stays')}</p>
    </Card>
  )
}
