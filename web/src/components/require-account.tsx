// SPDX-License-Identifier: Apache-2.0
import { Fragment, type ReactNode } from 'react'
import { useKeptSession } from '@/api/kept-session'
import { retrySession } from '@/api/session'
import type { Account } from '@/api/types'
import { LogInAgain } from './account/log-in-again'
import { ToLogin } from './to-login'
import { ErrorState, NoPermission } from './ui/states'
import { Skeleton } from './ui/skeleton'

type RequireAccountProps = { roles?: Account['role'][]; children: (account: Account) => ReactNode }

/** Pages for those who are logged in; others are led to the log-in and back. */
export function RequireAccount({ roles, children }: RequireAccountProps) {
  const { account, isLoading, error } = useKeptSession()
  if (account === null) {
    if (isLoading) return <Placeholder />
    if (error !== null) return <Centered><ErrorState error={error} retry={retrySession} /></Centered>
    return (
      <>
        <ToLogin />
        <Placeholder />
      </>
    )
  }
  if (roles !== undefined && !roles.includes(account.role)) return <Centered><NoPermission /></Centered>
  return (
    <Fragment key={account.id}>
      {children(account)}
      <LogInAgain />
    </Fragment>
  )
}

function Placeholder() {
  return (
    <div className="mx-auto max-w-6xl px-4 pt-10 sm:px-6">
      <Skeleton className="h-96" />
    </div>
  )
}

function Centered({ children }: { children: ReactNode }) {
  return <div className="mx-auto max-w-3xl px-4 pt-16 sm:px-6">{children}</div>
}
