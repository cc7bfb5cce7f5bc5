// SPDX-License-Identifier: Apache-2.0
import { campaignStatsQuery } from '@/api/admin-campaigns'
import { useManaged } from '@/components/admin/campaign/use-managed'
import { campaignPledgesLink, Figures } from '@/components/admin/figures/figures'

export function CampaignFiguresPage() {
  const { data: campaign } = useManaged()
  return (
    <Figures
      queryOf={(query) => campaignStatsQuery(campaign.id, query) as never}
      listOf={(filter) => campaignPledgesLink(campaign.id, filter)}
    />
  )
}
