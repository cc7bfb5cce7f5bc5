// SPDX-License-Identifier: Apache-2.0
import { Suspense } from 'react'
import type { Campaign, Reward } from '@/api/types'
import { formatDateTime, locale, t } from '@/i18n'
import { isSoldOut, type Openness } from '@/lib/campaign'
import { formatMoney } from '@/lib/money'
import { NextStep } from '@/pages/load-waiting'
import { Button } from '../ui/button'

type RewardsProps = { campaign: Campaign; state: Openness; onChoose: (rewardId: string) => void }

export function Rewards({ campaign, state, onChoose }: RewardsProps) {
  return (
    <ul className="grid gap-4 sm:grid-cols-2">
      {campaign.rewards.map((reward) => (
        <li
          key={reward.id}
          className="border-line bg-paper rounded-patch flex flex-col gap-2 border-2 p-5"
          data-reward={reward.id}
        >
          <p className="figures text-muted">
            {t('reward.from', { amount: formatMoney(reward.min_amount, locale, 'round') })}
          </p>
          <h3 className="text-xl leading-tight" dir="auto">
            {reward.title}
          </h3>
          {reward.description !== '' && (
            <p className="text-muted" dir="auto">
              {reward.description}
            </p>
          )}
          <p className="figures mt-auto pt-2 text-sm font-bold" aria-live="polite" data-places={reward.remaining ?? ''}>
            {state === 'not_started' ? t('reward.opens', { date: formatDateTime(campaign.starts_at) }) : placesText(reward)}
          </p>
          {state === 'open' && !isSoldOut(reward) && (
            <Button
              variant="outline"
              onClick={() => onChoose(reward.id)}
              aria-label={t('reward.choose_named', { title: reward.title })}
            >
              {t('reward.choose')}
            </Button>
          )}
          {isSoldOut(reward) && (
            <Suspense>
              <NextStep campaign={campaign} state={state} reward={reward} />
            </Suspense>
          )}
        </li>
      ))}
    </ul>
  )
}

export function placesText(reward: Reward): string {
  if (reward.remaining === null) return t('reward.unlimited')
  if (isSoldOut(reward)) return t('reward.sold_out')
  if (reward.quantity === null) return t('reward.remaining', { remaining: reward.remaining })
  return t('reward.remaining_of', { remaining: reward.remaining, quantity: reward.quantity })
}
