// SPDX-License-Identifier: Apache-2.0
// What to do about a campaign that takes no gifts now, or a reward that is sold out.
import type { ReactNode } from 'react'
import type { Campaign, Reward } from '@/api/types'
import { Button } from '@/components/ui/button'
import { Icon } from '@/components/ui/icon'
import { t } from '@/i18n'
import { saveReminder } from '@/lib/calendar'
import type { Openness } from '@/lib/campaign'
import { WaitLink } from './wait-link'

type NextStepProps = { campaign: Campaign; state: Openness; reward?: Reward }

export default function NextStep({ campaign, state, reward }: NextStepProps): ReactNode {
  if (reward !== undefined) {
    return state === 'open' || state === 'full' || state === 'paused' ? <WaitLink campaign={campaign} reward={reward} /> : null
  }
  if (state === 'not_started') {
    return (
      <div className="grid justify-items-start gap-2">
        <Button data-remind onClick={() => saveReminder(campaign)}>
          <Icon name="clock" />
          {t('waiting.remind')}
        </Button>
        <p className="text-muted text-sm">{t('waiting.remind_text')}</p>
      </div>
    )
  }
  if (state !== 'full' && state !== 'paused') return null
  return (
    <div className="grid justify-items-start gap-2">
      <WaitLink campaign={campaign} reward={null} />
      <p className="text-muted text-sm">{t(`waiting.why_${state}`)}</p>
    </div>
  )
}
