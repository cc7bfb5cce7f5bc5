// SPDX-License-Identifier: Apache-2.0
// What donors of one campaign ask back.
import { useManaged } from '@/components/admin/campaign/use-managed'
import { RequestList } from '@/components/admin/requests/request-list'
import { t } from '@/i18n'

export function CampaignRequestsPage() {
  const { data: campaign } = useManaged()
  return (
    <section aria-labelledby="requests-heading" className="grid min-w-0 grid-cols-1 gap-5">
      <h2 id="requests-heading" className="text-heading">
        {t('admin.requests.title')}
      </h2>
      <RequestList campaign={campaign.id} />
    </section>
  )
}
