// SPDX-License-Identifier: Apache-2.0
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useForm } from 'react-hook-form'
import { accountKeys, changePassword } from '@/api/account'
import { useKeptSession } from '@/api/kept-session'
import { t } from '@/i18n'
import { showFieldErrors } from '@/lib/form'
import { Card, CardTitle } from '../ui/card'
import { toast } from '../ui/toast'
import { checkNewPassword, checkPassword } from './fields'
import { AccountForm } from './form'
import { PasswordField } from './password-field'

const FIELDS = { '/current_password': 'current', '/new_password': 'next' } as const

export function PasswordCard() {
  const { account } = useKeptSession()
  const queryClient = useQueryClient()
  const form = useForm({ defaultValues: { current: '', next: '' } })
  const [failure, setFailure] = useState<unknown>(null)
  const { errors, isSubmitting } = form.formState
  const submit = form.handleSubmit(async ({ current, next }) => {
    setFailure(null)
    try {
      await changePassword({ current_password: current, new_password: next })
      form.reset()
      toast(t('account.password_changed'))
      await queryClient.invalidateQueries({ queryKey: accountKeys.sessions })
    } catch (error) {
      if (!showFieldErrors(form, error, FIELDS)) setFailure(error)
    }
  })
  return (
    <Card aria-labelledby="password-heading">
      <CardTitle id="password-heading">{t('account.password_change')}</CardTitle>
      <AccountForm
        label={t('account.password_change')}
        onSubmit={submit}
        isBusy={isSubmitting}
        failure={failure}
        submitLabel={t('account.password_change_submit')}
      >
        {/* Password managers ask whose password it is. */}
        <input type="text" autoComplete="username" value={account?.email ?? ''} readOnly hidden />
        <PasswordField
          id="password-current"
          label={t('account.password_current')}
          error={errors.current?.message}
          autoComplete="current-password"
          {...form.register('current', { validate: checkPassword })}
        />
        <PasswordField
          id="password-new"
          label={t('account.password_new')}
          hint={t('account.password_hint')}
          error={errors.next?.message}
          autoComplete="new-password"
          {...form.register('next', { validate: checkNewPassword })}
        />
        <p className="text-muted text-sm">{t('account.password_ends')}</p>
      </AccountForm>
    </Card>
  )
}
