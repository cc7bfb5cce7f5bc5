// SPDX-License-Identifier: Apache-2.0
import { Link } from '@tanstack/react-router'
import { useEffect, useRef, type ReactNode } from 'react'
import { locale, t, type MessageKey } from '@/i18n'
import type { Charge } from '@/lib/fee'
import { formatMoney } from '@/lib/money'
import { Extra } from '../load-extra'
import { Button } from '../ui/button'
import { Icon } from '../ui/icon'
import { Notice } from '../ui/notice'
import { chosenReward } from './gift-rules'
import { givePath, type GiftFlow } from './use-gift-flow'

export function StepReview({ flow }: { flow: GiftFlow }) {
  const { campaign, charge } = flow
  const { values } = flow.form
  const reward = chosenReward(campaign, values.rewardId)
  return (
    <div className="grid grid-cols-1 gap-6">
      <RefusalNotice flow={flow} />
      <dl className="grid">
        <AmountRows flow={flow} charge={charge} />
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
          <span dir="auto">{values.name}</span>
          <br />
          <span dir="ltr">{values.email}</span>
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
        {values.news && campaign.news_offered && <Extra part="NewsRow" flow={flow} />}
      </dl>
      <p className="text-muted flex items-start gap-2 text-sm">
        <Icon name="lock" className="mt-0.5 size-4" />
        {t('review.exact', { amount: charge === null ? '' : formatMoney(charge.total, locale) })}
      </p>
      <ReviewButtons flow={flow} />
    </div>
  )
}

/** What is charged: one figure, or the gift, the fee on top and their sum. */
function AmountRows({ flow, charge }: { flow: GiftFlow; charge: Charge | null }) {
  if (charge === null) return null
  const total = <span className="figures text-2xl font-bold">{formatMoney(charge.total, locale)}</span>
  if (charge.fee.amount === 0) {
    return (
      <Row flow={flow} label="review.amount" step={1}>
        {total}
      </Row>
    )
  }
  return (
    <>
      <Row flow={flow} label="review.gift" step={1}>
        <span className="figures font-semibold">{formatMoney(charge.gift, locale)}</span>
      </Row>
      <Row flow={flow} label="review.fee">
        <span className="figures font-semibold">{formatMoney(charge.fee, locale)}</span>
      </Row>
      <Row flow={flow} label="review.total">
        {total}
      </Row>
    </>
  )
}

function ReviewButtons({ flow }: { flow: GiftFlow }) {
  const { charge, isSending, refusal } = flow
  const amount = charge === null ? '' : formatMoney(charge.total, locale)
  // Without the fee nobody knows what is charged; a request that was sent already knows it.
  const isReady = !flow.form.values.feeCover || flow.fee !== undefined || flow.isLocked
  const isFinal = refusal?.isFinal === true
  return (
    <>
      {!isReady && (
        <p role="status" className="text-muted">
          {t('fee.loading')}
        </p>
      )}
      <div className="flex flex-wrap-reverse items-center justify-between gap-3">
        {flow.isLocked ? (
          <span />
        ) : (
          <Button variant="quiet" onClick={() => flow.goTo(2)}>
            <Icon name="back" />
            {t('gift.back')}
          </Button>
        )}
        {isFinal ? (
          <Button asChild>
            <Link to="/" hash="campaigns">
              {t('campaign.others')}
            </Link>
          </Button>
        ) : (
          <Button
            variant="give"
            size="lg"
            className="figures max-xs:w-full"
            aria-disabled={isSending || !isReady}
            onClick={() => isReady && void flow.confirm()}
          >
            {confirmText(flow, amount)}
          </Button>
        )}
      </div>
      <p role="status" className="sr-only">
        {isSending && t('review.sending', { amount })}
      </p>
    </>
  )
}

function confirmText({ isSending, refusal }: GiftFlow, amount: string): string {
  if (isSending) return t('review.sending', { amount })
  if (refusal?.isUnknown === true) return t('review.repeat')
  if (refusal?.canRetry === true) return t('review.retry', { amount })
  return t('review.confirm', { amount })
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
            {refusal.needsLogin && (
              <Button asChild variant="outline">
                <Link to="/login" search={{ return: givePath(flow) }}>
                  {t('nav.login')}
                </Link>
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

export function Row({ flow, label, step, children }: RowProps) {
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
