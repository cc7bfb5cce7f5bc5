// SPDX-License-Identifier: Apache-2.0
// The second factor: whether there is one, and setting it up, replacing and removing it.
// Secret and recovery codes are shown once and kept nowhere here.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import { useForm } from 'react-hook-form'
import { accountKeys, confirmSecondFactor, offerSecondFactor, removeSecondFactor, secondFactorQuery, type SecondFactorOffer } from '@/api/account'
import { useKeptSession } from '@/api/kept-session'
import { setAccount } from '@/api/session'
import { formatDateTime, t } from '@/i18n'
import { showFieldErrors } from '@/lib/form'
import { CopyLink } from '../copy-link'
import { Badge } from '../ui/badge'
import { Button } from '../ui/button'
import { Card, CardTitle } from '../ui/card'
import { Notice } from '../ui/notice'
import { Skeleton } from '../ui/skeleton'
import { ErrorState } from '../ui/states'
import { toast } from '../ui/toast'
import { CodeField } from './code-field'
import { checkPassword } from './fields'
import { AccountForm } from './form'
import { PasswordField } from './password-field'

const QrCode = lazy(() => import('./qr-code'))

type Step = { name: 'rest' } | { name: 'prove'; isRemoval: boolean } | { name: 'scan'; offer: SecondFactorOffer } | { name: 'codes'; codes: string[] }

export function SecondFactorCard() {
  const query = useQuery(secondFactorQuery)
  const { account } = useKeptSession()
  const [step, setStep] = useState<Step>({ name: 'rest' })
  const queryClient = useQueryClient()
  const rest = () => setStep({ name: 'rest' })
  const readAgain = async (isEnrolled: boolean) => {
    if (account !== null) setAccount({ ...account, needs_second_factor: !isEnrolled && (query.data?.is_required ?? false) })
    await Promise.all([
      queryClient.invalidateQueries({ queryKey: accountKeys.secondFactor }),
      queryClient.invalidateQueries({ queryKey: accountKeys.sessions }),
    ])
  }
  if (query.data === undefined) {
    return (
      <Card aria-labelledby="factor-heading">
        <CardTitle id="factor-heading">{t('account.factor.title')}</CardTitle>
        {query.isError ? <ErrorState error={query.error} retry={query.refetch} /> : <Skeleton className="h-24" />}
      </Card>
    )
  }
  const { is_enrolled, enrolled_at, is_required, recovery_codes_left } = query.data
  return (
    <Card aria-labelledby="factor-heading" data-factor={is_enrolled ? 'on' : 'off'}>
      <CardTitle id="factor-heading">{t('account.factor.title')}</CardTitle>
      {is_required && !is_enrolled && (
        <Notice tone="warn" heading={t('account.factor.required')}>
          {t('account.factor.required_text')}
        </Notice>
      )}
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <Badge tone={is_enrolled ? 'good' : 'plain'}>{t(is_enrolled ? 'account.factor.on' : 'account.factor.off')}</Badge>
        {enrolled_at !== null && (
          <span className="text-muted">
            {t('account.factor.since', { date: formatDateTime(enrolled_at) })} {t('account.factor.codes_left', { count: recovery_codes_left })}
          </span>
        )}
      </p>
      {step.name === 'rest' && (
        <>
          <p className="text-muted">{t('account.factor.text')}</p>
          <div className="flex flex-wrap gap-3">
            <Button variant={is_enrolled ? 'outline' : 'solid'} onClick={() => setStep({ name: 'prove', isRemoval: false })}>
              {t(is_enrolled ? 'account.factor.replace' : 'account.factor.set_up')}
            </Button>
            {is_enrolled && (
              <Button variant="outline" onClick={() => setStep({ name: 'prove', isRemoval: true })}>
                {t('account.factor.remove')}
              </Button>
            )}
          </div>
        </>
      )}
      {step.name === 'prove' && (
        <ProveForm
          key={String(step.isRemoval)}
          isEnrolled={is_enrolled}
          isRemoval={step.isRemoval}
          onOffer={(offer) => setStep({ name: 'scan', offer })}
          onRemoved={async () => {
            toast(t('account.factor.removed'))
            rest()
            await readAgain(false)
          }}
          onCancel={rest}
        />
      )}
      {step.name === 'scan' && (
        <ScanForm
          offer={step.offer}
          onConfirmed={async (codes) => {
            setStep({ name: 'codes', codes })
            await readAgain(true)
          }}
          onCancel={rest}
        />
      )}
      {step.name === 'codes' && <Codes codes={step.codes} onDone={rest} />}
    </Card>
  )
}

const PROOF_FIELDS = { '/password': 'password', '/code': 'code' } as const

type ProveFormProps = {
  isEnrolled: boolean
  isRemoval: boolean
  onOffer: (offer: SecondFactorOffer) => void
  onRemoved: () => Promise<void>
  onCancel: () => void
}

