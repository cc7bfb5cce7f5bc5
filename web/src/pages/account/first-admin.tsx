// SPDX-License-Identifier: Apache-2.0
// Makes the account of an administrator with the one-time token of a new installation.
// The token is typed or pasted, or comes behind the "#" of the address, which no server sees.
import { useState } from 'react'
import { registerFirstAdmin } from '@/api/session'
import { NarrowPage } from '@/components/account/narrow-page'
import { RegistrationForm } from '@/components/account/registration'
import { Field, fieldProps, Input } from '@/components/ui/field'
import { t } from '@/i18n'
import { useLeaveWhenIn } from '@/lib/use-leave-when-in'

export function FirstAdminPage() {
  useLeaveWhenIn('/admin')
  const [token, setToken] = useState(() => location.hash.slice(1))
  return (
    <NarrowPage title={t('account.admin.title')} lead={t('account.admin.lead')}>
      <RegistrationForm
        label={t('account.admin.title')}
        submitLabel={t('account.admin.submit')}
        send={(registration) => registerFirstAdmin({ ...registration, token: token.trim() })}
        explain={(error) => (error.code === 'credentials-invalid' ? t('account.admin.refused') : null)}
      >
        <Field id="admin-token" label={t('account.admin.token')} hint={t('account.admin.token_hint')}>
          <Input
            {...fieldProps('admin-token', undefined)}
            value={token}
            onChange={(event) => setToken(event.target.value)}
            dir="ltr"
            autoComplete="one-time-code"
            spellCheck={false}
            maxLength={128}
            required
            className="font-mono"
          />
        </Field>
      </RegistrationForm>
    </NarrowPage>
  )
}
