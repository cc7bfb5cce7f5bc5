// SPDX-License-Identifier: Apache-2.0
import { Link, useSearch } from '@tanstack/react-router'
import { safeReturn } from '@/api/session'
import { LoginForm } from '@/components/account/login-form'
import { NarrowPage } from '@/components/account/narrow-page'
import { t } from '@/i18n'
import { useLeaveWhenIn } from '@/lib/use-leave-when-in'

export function LoginPage() {
  const search = useSearch({ from: '/login' })
  const target = safeReturn(search.return)
  useLeaveWhenIn(target)
  return (
    <NarrowPage title={t('account.login.title')} lead={search.return === undefined ? undefined : t('account.login.return')}>
      <LoginForm id="login" />
      <p>
        {t('account.login.no_account')}{' '}
        <Link
          to="/register"
          search={search}
          className="font-semibold underline decoration-2 underline-offset-4"
        >
          {t('account.login.register')}
        </Link>
      </p>
      <p className="text-muted text-sm">{t('account.login.lost')}</p>
    </NarrowPage>
  )
}
