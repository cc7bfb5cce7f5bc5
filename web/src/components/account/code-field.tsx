// SPDX-License-Identifier: Apache-2.0
import type { ComponentProps } from 'react'
import { t } from '@/i18n'
import { Field, fieldProps, Input } from '../ui/field'

type CodeFieldProps = Omit<ComponentProps<'input'>, 'id'> & { id: string; hint: string; error: string | undefined }

/** A code of the app, or a recovery code, which has letters. */
export function CodeField({ id, hint, error, ...props }: CodeFieldProps) {
  return (
    <Field id={id} label={t('account.code')} hint={hint} error={error}>
      <Input
        {...fieldProps(id, error)}
        autoComplete="one-time-code"
        autoCapitalize="none"
        spellCheck={false}
        dir="ltr"
        maxLength={40}
        required
        className="max-w-60 font-mono tracking-wider rtl:text-end"
        {...props}
      />
    </Field>
  )
}
