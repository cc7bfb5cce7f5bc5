// SPDX-License-Identifier: Apache-2.0
import { Link, Outlet } from '@tanstack/react-router'
import { useState } from 'react'
import { logOut } from '@/api/session'
import { RequireAccount } from '@/components/require-account'
import { Button } from '@/components/ui/button'
import { errorText } from '@/components/ui/states'
import { toast } from '@/components/ui/toast'
import { t } from '@/i18n'

const LINK =
  'text-muted hover:text-ink data-[status=active]:border-poppy data-[status=active]:text-ink -mb-0.5 inline-flex min-h-11 items-center border-b-4 border-transparent px-4 font-semibold max-xs:px-1.5 max-xs:text-sm'

export function AccountLayout() {
  return (
    <RequireAccount>
      {() => (
        <div className="mx-auto grid max-w-4xl grid-cols-1 gap-8 px-4 pt-6 sm:px-6">
          <nav aria-label={t('account.nav')} className="border-line flex flex-wrap gap-1 border-b-2 max-xs:gap-0">
            <Link to="/account" activeOptions={{ exact: true }} className={LINK}>
              {t('account.gifts.title')}
            </Link>
            <Link to="/account/settings" className={LINK}>
              {t('account.settings.title')}
            </Link>
            <LogOut />
          </nav>
          <Outlet />
        </div>
      )}
    </RequireAccount>
  )
}

function LogOut() {
  const [isBusy, setIsBusy] = useState(false)
  const leave = async () => {
    if (isBusy) return
    setIsBusy(true)
    try {
      await logOut()
    } catch (error) {
      toast(errorText(error), 'bad')
      setIsBusy(false)
    }
  }
  return (
    <Button variant="quiet" className="ms-auto max-xs:px-1.5 max-xs:text-sm" aria-disabled={isBusy} onClick={() => void leave()}>
      {t('account.leave.here')}
    </Button>
  )
}
