// SPDX-License-Identifier: Apache-2.0
// The way into a waiting list, or to the place one has in it already.
import { Link } from '@tanstack/react-router'
import { keptEntry } from '@/api/waiting'
import type { Campaign, Reward } from '@/api/types'
import { Button } from '@/components/ui/button'
import { t } from '@/i18n'

type WaitLinkProps = { campaign: Campaign; reward: Reward | null }

export function WaitLink({ campaign, reward }: WaitLinkProps) {
  const kept = keptEntry(campaign.id, reward?.id ?? null)
  const named = reward === null ? {} : { 'aria-label': t(kept === null ? 'waiting.join_named' : 'waiting.mine_named', { title: reward.title }) }
  return (
    <Button asChild variant="outline">
      {kept === null ? (
        <Link to="/campaigns/$slug/wait" params={{ slug: campaign.slug }} search={reward === null ? {} : { reward: reward.id }} {...named}>
          {t('waiting.join')}
        </Link>
      ) : (
        <Link to="/waiting/$id" params={{ id: kept.id }} hash={kept.token} {...named}>
          {t('waiting.mine')}
        </Link>
      )}
    </Button>
  )
}
