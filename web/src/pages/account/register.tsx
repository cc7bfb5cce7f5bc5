// SPDX-License-Identifier: Apache-2.0
import { Link, useSearch } from '@tanstack/react-router'
import { register, safeReturn } from '@/api/session'
import { NarrowPage } from '@/components/account/narrow-page'
import { RegistrationForm } from '@/components/account/registration'
import { t } from '@/i18n'
import { useLeaveWhenIn } from '@/lib/use-leave-when-in'

export function RegisterPage() {
  const search = useSearch({ from: '/register' })
  useLeaveWhenIn(safeReturn(search.return))
  return (
    <NarrowPage title={t('account.register.title')} lead={t('account.register.lead')}>
      <RegistrationForm
        label={t('account.register.title')}
        submitLabel={t('account.register.submit')}
        send={register}
      />
      <p>
        {t('account.register.has_account')}{' '}
        <Link to="/login" search={search} className="font-semibold underline decoration-2 underline-offset-4">
          {t('account.login.submit')}
        </Link>
      </p>
    </NarrowPage>
  )
}
