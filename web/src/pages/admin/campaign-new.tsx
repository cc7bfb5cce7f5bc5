// SPDX-License-Identifier: Apache-2.0
import { useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { makeCampaign, take } from '@/api/admin-campaigns'
import { useKeptSession } from '@/api/kept-session'
import { AdminBreadcrumbs } from '@/components/admin/breadcrumbs'
import { CampaignEditor } from '@/components/admin/campaign/editor'
import { emptyValues, requestOf } from '@/components/admin/campaign/form'
import { PageHeader } from '@/components/ui/page-header'
import { NoPermission } from '@/components/ui/states'
import { toast } from '@/components/ui/toast'
import { locale, t } from '@/i18n'

export function NewCampaignPage() {
  const { account } = useKeptSession()
  const client = useQueryClient()
  const navigate = useNavigate()
  const [initial] = useState(() => emptyValues(account?.name ?? '', 'EUR'))
  return (
    <>
      <PageHeader
        title={t('admin.campaigns.make')}
        breadcrumbs={
          <AdminBreadcrumbs>
            <Link to="/admin/campaigns">{t('admin.nav.campaigns')}</Link>
            {t('admin.campaigns.make')}
          </AdminBreadcrumbs>
        }
      >
        {t('admin.campaigns.make_text')}
      </PageHeader>
      {account?.role === 'donor' ? (
        <NoPermission />
      ) : (
        <CampaignEditor
          initial={initial}
          known={null}
          submitLabel={t('admin.campaigns.make_submit')}
          save={async (_, mine) => {
            const made = await makeCampaign(requestOf(mine, locale))
            await take(client, made)
            toast(t('admin.campaigns.made'))
            await navigate({ to: '/admin/campaigns/$id', params: { id: made.data.id } })
            return null
          }}
        />
      )}
    </>
  )
}
