// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef, type ReactNode } from 'react'
import { locale, t, type MessageKey } from '@/i18n'
import { formatMoney } from '@/lib/money'
import { Button } from '../ui/button'
import { Icon } from '../ui/icon'
import { Notice } from '../ui/notice'
import { amountOf, chosenReward } from './gift-schema'
import type { GiftFlow } from './use-gift-flow'

export function StepReview({ flow }: { flow: GiftFlow }) {
  const { campaign, values, isSending, refusal } = flow
  const amount = amountOf(campaign, values.amount)
  const reward = chosenReward(campaign, values.rewardId)
  const amountText = amount === null ? '' : formatMoney(amount, locale)
  return (
    <div className="grid grid-cols-1 gap-6">
      <RefusalNotice flow={flow} />
      <dl className="grid">
        <Row flow={flow} label="review.amount" step={1}>
          <span className="figures text-2xl font-bold">{amountText}</span>
        </Row>
        <Row flow={flow} label="review.campaign">
          {campaign.title}
        </Row>
        {campaign.rewards.length > 0 && (
          <Row flow={flow} label="review.reward" step={1}>
            {reward === null
              ? t('gift.no_reward')
              : t('review.reward_value', { title: reward.title, quantity: values.quantity })}
          </Row>
        )}
        <Row flow={flow} label="review.donor" step={2}>
          {values.name}
          <br />
          {values.email}
        </Row>
        <Row flow={flow} label="review.display" step={2}>
          {t(`display.${values.display}`)}
        </Row>
        {values.message.trim() !== '' && (
          <Row flow={flow} label="review.message" step={2}>
            <span className="whitespace-pre-line" dir="auto">
              {values.message.trim()}
            </span>
          </Row>
        )}
      </dl>
      <p className="text-muted flex items-start gap-2 text-sm">
        <Icon name="lock" className="mt-0.5 size-4" />
        {t('review.promise')}
      </p>
      <div className="flex flex-wrap-reverse items-center justify-between gap-3">
        {flow.isLocked ? (
          <span />
        ) : (
          <Button variant="quiet" onClick={() => flow.goTo(2)}>
            <Icon name="back" />
            {t('gift.back')}
          </Button>
        )}
        <Button
          variant="give"
          size="lg"
          className="figures max-xs:w-full"
          aria-disabled={isSending}
          onClick={() => void flow.confirm()}
        >
          {t(isSending ? 'review.sending' : refusal?.isUnknown === true ? 'review.repeat' : 'review.confirm', {
            amount: amountText,
          })}
        </Button>
      </div>
      <p role="status" className="sr-only">
        {isSending && t('review.sending', { amount: amountText })}
      </p>
    </div>
  )
}

function RefusalNotice({ flow }: { flow: GiftFlow }) {
  const { refusal, isSending } = flow
  const ref = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (refusal !== null) ref.current?.focus()
  }, [refusal])
  if (refusal === null || isSending) return null
  const step = refusal.step
  return (
    <div ref={ref} tabIndex={-1}>
      <Notice
        tone={refusal.tone}
        role="alert"
        heading={refusal.heading}
        actions={
          <>
            {step !== null && (
              <Button variant="outline" onClick={() => flow.goTo(step)}>
                {t('review.change')}
              </Button>
            )}
            {refusal.isUnknown && (
              <Button variant="link" onClick={flow.startOver}>
                {t('review.start_over')}
              </Button>
            )}
          </>
        }
      >
        {refusal.text}
        {refusal.requestId !== null && (
          <span className="text-muted block text-sm">{t('error.request_id', { id: refusal.requestId })}</span>
        )}
      </Notice>
    </div>
  )
}

type RowProps = { flow: GiftFlow; label: MessageKey; step?: 1 | 2; children: ReactNode }

function Row({ flow, label, step, children }: RowProps) {
  return (
    <div className="border-line border-b border-dashed py-3 first:pt-0">
      <dt className="text-muted text-sm">{t(label)}</dt>
      <dd className="flex items-start justify-between gap-4">
        <div className="min-w-0 wrap-anywhere">{children}</div>
        {step !== undefined && !flow.isLocked && (
          <Button
            variant="link"
            className="shrink-0 text-sm"
            aria-label={t('review.edit_named', { what: t(label) })}
            onClick={() => flow.goTo(step)}
          >
            {t('review.edit')}
          </Button>
        )}
      </dd>
    </div>
  )
}
