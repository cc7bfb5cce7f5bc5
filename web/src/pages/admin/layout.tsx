// SPDX-License-Identifier: Apache-2.0
// What every page for owners and administrators has around it.
import { Outlet } from '@tanstack/react-router'
import { RequireAccount } from '@/components/require-account'

export function AdminLayout() {
  return (
    <RequireAccount roles={['owner', 'admin']}>
      {() => (
        <div className="mx-auto max-w-7xl px-4 pt-8 sm:px-6">
          <Outlet />
        </div>
      )}
    </RequireAccount>
  )
}
