// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from 'react'
import { useForm } from 'react-hook-form'
import { ApiError } from '@/api/http'
import { logIn } from '@/api/session'
import { t } from '@/i18n'
import { CodeField } from './code-field'
import { EmailField } from './email-field'
import { checkEmail, checkPassword } from './fields'
import { AccountForm } from './form'
import { PasswordField } from './password-field'

/** `id` begins the ids of its fields; `email` is known where somebody logs in again, who then begins at the password. */
export function LoginForm({ id, email = '' }: { id: string; email?: string }) {
  const form = useForm({ defaultValues: { email, password: '', code: '' } })
  const [needsCode, setNeedsCode] = useState(false)
  const [failure, setFailure] = useState<unknown>(null)
  const { errors, isSubmitting } = form.formState
  const { setFocus } = form
  const isKnown = email !== ''
  useEffect(() => {
    if (isKnown) setFocus('password')
  }, [isKnown, setFocus])
  useEffect(() => {
    if (needsCode) setFocus('code')
  }, [needsCode, setFocus])
  const submit = form.handleSubmit(async ({ email: entered, password, code }) => {
    setFailure(null)
    try {
      await logIn({ email: entered.trim(), password, ...(needsCode ? { code: code.trim() } : {}) })
    } catch (error) {
      const asked = error instanceof ApiError ? error.code : ''
      if (asked === 'second-factor-required') {
        setNeedsCode(true)
        return
      }
      setFailure(error)
      setFocus(asked === 'second-factor-invalid' ? 'code' : 'password')
    }
  })
  return (
    <AccountForm
      label={t('account.login.title')}
      onSubmit={submit}
      isBusy={isSubmitting}
      failure={failure}
      explain={({ code }) =>
        code === 'credentials-invalid' ? t('account.login.refused') : code === 'second-factor-invalid' ? t('account.login.code_refused') : null
      }
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
      {needsCode && (
        <CodeField
          id={`${id}-code`}
          hint={t('account.code_hint')}
          error={errors.code?.message}
          {...form.register('code', { validate: (text) => text.trim() !== '' || t('account.code_empty') })}
        />
      )}
    </AccountForm>
  )
}
