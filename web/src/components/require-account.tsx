// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from 'react'
import { retrySession, useSession } from '@/api/session'
import type { Account } from '@/api/types'
import { ToLogin } from './to-login'
import { ErrorState, NoPermission } from './ui/states'
import { Skeleton } from './ui/skeleton'

type RequireAccountProps = { roles?: Account['role'][]; children: (account: Account) => ReactNode }

/** Pages for those who are logged in; others are led to the log-in and back. */
export function RequireAccount({ roles, children }: RequireAccountProps) {
  const { account, isLoading, error } = useSession()
  if (isLoading) return <Placeholder />
  if (error !== null) return <Centered><ErrorState error={error} retry={retrySession} /></Centered>
  if (account === null) {
    return (
      <>
        <ToLogin />
        <Placeholder />
      </>
    )
  }
  if (roles !== undefined && !roles.includes(account.role)) return <Centered><NoPermission /></Centered>
  return children(account)
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
