// SPDX-License-Identifier: Apache-2.0
// What the forms of accounts have in common: a failure is told beside the button, a wait
// that the API asks for is kept, and nothing that was entered is lost.
import type { ReactNode, SubmitEventHandler } from 'react'
import { ApiError, NoAnswerError } from '@/api/http'
import { t } from '@/i18n'
import { useNow } from '@/lib/hooks'
import { Button } from '../ui/button'
import { Notice } from '../ui/notice'
import { ErrorText } from '../ui/states'

type AccountFormProps = {
  label: string
  onSubmit: () => Promise<unknown>
  isBusy: boolean
  failure: unknown
  /** Says what this form knows better of a failure, or null. */
  explain?: (error: ApiError) => ReactNode
  submitLabel: string
  /** Of a page that is this form; others are quieter. */
  isMain?: boolean
  children: ReactNode
}

export function AccountForm(props: AccountFormProps) {
  const { label, onSubmit, isBusy, failure, explain, submitLabel, isMain = false, children } = props
  const waitS = useWait(failure)
  const submit: SubmitEventHandler = (event) => {
    event.preventDefault()
    if (!isBusy && waitS === 0) void onSubmit()
  }
  const special = failure instanceof ApiError ? (explain?.(failure) ?? null) : null
  return (
    <form noValidate aria-label={label} onSubmit={submit} className="grid gap-5">
      {children}
      <div>
        <div role="alert" className="not-empty:mb-5">
          {failure !== null && (
            <Notice tone={isPassing(failure) ? 'warn' : 'bad'}>{special ?? <ErrorText error={failure} />}</Notice>
          )}
        </div>
        <Button
          type="submit"
          variant={isMain ? 'give' : 'solid'}
          size={isMain ? 'lg' : 'md'}
          aria-disabled={isBusy || waitS > 0}
        >
          {isBusy ? t('action.working') : waitS > 0 ? t('account.wait', { seconds: waitS }) : submitLabel}
        </Button>
      </div>
    </form>
  )
}

/** Seconds that are left of the wait that the API has asked for. */
function useWait(failure: unknown): number {
  const asked = failure instanceof ApiError && failure.status === 429 ? (failure.retryAfterS ?? 0) : 0
  const now = useNow(asked > 0 ? 250 : 60_000)
  if (!(failure instanceof ApiError) || asked === 0) return 0
  return Math.min(asked, Math.max(0, Math.ceil((failure.at - now) / 1000 + asked)))
}

function isPassing(failure: unknown): boolean {
  return failure instanceof NoAnswerError || (failure instanceof ApiError && (failure.status === 429 || failure.status >= 500))
}
