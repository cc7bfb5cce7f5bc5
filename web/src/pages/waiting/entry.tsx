// SPDX-License-Identifier: Apache-2.0
// The private page of a place in a waiting list. The token stands behind "#", which browsers
// never send to a server.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { ApiError } from '@/api/http'
import { useSession } from '@/api/session'
import { entryQuery, forgetEntry, leaveWaiting, type WaitingEntry } from '@/api/waiting'
import { CopyLink } from '@/components/copy-link'
import { Button } from '@/components/ui/button'
import { Notice } from '@/components/ui/notice'
import { Skeleton } from '@/components/ui/skeleton'
import { formatDateTime, t } from '@/i18n'
import { useHash, useIsOnline } from '@/lib/hooks'
import { LoadErrorPage } from '../error'

export function EntryPage() {
  const { id = '' } = useParams({ strict: false })
  const token = useHash()
  const isOnline = useIsOnline()
  const { account, isLoading } = useSession()
  const mayAsk = token !== '' || account !== null
  const [left, setLeft] = useState<WaitingEntry | null>(null)
  const query = useQuery({ ...entryQuery(id, token), enabled: mayAsk && left === null })
  return (
    <div className="mx-auto grid max-w-xl grid-cols-1 gap-6 px-4 pt-10 sm:px-6">
      <title>{`${t('waiting.title')} · ${t('site.name')}`}</title>
      {left !== null ? (
        <Left entry={left} />
      ) : isUnknown(query.error) || (!mayAsk && !isLoading) ? (
        <>
          <h1 className="text-title">{t('waiting.gone')}</h1>
          <Notice tone="warn">{t('waiting.gone_text')}</Notice>
        </>
      ) : query.data !== undefined ? (
        <>
          {query.isError && isOnline && (
            <Notice tone="warn" role="status">
              {t('waiting.stale')}
            </Notice>
          )}
          <Entry entry={query.data} token={token} onLeft={() => setLeft(query.data)} />
        </>
      ) : query.isError ? (
        <LoadErrorPage error={query.error} retry={() => void query.refetch()} />
      ) : (
        <>
          <p role="status" className="sr-only">
            {t('action.loading')}
          </p>
          <Skeleton className="h-72" />
        </>
      )}
    </div>
  )
}

function Entry({ entry, token, onLeft }: { entry: WaitingEntry; token: string; onLeft: () => void }) {
  const { campaign, reward, position } = entry
  return (
    <>
      <div className="grid gap-2">
        <h1 className="text-title">{t(entry.state === 'invited' ? 'waiting.invited' : 'waiting.on_list')}</h1>
        <p className="text-muted wrap-anywhere" dir="auto">
          {reward === null ? campaign.title : `${reward.title} · ${campaign.title}`}
        </p>
      </div>
      <section
        aria-label={t('waiting.place')}
        className="bg-paper border-ink rounded-patch grid gap-4 border-2 p-5 sm:p-7"
        data-waiting={entry.state}
      >
        {position !== null && (
          <p className="text-heading" data-position={position}>
            {t('waiting.position', { position })}
          </p>
        )}
        {position !== null && <p className="text-muted">{t('waiting.position_text')}</p>}
        {entry.invited_at !== null && <p>{t('waiting.invited_text', { at: formatDateTime(entry.invited_at) })}</p>}
        <div role="status" data-free={entry.is_free}>
          <Notice tone={entry.is_free ? 'good' : 'info'}>{t(entry.is_free ? 'waiting.free_now' : 'waiting.none_free')}</Notice>
        </div>
        <Button asChild variant={entry.is_free ? 'give' : 'outline'} className="justify-self-start">
          <Link to="/campaigns/$slug" params={{ slug: campaign.slug }}>
            {t(entry.is_free ? 'waiting.give' : 'waiting.campaign')}
          </Link>
        </Button>
        <p className="text-muted text-sm">{t('waiting.since', { at: formatDateTime(entry.joined_at) })}</p>
      </section>
      <section aria-labelledby="link-heading" className="grid gap-3">
        <h2 id="link-heading" className="text-heading">
          {t('waiting.link')}
        </h2>
        <p>{t('waiting.link_text')}</p>
        <div className="flex flex-wrap items-center gap-3">
          <CopyLink url={location.href} label={t('waiting.copy')} />
        </div>
      </section>
      <Leave entry={entry} token={token} onLeft={onLeft} />
    </>
  )
}

function Leave({ entry, token, onLeft }: { entry: WaitingEntry; token: string; onLeft: () => void }) {
  const client = useQueryClient()
  const [isAsking, setIsAsking] = useState(false)
  const [isBusy, setIsBusy] = useState(false)
  const [isFailed, setIsFailed] = useState(false)
  const ask = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (isAsking) ask.current?.focus()
  }, [isAsking])
  const leave = async () => {
    if (isBusy) return
    setIsBusy(true)
    setIsFailed(false)
    try {
      await leaveWaiting(entry.id, token)
      forgetEntry(entry.campaign.id, entry.reward?.id ?? null)
      onLeft()
      client.removeQueries({ queryKey: ['waiting', entry.id] })
    } catch {
      setIsFailed(true)
      setIsBusy(false)
    }
  }
  if (!isAsking) {
    return (
      <Button variant="quiet" className="justify-self-start" onClick={() => setIsAsking(true)}>
        {t('waiting.leave')}
      </Button>
    )
  }
  return (
    <div ref={ask} tabIndex={-1} role="group" aria-label={t('waiting.leave')} className="grid gap-3">
      <p>{t('waiting.leave_text')}</p>
      <div className="flex flex-wrap gap-3">
        <Button onClick={() => void leave()} aria-disabled={isBusy}>
          {t(isBusy ? 'waiting.working' : 'waiting.leave')}
        </Button>
        <Button variant="outline" onClick={() => setIsAsking(false)}>
          {t('waiting.stay')}
        </Button>
      </div>
      {isFailed && (
        <Notice tone="bad" role="alert">
          {t('waiting.failed')}
        </Notice>
      )}
    </div>
  )
}

function Left({ entry }: { entry: WaitingEntry }) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  return (
    <>
      <h1 ref={heading} tabIndex={-1} className="text-title">
        {t('waiting.left')}
      </h1>
      <p>{t('waiting.left_text')}</p>
      <Button asChild variant="outline" className="justify-self-start">
        <Link to="/campaigns/$slug" params={{ slug: entry.campaign.slug }}>
          {t('waiting.campaign')}
        </Link>
      </Button>
    </>
  )
}

function isUnknown(error: Error | null): boolean {
  return error instanceof ApiError && [400, 401, 404].includes(error.status)
}
