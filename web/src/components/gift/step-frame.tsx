// SPDX-License-Identifier: Apache-2.0
// What the steps share: the error summary, the refusal of the last try, the
// row of buttons.
import { useEffect, useRef, type ReactNode } from 'react'
import { t } from '@/i18n'
import type { GiftValues } from '@/lib/gift-draft'
import { Button } from '../ui/button'
import { Icon } from '../ui/icon'
import { Notice } from '../ui/notice'
import { fieldsOfStep } from './gift-schema'
import type { GiftFlow } from './use-gift-flow'

const FOCUS_TARGET: Partial<Record<keyof GiftValues, string>> = {
  rewardId: 'gift-rewards',
  display: 'gift-displays',
}

export function fieldId(field: keyof GiftValues): string {
  return FOCUS_TARGET[field] ?? `gift-${field}`
}

export function StepFrame({ flow, step, children }: { flow: GiftFlow; step: 1 | 2; children: ReactNode }) {
  const submit = (event: React.SyntheticEvent) => {
    event.preventDefault()
    void flow.next()
  }
  return (
    <form noValidate onSubmit={submit} className="grid grid-cols-1 gap-6">
      {flow.refusal !== null && (
        <Notice tone={flow.refusal.tone} heading={flow.refusal.heading}>
          {flow.refusal.text}
        </Notice>
      )}
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

/** Names all faults of the step and takes the focus once a try to go on failed. */
function ErrorSummary({ flow, step }: { flow: GiftFlow; step: 1 | 2 }) {
  const { errors, submitCount } = flow.form.formState
  const ref = useRef<HTMLDivElement>(null)
  const faults = fieldsOfStep(step).flatMap((field) => {
    const message = errors[field]?.message
    return message === undefined ? [] : [{ field, message }]
  })
  const isFaulty = faults.length > 0
  useEffect(() => {
    if (isFaulty) ref.current?.focus()
  }, [isFaulty, submitCount])
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
