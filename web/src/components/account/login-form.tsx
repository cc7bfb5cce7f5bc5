// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from 'react'
import { useForm } from 'react-hook-form'
import { logIn, type Credentials } from '@/api/session'
import { t } from '@/i18n'
import { EmailField } from './email-field'
import { checkEmail, checkPassword } from './fields'
import { AccountForm } from './form'
import { PasswordField } from './password-field'

/** `id` begins the ids of its fields; `email` is known where somebody logs in again, who then begins at the password. */
export function LoginForm({ id, email = '' }: { id: string; email?: string }) {
  const form = useForm<Credentials>({ defaultValues: { email, password: '' } })
  const [failure, setFailure] = useState<unknown>(null)
  const { errors, isSubmitting } = form.formState
  const { setFocus } = form
  const isKnown = email !== ''
  useEffect(() => {
    if (isKnown) setFocus('password')
  }, [isKnown, setFocus])
  const submit = form.handleSubmit(async (entered) => {
    setFailure(null)
    try {
      await logIn({ email: entered.email.trim(), password: entered.password })
    } catch (error) {
      setFailure(error)
      setFocus('password')
    }
  })
  return (
    <AccountForm
      label={t('account.login.title')}
      onSubmit={submit}
      isBusy={isSubmitting}
      failure={failure}
      explain={(error) => (error.code === 'credentials-invalid' ? t('account.login.refused') : null)}
      submitLabel={t('account.login.submit')}
      isMain
    >
      <EmailField id={`${id}-email`} error={errors.email?.message} {...form.register('email', { validate: checkEmail })} />
      <PasswordField
        id={`${id}-password`}
        label={t('account.password')}
        error={errors.password?.message}
        autoComplete="current-password"
        {...form.register('password', { validate: checkPassword })}
      />
    </AccountForm>
  )
}
