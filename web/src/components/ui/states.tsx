// SPDX-License-Identifier: Apache-2.0
// What a view shows when it has nothing to show: empty, failed, forbidden, offline.
import type { ReactNode } from 'react'
import { ApiError, NoAnswerError } from '@/api/http'
import { t } from '@/i18n'
import { useIsOnline } from '@/lib/hooks'
import { problemText } from '@/lib/problem-text'
import { Button } from './button'
import { Icon, type IconName } from './icon'

type StateProps = { icon: IconName; heading: string; children?: ReactNode; actions?: ReactNode; role?: 'alert' }

function State({ icon, heading, children, actions, role }: StateProps) {
  return (
    <div
      role={role}
      className="border-line-strong rounded-patch grid justify-items-center gap-3 border-2 border-dashed px-5 py-10 text-center"
    >
      <Icon name={icon} className="text-muted size-8" />
      <p className="text-xl font-bold">{heading}</p>
      {children !== undefined && <div className="text-muted max-w-prose wrap-anywhere">{children}</div>}
      {actions !== undefined && <div className="flex flex-wrap justify-center gap-3">{actions}</div>}
    </div>
  )
}

export function EmptyState({ heading, children, actions }: Omit<StateProps, 'icon' | 'role'>) {
  return (
    <State icon="heart" heading={heading} actions={actions}>
      {children}
    </State>
  )
}

export function NoPermission() {
  return (
    <State icon="lock" heading={t('forbidden.heading')}>
      {t('forbidden.text')}
    </State>
  )
}

/** For a query that failed and has nothing to show. 403 and 404 are told as what they are. */
export function ErrorState({ error, retry }: { error: unknown; retry: () => unknown }) {
  const isOnline = useIsOnline()
  const again = <Button onClick={() => void retry()}>{t('action.retry')}</Button>
  if (error instanceof ApiError && error.status === 403) return <NoPermission />
  if (error instanceof ApiError && error.status === 404) {
    return (
      <State icon="info" heading={t('notfound.heading')}>
        {t('notfound.entry')}
      </State>
    )
  }
  if (!isOnline || (error instanceof NoAnswerError && error.kind === 'offline')) {
    return (
      <State icon="alert" role="alert" heading={t('offline.heading')} actions={again}>
        {t('offline.text')}
      </State>
    )
  }
  return (
    <State icon="alert" role="alert" heading={t('error.heading')} actions={again}>
      <ErrorText error={error} />
    </State>
  )
}

/** What went wrong, in a sentence, with the reference for support. */
export function ErrorText({ error }: { error: unknown }) {
  return (
    <>
      <p>{errorText(error)}</p>
      {error instanceof ApiError && error.requestId !== null && error.status >= 500 && (
        <p className="text-sm">{t('error.request_id', { id: error.requestId })}</p>
      )}
    </>
  )
}

/** For failures that every form and list can meet; what is special to one is told by that one first. */
export function errorText(error: unknown): string {
  if (error instanceof NoAnswerError) return t(`noanswer.${error.kind}`)
  if (!(error instanceof ApiError)) return t('error.load')
  if (error.status === 429) {
    return error.retryAfterS === null ? t('error.busy') : t('error.busy_wait', { seconds: error.retryAfterS })
  }
  return problemText(error)
}
