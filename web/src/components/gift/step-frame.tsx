// SPDX-License-Identifier: Apache-2.0
// What the steps share: the error summary, the refusal of the last try, the
// row of buttons.
import { Suspense, useEffect, useRef, type ReactNode } from 'react'
import { t } from '@/i18n'
import type { Reward } from '@/api/types'
import type { GiftValues } from '@/lib/gift-draft'
import { Button } from '../ui/button'
import { Icon } from '../ui/icon'
import { Notice } from '../ui/notice'
import { isSoldOut } from '@/lib/campaign'
import { NextStep } from '@/pages/load-waiting'
import { chosenReward, fieldsOfStep } from './gift-rules'
import type { GiftFlow } from './use-gift-flow'

const FOCUS_TARGET: Partial<Record<keyof GiftValues, string>> = {
  rewardId: 'gift-rewards',
  display: 'gift-displays',
}

export function fieldId(field: keyof GiftValues): string {
  return FOCUS_TARGET[field] ?? `gift-${field}`
}

export function StepFrame({ flow, step, children }: { flow: GiftFlow; step: 1 | 2; children: ReactNode }) {
  const lost = lostReward(flow)
  const submit = (event: React.SyntheticEvent) => {
    event.preventDefault()
    flow.next()
  }
  return (
    <form noValidate onSubmit={submit} className="grid grid-cols-1 gap-6">
      {flow.refusal !== null && (
        <Notice tone={flow.refusal.tone} heading={flow.refusal.heading} actions={lost && <WaitForIt flow={flow} reward={lost} />}>
          {flow.refusal.text}
        </Notice>
      )}
      <PlaceLost flow={flow} />
      <ErrorSummary flow={flow} step={step} />
      {children}
      <div className="flex flex-wrap-reverse items-center justify-between gap-3">
        {step === 2 ? (
          <Button variant="quiet" onClick={() => flow.goTo(1)}>
            <Icon name="back" />
            {t('gift.back')}
          </Button>
        ) : (
          <span />
        )}
        <Button type="submit" size="lg" className="max-xs:w-full">
          {t('gift.next')}
          <Icon name="arrow" />
        </Button>
      </div>
    </form>
  )
}

/** The chosen reward was taken by others while the donor was typing. */
function PlaceLost({ flow }: { flow: GiftFlow }) {
  const reward = flow.refusal === null ? lostReward(flow) : undefined
  return (
    <div role="status" className={reward ? '' : 'sr-only'}>
      {reward && (
        <Notice
          tone="warn"
          heading={t('refusal.places')}
          actions={
            <>
              {flow.step !== 1 && (
                <Button variant="outline" onClick={() => flow.goTo(1)}>
                  {t('review.change')}
                </Button>
              )}
              <WaitForIt flow={flow} reward={reward} />
            </>
          }
        >
          {t('refusal.places_text')}
        </Notice>
      )}
    </div>
  )
}

/** The chosen reward if it has no place left. */
function lostReward(flow: GiftFlow): Reward | undefined {
  const reward = chosenReward(flow.campaign, flow.form.values.rewardId)
  return reward !== null && isSoldOut(reward) ? reward : undefined
}

function WaitForIt({ flow, reward }: { flow: GiftFlow; reward: Reward }) {
  return (
    <Suspense>
      <NextStep campaign={flow.campaign} state="open" reward={reward} />
    </Suspense>
  )
}

/** Names all faults of the step and takes the focus once a try to go on failed. */
function ErrorSummary({ flow, step }: { flow: GiftFlow; step: 1 | 2 }) {
  const { errors, tries } = flow.form
  const ref = useRef<HTMLDivElement>(null)
  const faults = fieldsOfStep(step).flatMap((field) => {
    const message = errors[field]
    return message === undefined ? [] : [{ field, message }]
  })
  const isFaulty = faults.length > 0
  useEffect(() => {
    if (isFaulty) ref.current?.focus()
  }, [isFaulty, tries])
  if (!isFaulty) return null
  return (
    <div ref={ref} tabIndex={-1}>
      <Notice tone="bad" heading={t('gift.error.summary', { count: faults.length })}>
        <ul className="list-disc ps-5">
          {faults.map(({ field, message }) => (
            <li key={field}>
              <a href={`#${fieldId(field)}`} className="underline" onClick={(event) => focusField(event, field)}>
                {message}
              </a>
            </li>
          ))}
        </ul>
      </Notice>
    </div>
  )
}

function focusField(event: React.MouseEvent, field: keyof GiftValues): void {
  event.preventDefault()
  document.getElementById(fieldId(field))?.focus()
}
