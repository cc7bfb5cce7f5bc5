// SPDX-License-Identifier: Apache-2.0
import { useState, type ComponentProps } from 'react'
import { t } from '@/i18n'
import { Field, fieldProps, Input } from '../ui/field'

type PasswordFieldProps = Omit<ComponentProps<'input'>, 'id'> & {
  id: string
  label: string
  hint?: string
  error: string | undefined
  autoComplete: 'current-password' | 'new-password'
}

/** Takes what password managers and the clipboard bring, and shows itself on demand. */
export function PasswordField({ id, label, hint, error, ...props }: PasswordFieldProps) {
  const [isShown, setIsShown] = useState(false)
  return (
    <Field id={id} label={label} hint={hint} error={error}>
      <div className="relative">
        <Input
          {...fieldProps(id, error, hint !== undefined)}
          type={isShown ? 'text' : 'password'}
          dir="ltr"
          spellCheck={false}
          autoCapitalize="none"
          required
          className="pe-24 rtl:ps-24 rtl:pe-4 rtl:text-end"
          {...props}
        />
        <button
          type="button"
          aria-pressed={isShown}
          aria-label={t(isShown ? 'account.password_hide' : 'account.password_show')}
          onClick={() => setIsShown(!isShown)}
          className="hover:bg-sunk absolute inset-y-1.5 end-1.5 rounded-lg px-3 text-sm font-semibold underline decoration-2 underline-offset-4"
        >
          {t(isShown ? 'account.hide' : 'account.show')}
        </button>
      </div>
    </Field>
  )
}
