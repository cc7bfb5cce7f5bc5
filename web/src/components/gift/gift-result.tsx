// SPDX-License-Identifier: Apache-2.0
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect } from 'react'
import { pledgeQuery } from '@/api/queries'
import { useSession } from '@/api/session'
import { t } from '@/i18n'
import { useIsLive, useLivePledge } from '@/live/hooks'
import { PledgeOutcome } from '../pledge/outcome'
import { PledgeSums } from '../pledge/sums'
import { Button } from '../ui/button'
import { Notice } from '../ui/notice'

type GiftResultProps = {
  id: string
  token: string
  /** The same gift had reached the server before, by an earlier try or in another tab. */
  isReplay: boolean
  /** The pledge has come to its end. */
  onEnd: () => void
  onDone: () => void
  onAgain: () => void
  onRetry: () => void
}

/** Follows the pledge from "reserved" to its end. */
export function GiftResult({ id, token, isReplay, onEnd, onDone, onAgain, onRetry }: GiftResultProps) {
  useLivePledge(id, token)
  const { data: pledge } = useQuery(pledgeQuery(id, token, useIsLive()))
  const { account, isLoading } = useSession()
  const state = pledge?.state ?? 'pending'
  useEffect(() => {
    if (state !== 'pending') onEnd()
  }, [state, onEnd])
  return (
    <div className="grid grid-cols-1 gap-6">
      <PledgeOutcome state={state} reason={pledge?.state_reason ?? null} pledge={pledge} />
      {isReplay && <Notice>{t('result.replay')}</Notice>}
      {pledge !== undefined && state !== 'failed' && <PledgeSums pledge={pledge} />}
      <p>
        <Link
          to="/pledges/$id"
          params={{ id }}
          hash={token}
          className="font-semibold underline decoration-2 underline-offset-4"
        >
          {t('result.page')}
        </Link>{' '}
        <span className="text-muted block text-sm">{t('result.page_text')}</span>
      </p>
      {state === 'confirmed' && !isLoading && account === null && (
        <p className="text-muted text-sm">
          {t('result.account')}{' '}
          <Link to="/register" className="underline decoration-2 underline-offset-4">
            {t('result.register')}
          </Link>
        </p>
      )}
      <div className="flex flex-wrap gap-3">
        {state === 'failed' ? (
          <Button variant="give" onClick={onRetry}>
            {t('result.retry')}
          </Button>
        ) : (
          <Button onClick={onDone}>{t('result.done')}</Button>
        )}
        {state === 'confirmed' && (
          <Button variant="outline" onClick={onAgain}>
            {t('result.again')}
          </Button>
        )}
      </div>
    </div>
  )
}
