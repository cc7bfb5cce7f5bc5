// SPDX-License-Identifier: Apache-2.0
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { editCampaign, readManaged, take } from '@/api/admin-campaigns'
import { CampaignEditor } from '@/components/admin/campaign/editor'
import { patchOf, valuesOf } from '@/components/admin/campaign/form'
import { ImageCard } from '@/components/admin/campaign/image-card'
import { Preview } from '@/components/admin/campaign/preview'
import { useManaged } from '@/components/admin/campaign/use-managed'
import { Notice } from '@/components/ui/notice'
import { toast } from '@/components/ui/toast'
import { locale, t } from '@/i18n'

export function EditCampaignPage() {
  const managed = useManaged()
  const { id } = managed.data
  const client = useQueryClient()
  const [initial] = useState(() => valuesOf(managed.data, locale))
  if (managed.data.right === 'view') {
    return (
      <div className="grid max-w-2xl gap-6">
        <Notice>{t('admin.edit.view_only')}</Notice>
        <Preview values={valuesOf(managed.data, locale)} campaign={managed.data} totals={null} />
      </div>
    )
  }
  return (
    <CampaignEditor
      key={id}
      initial={initial}
      known={managed}
      submitLabel={t('admin.edit.save')}
      save={async (base, mine, etag) => {
        const patch = patchOf(base, mine, locale)
        if (Object.keys(patch).length === 0) {
          toast(t('admin.edit.unchanged'))
          return null
        }
        const saved = await editCampaign(id, etag, patch)
        await take(client, saved)
        toast(t('admin.edit.saved'))
        return saved
      }}
      readAgain={() => readManaged(client, id)}
    >
      <ImageCard managed={managed} />
    </CampaignEditor>
  )
}
