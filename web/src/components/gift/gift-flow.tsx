// SPDX-License-Identifier: Apache-2.0
// The donation, the same in the dialog and on its own page.
import { useEffect, useRef, type ReactNode } from 'react'
import { t } from '@/i18n'
import { GiftResult } from './gift-result'
import { StepAmount } from './step-amount'
import { StepDetails } from './step-details'
import { StepReview } from './step-review'
import type { GiftFlow as Flow } from './use-gift-flow'

/** The name of the view in hand; `as` is the element of the heading. */
export function GiftHeading({ flow, as: Heading }: { flow: Flow; as: (props: HeadingProps) => ReactNode }) {
  const ref = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    if (flow.viewChanges === 0) return
    ref.current?.closest('[data-scroll]')?.scrollTo(0, 0)
    ref.current?.focus()
  }, [flow.viewChanges])
  return (
    <>
      <p className="text-muted flex gap-x-1.5 text-sm">
        {flow.result === null && <span className="shrink-0">{t('gift.step', { step: flow.step })} ·</span>}
        <span className="truncate" dir="auto">
          {flow.campaign.title}
        </span>
      </p>
      {flow.result === null && <StepMarks step={flow.step} />}
      <Heading ref={ref} tabIndex={-1} className="text-heading font-display font-bold tracking-tight">
        {flow.result === null ? t(`gift.step_${flow.step}`) : t('gift.result')}
      </Heading>
    </>
  )
}

/** The three steps as marks; the text above says the same. */
function StepMarks({ step }: { step: number }) {
  return (
    <span aria-hidden="true" className="mt-1.5 mb-2.5 flex gap-1.5">
      {[1, 2, 3].map((mark) => (
        <span key={mark} className={`h-1.5 w-10 rounded-full ${mark <= step ? 'bg-poppy' : 'bg-line'}`} />
      ))}
    </span>
  )
}

export type HeadingProps = {
  ref: React.Ref<HTMLHeadingElement>
  tabIndex: number
  className: string
  children: ReactNode
}

export function GiftFlow({ flow, onDone }: { flow: Flow; onDone: () => void }) {
  if (flow.result !== null) {
    return <GiftResult {...flow.result} onEnd={flow.end} onDone={onDone} onAgain={flow.startOver} onRetry={flow.tryAnew} />
  }
  if (flow.step === 1) return <StepAmount flow={flow} />
  if (flow.step === 2) return <StepDetails flow={flow} />
  return <StepReview flow={flow} />
}
