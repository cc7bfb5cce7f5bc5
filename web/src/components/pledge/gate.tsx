// SPDX-License-Identifier: Apache-2.0
// Reads a pledge by its private link, or by the account that made it, and keeps it at its
// newest state; says so where neither opens one.
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { ApiError } from '@/api/client'
import { isLinkExpired, pledgeQuery } from '@/api/queries'
import { useSession } from '@/api/session'
import type { Account, Pledge } from '@/api/types'
import { t } from '@/i18n'
import { useHash, useIsOnline } from '@/lib/hooks'
import { useIsLive, useLivePledge } from '@/live/hooks'
import { LoadErrorPage } from '@/pages/error'
import { Extra } from '../load-extra'
import { Notice } from '../ui/notice'
import { Skeleton } from '../ui/skeleton'

type PledgeGateProps = { id: string; children: (pledge: Pledge, token: string, account: Account | null) => ReactNode }

export function PledgeGate({ id, children }: PledgeGateProps) {
  const token = useHash()
  const hasToken = token !== ''
  const { account, isLoading } = useSession()
  const mayAsk = hasToken || account !== null
  const isOnline = useIsOnline()
  // The live feed opens a pledge by its token only.
  const isLive = useIsLive() && hasToken
  useLivePledge(hasToken ? id : null, token)
  const query = useQuery({ ...pledgeQuery(id, token, isLive), enabled: mayAsk })
  if (query.data !== undefined) {
    return (
      <>
        {query.isError && isOnline && (
          <Notice tone="warn" role="status" className="no-print">
            {t('pledge.stale')}
          </Notice>
        )}
        {children(query.data, token, account)}
      </>
    )
  }
  if ((!mayAsk && !isLoading) || isUnknown(query.error)) {
    return (
      <>
        <h1 className="text-title">{t('pledge.unknown')}</h1>
        <Notice tone="warn">{t('pledge.unknown_text')}</Notice>
      </>
    )
  }
  if (query.isError) {
    const { error } = query
    const otherwise = <LoadErrorPage error={error} retry={() => void query.refetch()} />
    return isLinkExpired(error) ? <Extra part="LinkExpired" id={id} token={token} error={error} otherwise={otherwise} /> : otherwise
  }
  return (
    <>
      <p role="status" className="sr-only">
        {t('action.loading')}
      </p>
      <Skeleton className="h-96" />
    </>
  )
}

function isUnknown(error: Error | null): boolean {
  return error instanceof ApiError && [400, 401, 404].includes(error.status)
}
