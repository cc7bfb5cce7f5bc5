// SPDX-License-Identifier: Apache-2.0
import { Link, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useForm } from 'react-hook-form'
import { logIn, safeReturn, type Credentials } from '@/api/session'
import { checkEmail, checkPassword } from '@/components/account/fields'
import { EmailField } from '@/components/account/email-field'
import { AccountForm } from '@/components/account/form'
import { NarrowPage } from '@/components/account/narrow-page'
import { PasswordField } from '@/components/account/password-field'
import { t } from '@/i18n'
import { useLeaveWhenIn } from '@/lib/use-leave-when-in'

export function LoginPage() {
  const search = useSearch({ from: '/login' })
  const target = safeReturn(search.return)
  useLeaveWhenIn(target)
  const form = useForm<Credentials>({ defaultValues: { email: '', password: '' } })
  const [failure, setFailure] = useState<unknown>(null)
  const { errors, isSubmitting } = form.formState
  const submit = form.handleSubmit(async ({ email, password }) => {
    setFailure(null)
    try {
      await logIn({ email: email.trim(), password })
    } catch (error) {
      setFailure(error)
      form.setFocus('password')
    }
  })
  return (
    <NarrowPage title={t('account.login.title')} lead={search.return === undefined ? undefined : t('account.login.return')}>
      <AccountForm
        label={t('account.login.title')}
        onSubmit={submit}
        isBusy={isSubmitting}
        failure={failure}
        explain={(error) => (error.code === 'credentials-invalid' ? t('account.login.refused') : null)}
        submitLabel={t('account.login.submit')}
        isMain
      >
        <EmailField id="login-email" error={errors.email?.message} {...form.register('email', { validate: checkEmail })} />
        <PasswordField
          id="login-password"
          label={t('account.password')}
          error={errors.password?.message}
          autoComplete="current-password"
          {...form.register('password', { validate: checkPassword })}
        />
      </AccountForm>
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
