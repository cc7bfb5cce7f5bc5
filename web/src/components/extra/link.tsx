// SPDX-License-Identifier: Apache-2.0
// The private link of a gift: until when it opens, and what to do when it does no more.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { fetchPledge, type ApiError } from '@/api/client'
import { keys } from '@/api/queries'
import { useSession } from '@/api/session'
import type { Pledge } from '@/api/types'
import { CopyLink } from '@/components/copy-link'
import { Button } from '@/components/ui/button'
import { Notice } from '@/components/ui/notice'
import { formatDateTime, t } from '@/i18n'

export function LinkUntil({ pledge }: { pledge: Pledge }) {
  if (pledge.link_expires_at === null) return null
  return (
    <p className="no-print text-muted text-sm" data-link="open">
      {t('link.until', { date: formatDateTime(pledge.link_expires_at) })}
    </p>
  )
}

export function LinkExpired({ id, token, error }: { id: string; token: string; error: ApiError }) {
  const client = useQueryClient()
  const { account } = useSession()
  const { expired_at, has_account } = error.problem as { expired_at?: string; has_account?: boolean }
  // Beside the query of the page, which would take this page away while it asks.
  const again = useMutation({
    mutationFn: () => fetchPledge(id, token, new AbortController().signal),
    onSuccess: (read) => client.setQueryData(keys.pledge(id), read),
  })
  return (
    <div className="grid gap-6" data-link="expired">
      <h1 className="text-title">{t('link.expired')}</h1>
      <Notice tone="warn">
        {expired_at && <p className="font-bold">{t('link.expired_at', { date: formatDateTime(expired_at) })}</p>}
        {t('link.expired_text')}
      </Notice>
      <section aria-labelledby="link-heading" className="grid gap-4">
        <h2 id="link-heading" className="text-heading">
          {t('link.what_now')}
        </h2>
        {has_account && (
          <div className="grid justify-items-start gap-3">
            <p>{t(account === null ? 'link.log_in_text' : 'link.other_account')}</p>
            {account === null && (
              <Button asChild>
                <Link to="/login" search={{ return: `/pledges/${id}` }}>
                  {t('link.log_in')}
                </Link>
              </Button>
            )}
          </div>
        )}
        <p>{t('link.ask')}</p>
        <p className="border-line rounded-patch grid justify-items-start gap-1 border-2 border-dashed px-4 py-3">
          <span className="text-muted text-sm">{t('pledge.reference')}</span>
          <bdi className="figures wrap-anywhere">{id}</bdi>
        </p>
        <div className="flex flex-wrap items-center gap-3">
          <CopyLink url={id} label={t('link.copy')} />
          <Button variant="outline" aria-disabled={again.isPending} onClick={() => !again.isPending && again.mutate()}>
            {t(again.isPending ? 'action.loading' : 'link.again')}
          </Button>
        </div>
        <p role="status" className="text-muted empty:hidden">
          {again.isError && t('link.still')}
        </p>
      </section>
    </div>
  )
}
