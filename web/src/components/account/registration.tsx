// SPDX-License-Identifier: Apache-2.0
// The fields of a new account, for donors and for the first administrator.
import { useState, type ReactNode } from 'react'
import { useForm } from 'react-hook-form'
import type { ApiError } from '@/api/http'
import type { Registration } from '@/api/session'
import { t } from '@/i18n'
import { showFieldErrors } from '@/lib/form'
import { Field, fieldProps, Input } from '../ui/field'
import { EmailField } from './email-field'
import { checkEmail, checkName, checkNewPassword, NAME_MAX } from './fields'
import { AccountForm } from './form'
import { PasswordField } from './password-field'

const FIELDS = { '/email': 'email', '/name': 'name', '/password': 'password' } as const

type RegistrationFormProps = {
  label: string
  submitLabel: string
  send: (registration: Registration) => Promise<unknown>
  explain?: (error: ApiError) => ReactNode
  children?: ReactNode
}

export function RegistrationForm({ label, submitLabel, send, explain, children }: RegistrationFormProps) {
  const form = useForm<Registration>({ defaultValues: { email: '', name: '', password: '' } })
  const [failure, setFailure] = useState<unknown>(null)
  const { errors, isSubmitting } = form.formState
  const submit = form.handleSubmit(async ({ email, name, password }) => {
    setFailure(null)
    try {
      await send({ email: email.trim(), name: name.trim(), password })
    } catch (error) {
      if (!showFieldErrors(form, error, FIELDS)) setFailure(error)
    }
  })
  return (
    <AccountForm
      label={label}
      onSubmit={submit}
      isBusy={isSubmitting}
      failure={failure}
      submitLabel={submitLabel}
      isMain
      {...(explain === undefined ? {} : { explain })}
    >
      {children}
      <Field id="register-name" label={t('account.name')} hint={t('account.name_hint')} error={errors.name?.message}>
        <Input
          {...form.register('name', { validate: checkName })}
          {...fieldProps('register-name', errors.name?.message)}
          autoComplete="name"
          maxLength={NAME_MAX * 2}
          dir="auto"
          required
        />
      </Field>
      <EmailField id="register-email" error={errors.email?.message} {...form.register('email', { validate: checkEmail })} />
      <PasswordField
        id="register-password"
        label={t('account.password')}
        hint={t('account.password_hint')}
        error={errors.password?.message}
        autoComplete="new-password"
        {...form.register('password', { validate: checkNewPassword })}
      />
    </AccountForm>
  )
}
