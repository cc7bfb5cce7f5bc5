// SPDX-License-Identifier: Apache-2.0
// A refusal of the API in words: what happened, what is possible now, and the
// reference that support asks for.
import { useEffect, useState } from 'react'
import { ApiError, NoAnswerError } from '@/api/http'
import { Button } from '@/components/ui/button'
import { Notice } from '@/components/ui/notice'
import { formatList, locale, t } from '@/i18n'
import { formatMoney, type Money } from '@/lib/money'
import { fieldText, problemText } from '@/lib/problem-text'
import { CopyId, words } from './bits'

type ProblemProps = {
  error: unknown
  /** Tries the same again; for what may be repeated without harm. */
  retry?: (() => void) | undefined
  /** Reads anew what somebody else has changed. */
  reload?: (() => void) | undefined
}

export function Problem({ error, retry, reload }: ProblemProps) {
  const said = explain(error)
  const isStale = error instanceof ApiError && [409, 412].includes(error.status)
  return (
    <Notice tone={said.tone} heading={said.heading} role="alert">
      <p>{said.text}</p>
      {said.items.length > 0 && (
        <ul className="ms-5 list-disc">
          {said.items.map((item) => (
            <li key={item}>{item}</li>
          ))}
        </ul>
      )}
      {error instanceof ApiError && error.requestId !== null && (
        <p className="mt-1 flex flex-wrap items-center gap-x-2 text-sm">
          {t('admin.problem.reference')}
          <CopyId value={error.requestId} label={t('admin.problem.copy_reference')} />
        </p>
      )}
      <div className="mt-2 flex flex-wrap gap-3 empty:hidden">
        {isStale && reload !== undefined && (
          <Button variant="outline" onClick={reload}>
            {t('admin.problem.reload')}
          </Button>
        )}
        {!isStale && retry !== undefined && <RetryButton error={error} retry={retry} />}
      </div>
    </Notice>
  )
}

/** Waits as long as the server asks for. */
function RetryButton({ error, retry }: { error: unknown; retry: () => void }) {
  const [left, setLeft] = useState(error instanceof ApiError ? (error.retryAfterS ?? 0) : 0)
  useEffect(() => {
    if (left <= 0) return
    const timer = setTimeout(() => setLeft(left - 1), 1_000)
    return () => clearTimeout(timer)
  }, [left])
  return (
    <Button variant="outline" aria-disabled={left > 0} onClick={() => left <= 0 && retry()}>
      {left > 0 ? t('admin.problem.retry_in', { seconds: left }) : t('action.retry')}
    </Button>
  )
}

type Said = { tone: 'warn' | 'bad'; heading: string; text: string; items: string[] }

function explain(error: unknown): Said {
  if (error instanceof NoAnswerError) {
    return {
      tone: 'warn',
      heading: t(`admin.problem.${error.kind}`),
      text: t(`admin.problem.${error.kind}_text`),
      items: [],
    }
  }
  if (!(error instanceof ApiError)) {
    return { tone: 'bad', heading: t('admin.problem.failed'), text: t('admin.problem.failed_text'), items: [] }
  }
  const { problem, status } = error
  const said = (heading: string, text: string, items: string[] = []): Said => ({ tone: 'bad', heading, text, items })
  if (error.code === 'illegal-transition') {
    const state = problem.state === undefined ? '' : words(`admin.state_word.${problem.state}`)
    const allowed = (problem.allowed ?? []).map((name) => words(`admin.transition.${name}`))
    if (state === '') return said(t('admin.problem.conflict'), conflictText(problem.detail) ?? t('admin.problem.conflict_text'))
    return said(
      t('admin.problem.conflict'),
      t('admin.problem.is_now', { state }),
      [allowed.length > 0 ? t('admin.problem.possible', { list: formatList(allowed) }) : t('admin.problem.nothing_possible')],
    )
  }
  if (error.code === 'amount-out-of-range') {
    const refundable = (problem as { refundable?: Money }).refundable
    return said(
      t('admin.problem.amount'),
      refundable === undefined
        ? problemText(error)
        : t('admin.problem.refundable', { amount: formatMoney(refundable, locale) }),
    )
  }
  if (status === 403) return said(t('admin.problem.forbidden'), t('admin.problem.forbidden_text'))
  if (status === 404) return said(t('admin.problem.gone'), t('admin.problem.gone_text'))
  if (status === 409) return said(t('admin.problem.conflict'), conflictText(problem.detail) ?? problemText(error))
  if (status === 412) return said(t('admin.problem.changed'), t('admin.problem.changed_text'))
  if (status === 422) {
    const items = (problem.errors ?? []).map((fault) => `${fault.pointer.slice(1)}: ${fieldText(fault)}`)
    return said(t('admin.problem.invalid'), items.length > 0 ? t('admin.problem.fields') : problemText(error), items)
  }
  if (status === 429) {
    return {
      ...said(t('admin.problem.busy'), t('admin.problem.busy_text', { seconds: error.retryAfterS ?? 1 })),
      tone: 'warn',
    }
  }
  if (status === 400) return said(t('admin.problem.invalid'), problemText(error))
  return said(t('admin.problem.failed'), t('admin.problem.failed_text'))
}

const ERASING: [RegExp, (count: number) => string][] = [
  [/cannot erase the donor: (\d+) of their pledges have money under way/i, (count) => t('admin.erase.refused_money', { count })],
  [/cannot erase the account: it is an account of an/i, () => t('admin.erase.refused_role')],
  [/cannot erase the account: it owns campaigns/i, () => t('admin.erase.refused_owner')],
  [/cannot erase the account: it is in the team of a campaign/i, () => t('admin.erase.refused_team')],
]

/** Why; in the API's own words where there are no others: who administers has to know it. */
function conflictText(detail: string | undefined): string | undefined {
  for (const [pattern, text] of ERASING) {
    const match = pattern.exec(detail ?? '')
    if (match !== null) return text(Number(match[1]))
  }
  return detail
}

/** The error that belongs to one field of a form, for the place beside it. */
export function fieldProblem(error: unknown, pointer: string): string | undefined {
  if (!(error instanceof ApiError) || error.status !== 422) return undefined
  const fault = error.problem.errors?.find((one) => one.pointer === pointer)
  return fault === undefined ? undefined : fieldText(fault)
}
