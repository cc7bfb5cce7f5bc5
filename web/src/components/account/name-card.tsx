// SPDX-License-Identifier: Apache-2.0
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useForm } from 'react-hook-form'
import { accountKeys, changeName, meQuery } from '@/api/account'
import { setAccount } from '@/api/session'
import { t } from '@/i18n'
import { showFieldErrors } from '@/lib/form'
import { Card, CardTitle } from '../ui/card'
import { Field, fieldProps, Input } from '../ui/field'
import { Skeleton } from '../ui/skeleton'
import { ErrorState } from '../ui/states'
import { toast } from '../ui/toast'
import { checkName, NAME_MAX } from './fields'
import { AccountForm } from './form'

export function NameCard() {
  const query = useQuery(meQuery)
  return (
    <Card aria-labelledby="name-heading">
      <CardTitle id="name-heading">{t('account.settings.name')}</CardTitle>
      {query.isPending && <Skeleton className="h-64" />}
      {query.isError && query.data === undefined && <ErrorState error={query.error} retry={query.refetch} />}
      {query.data !== undefined && (
        <>
          <dl>
            <dt className="font-semibold">{t('account.email')}</dt>
            <dd dir="ltr" className="wrap-anywhere rtl:text-end">
              {query.data.data.email}
            </dd>
            <dd className="text-muted text-sm">{t('account.settings.email_fixed')}</dd>
          </dl>
          <NameForm name={query.data.data.name} etag={query.data.etag ?? ''} />
        </>
      )}
    </Card>
  )
}

function NameForm({ name, etag }: { name: string; etag: string }) {
  const queryClient = useQueryClient()
  const form = useForm({ defaultValues: { name } })
  const [failure, setFailure] = useState<unknown>(null)
  const { errors, isSubmitting } = form.formState
  const submit = form.handleSubmit(async (values) => {
    setFailure(null)
    try {
      setAccount(await changeName(values.name.trim(), etag))
      toast(t('account.settings.saved'))
    } catch (error) {
      if (!showFieldErrors(form, error, { '/name': 'name' })) setFailure(error)
    } finally {
      // The next attempt names the newest version, whoever has made it.
      await queryClient.invalidateQueries({ queryKey: accountKeys.me })
    }
  })
  return (
    <AccountForm
      label={t('account.settings.name')}
      onSubmit={submit}
      isBusy={isSubmitting}
      failure={failure}
      explain={(error) => (error.status === 412 ? t('account.settings.name_changed') : null)}
      submitLabel={t('account.settings.save')}
    >
      <Field id="account-name" label={t('account.name')} hint={t('account.name_hint')} error={errors.name?.message}>
        <Input
          {...form.register('name', { validate: checkName })}
          {...fieldProps('account-name', errors.name?.message)}
          autoComplete="name"
          maxLength={NAME_MAX * 2}
          dir="auto"
          required
        />
      </Field>
    </AccountForm>
  )
}
