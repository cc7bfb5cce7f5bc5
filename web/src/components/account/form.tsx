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
  children: ReactNode
}

export function AccountForm({ label, onSubmit, isBusy, failure, explain, submitLabel, children }: AccountFormProps) {
  const waitS = useWait(failure)
  const submit: SubmitEventHandler = (event) => {
    event.preventDefault()
    if (!isBusy && waitS === 0) void onSubmit()
  }
  const special = failure instanceof ApiError ? (explain?.(failure) ?? null) : null
  return (
    <form noValidate aria-label={label} onSubmit={submit} className="grid gap-5">
      {children}
      <div role="alert">
        {failure !== null && (
          <Notice tone={isPassing(failure) ? 'warn' : 'bad'}>{special ?? <ErrorText error={failure} />}</Notice>
        )}
      </div>
      <Button type="submit" variant="give" size="lg" aria-disabled={isBusy || waitS > 0} className="justify-self-start">
        {isBusy ? t('action.working') : waitS > 0 ? t('account.wait', { seconds: waitS }) : submitLabel}
      </Button>
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
