// SPDX-License-Identifier: Apache-2.0
// The receipt as PDF, in the language and by the clock of whoever asks. What is printed of
// the page says that it is none.
import type { Receipt } from '@/api/receipts'
import { useReceipts } from '@/api/receipts'
import type { Pledge } from '@/api/types'
import { formatDateTime, formatNumber, LANGUAGES, language, t, type Language } from '@/i18n'
import { useIsOnline } from '@/lib/hooks'
import { Button } from '../ui/button'
import { errorText } from '../ui/states'

export function ReceiptIssue({ pledge, token }: { pledge: Pledge; token: string }) {
  const { issues, issue } = useReceipts(pledge.id, token)
  const isOnline = useIsOnline()
  const isBusy = issue.isPending || !isOnline
  const ask = () =>
    issue.mutate({ ...spoken(), time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone })
  return (
    <section aria-label={t('issue.label')} className="grid gap-4">
      <div className="text-muted grid gap-1">
        <p>{t('issue.text')}</p>
        {issues.data !== undefined && issues.data.length > 0 && (
          <p data-issues={issues.data.length}>{historyText(issues.data, pledge.refunded.amount)}</p>
        )}
      </div>
      <div className="no-print grid justify-items-start gap-2">
        <Button aria-disabled={isBusy} onClick={() => !isBusy && ask()}>
          {t(issue.isPending ? 'action.sending' : 'issue.pdf')}
        </Button>
        <p role="status">{issue.isSuccess && t('issue.done')}</p>
        {issue.isError && (
          <p role="alert" className="text-bad font-semibold">
            {errorText(issue.error)}
          </p>
        )}
      </div>
    </section>
  )
}

function spoken(): { language?: Language } {
  return language in LANGUAGES ? { language: language as Language } : {}
}

function historyText(issues: Receipt[], refunded: number): string {
  const first = issues[0]
  const last = issues.at(-1)
  if (first === undefined || last === undefined) return ''
  const values = { first: formatDateTime(first.issued_at), last: formatDateTime(last.issued_at), number: formatNumber(issues.length) }
  const history = issues.length === 1 ? t('issue.once', { first: values.first }) : t('issue.often', values)
  return `${history} ${t(last.refunded.amount === refunded ? 'issue.next_copy' : 'issue.next_replaces')}`
}
