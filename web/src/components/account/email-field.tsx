// SPDX-License-Identifier: Apache-2.0
import type { ComponentProps } from 'react'
import { t } from '@/i18n'
import { Field, fieldProps, Input } from '../ui/field'

type EmailFieldProps = Omit<ComponentProps<'input'>, 'id'> & { id: string; error: string | undefined }

/** The address that an account is known by. */
export function EmailField({ id, error, ...props }: EmailFieldProps) {
  return (
    <Field id={id} label={t('account.email')} error={error}>
      <Input
        {...fieldProps(id, error, false)}
        type="email"
        dir="ltr"
        autoComplete="username"
        required
        className="rtl:text-end"
        {...props}
      />
    </Field>
  )
}
