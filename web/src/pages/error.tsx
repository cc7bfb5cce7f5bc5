// SPDX-License-Identifier: Apache-2.0
import { Link, useRouter } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { ApiError, NoAnswerError } from '@/api/client'
import { Button } from '@/components/ui/button'
import { t } from '@/i18n'
import { useIsOnline } from '@/lib/hooks'

export function NotFoundPage() {
  return (
    <MessagePage title={t('notfound.heading')} text={t('notfound.text')}>
      <Button asChild>
        <Link to="/">{t('notfound.action')}</Link>
      </Button>
    </MessagePage>
  )
}

/** Shown when a page itself fails; nothing entered before is lost. */
export function ErrorPage({ error }: { error: unknown }) {
  const router = useRouter()
  if (error instanceof NoAnswerError) return <LoadErrorPage error={error} retry={() => void router.invalidate()} />
  return (
    <MessagePage title={t('error.heading')} text={t('error.page')}>
      <Button onClick={() => location.reload()}>{t('action.reload')}</Button>
    </MessagePage>
  )
}

/** Shown when what a page is about could not be read. */
export function LoadErrorPage({ error, retry }: { error: Error; retry: () => void }) {
  const isOnline = useIsOnline()
  if (error instanceof ApiError && error.status === 404) return <NotFoundPage />
  return (
    <MessagePage
      title={t(isOnline ? 'error.heading' : 'offline.heading')}
      text={t(isOnline ? 'error.load' : 'offline.text')}
    >
      <Button onClick={retry}>{t('action.retry')}</Button>
      <RequestId error={error} />
    </MessagePage>
  )
}

export function RequestId({ error }: { error: Error }) {
  if (!(error instanceof ApiError) || error.requestId === null) return null
  return <p className="text-muted text-sm">{t('error.request_id', { id: error.requestId })}</p>
}

function MessagePage({ title, text, children }: { title: string; text: string; children: ReactNode }) {
  return (
    <section className="mx-auto grid max-w-2xl justify-items-start gap-5 px-4 pt-20 sm:px-6">
      <title>{`${title} · ${t('site.name')}`}</title>
      <h1 className="text-title">{title}</h1>
      <p className="text-lg">{text}</p>
      {children}
    </section>
  )
}