function ProveForm({ isEnrolled, isRemoval, onOffer, onRemoved, onCancel }: ProveFormProps) {
  const { account } = useKeptSession()
  const form = useForm({ defaultValues: { password: '', code: '' } })
  const [failure, setFailure] = useState<unknown>(null)
  const { errors, isSubmitting } = form.formState
  const { setFocus } = form
  useEffect(() => setFocus('password'), [setFocus])
  const submit = form.handleSubmit(async ({ password, code }) => {
    setFailure(null)
    const proof = { password, ...(isEnrolled ? { code: code.trim() } : {}) }
    try {
      if (isRemoval) {
        await removeSecondFactor(proof)
        await onRemoved()
      } else onOffer(await offerSecondFactor(proof))
    } catch (error) {
      if (!showFieldErrors(form, error, PROOF_FIELDS)) setFailure(error)
    }
  })
  return (
    <>
      <AccountForm
        label={t(isRemoval ? 'account.factor.remove' : 'account.factor.set_up')}
        onSubmit={submit}
        isBusy={isSubmitting}
        failure={failure}
        submitLabel={t(isRemoval ? 'account.factor.remove_confirm' : 'account.factor.go_on')}
      >
        <p className="text-muted">{t('account.factor.prove')}</p>
        <input type="text" autoComplete="username" value={account?.email ?? ''} readOnly hidden />
        <PasswordField
          id="factor-password"
          label={t('account.password_current')}
          error={errors.password?.message}
          autoComplete="current-password"
          {...form.register('password', { validate: checkPassword })}
        />
        {isEnrolled && (
          <CodeField
            id="factor-old-code"
            hint={t('account.code_hint')}
            error={errors.code?.message}
            {...form.register('code', { validate: (text) => text.trim() !== '' || t('account.code_empty') })}
          />
        )}
      </AccountForm>
      <Button variant="quiet" className="-ms-5 justify-self-start" onClick={onCancel}>
        {t('action.cancel')}
      </Button>
    </>
  )
}

type ScanFormProps = { offer: SecondFactorOffer; onConfirmed: (codes: string[]) => Promise<void>; onCancel: () => void }

function ScanForm({ offer, onConfirmed, onCancel }: ScanFormProps) {
  const form = useForm({ defaultValues: { code: '' } })
  const [failure, setFailure] = useState<unknown>(null)
  const { errors, isSubmitting } = form.formState
  const { setFocus } = form
  useEffect(() => setFocus('code'), [setFocus])
  const submit = form.handleSubmit(async ({ code }) => {
    setFailure(null)
    try {
      await onConfirmed(await confirmSecondFactor(code.trim()))
    } catch (error) {
      if (!showFieldErrors(form, error, { '/code': 'code' })) setFailure(error)
    }
  })
  return (
    <>
      <AccountForm
        label={t('account.factor.set_up')}
        onSubmit={submit}
        isBusy={isSubmitting}
        failure={failure}
        submitLabel={t('account.factor.confirm')}
      >
        <p>{t('account.factor.scan')}</p>
        <Suspense fallback={<Skeleton className="aspect-square w-full max-w-56" />}>
          <QrCode text={offer.uri} label={t('account.factor.qr')} />
        </Suspense>
        <div className="grid gap-2">
          <p className="text-muted text-sm">{t('account.factor.by_hand')}</p>
          <p dir="ltr" data-secret={offer.secret} className="bg-sunk rounded-xl px-4 py-3 font-mono tracking-wider wrap-anywhere">
            {offer.secret.replace(/(.{4})(?=.)/g, '$1 ')}
          </p>
        </div>
        <CodeField
          id="factor-first-code"
          hint={t('account.factor.first_code')}
          error={errors.code?.message}
          inputMode="numeric"
          {...form.register('code', { validate: (text) => text.trim() !== '' || t('account.code_empty') })}
        />
      </AccountForm>
      <Button variant="quiet" className="-ms-5 justify-self-start" onClick={onCancel}>
        {t('action.cancel')}
      </Button>
    </>
  )
}

function Codes({ codes, onDone }: { codes: string[]; onDone: () => void }) {
  const ref = useRef<HTMLDivElement>(null)
  useEffect(() => ref.current?.focus(), [])
  return (
    <div ref={ref} tabIndex={-1} role="group" aria-label={t('account.factor.codes')} className="grid gap-4">
      <Notice tone="good" heading={t('account.factor.done')}>
        {t('account.factor.done_text')}
      </Notice>
      <h3 className="text-lg font-bold">{t('account.factor.codes')}</h3>
      <p>{t('account.factor.codes_text')}</p>
      <ul dir="ltr" className="bg-sunk grid gap-2 rounded-xl p-4 font-mono sm:grid-cols-2">
        {codes.map((one) => (
          <li key={one} data-recovery={one}>
            {one}
          </li>
        ))}
      </ul>
      <div className="flex flex-wrap items-center gap-3">
        <CopyLink url={codes.join('\n')} label={t('account.factor.copy')} />
        <Button onClick={onDone}>{t('account.factor.kept')}</Button>
      </div>
    </div>
  )
}
