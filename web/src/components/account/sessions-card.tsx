// SPDX-License-Identifier: Apache-2.0
// Where the account is logged in; each place can be ended but the one in hand, which is left below.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { accountKeys, endSession, sessionsQuery } from '@/api/account'
import { formatDateTime, formatRelative, t } from '@/i18n'
import { useNow } from '@/lib/hooks'
import { browserName } from '@/lib/user-agent'
import { Badge } from '../ui/badge'
import { Button } from '../ui/button'
import { Card, CardTitle } from '../ui/card'
import { Skeleton } from '../ui/skeleton'
import { ErrorState, errorText } from '../ui/states'
import { toast } from '../ui/toast'

export function SessionsCard() {
  const query = useQuery(sessionsQuery)
  const now = useNow()
  const queryClient = useQueryClient()
  const end = useMutation({
    mutationFn: endSession,
    onSuccess: () => toast(t('account.sessions.ended')),
    onError: (error) => toast(errorText(error), 'bad'),
    onSettled: () => queryClient.invalidateQueries({ queryKey: accountKeys.sessions }),
  })
  return (
    <Card aria-labelledby="sessions-heading">
      <CardTitle id="sessions-heading">{t('account.sessions.title')}</CardTitle>
      {query.isPending && <Skeleton className="h-32" />}
      {query.isError && query.data === undefined && <ErrorState error={query.error} retry={query.refetch} />}
      <ul className="grid">
        {query.data?.map((session) => {
          const name = browserName(session.user_agent) ?? t('account.sessions.unknown')
          return (
            <li
              key={session.id}
              data-session={session.id}
              className="border-line flex flex-wrap items-center justify-between gap-x-4 gap-y-2 py-3 not-last:border-b not-last:border-dashed"
            >
              <div className="min-w-0">
                <p className="flex flex-wrap items-center gap-x-3 gap-y-1 font-semibold" title={session.user_agent}>
                  {name}
                  {session.is_current && <Badge tone="good">{t('account.sessions.current')}</Badge>}
                </p>
                <p className="text-muted text-sm">
                  {t('account.sessions.since', { date: formatDateTime(session.created_at) })}
                  {' · '}
                  <time dateTime={session.refreshed_at} title={formatDateTime(session.refreshed_at)}>
                    {t('account.sessions.used', { ago: formatRelative(session.refreshed_at, now) })}
                  </time>
                </p>
              </div>
              {!session.is_current && (
                <Button
                  variant="outline"
                  aria-label={t('account.sessions.end_named', { name })}
                  aria-disabled={end.isPending}
                  onClick={() => !end.isPending && end.mutate(session.id)}
                >
                  {t('account.sessions.end')}
                </Button>
              )}
            </li>
          )
        })}
      </ul>
    </Card>
  )
}
