// SPDX-License-Identifier: Apache-2.0
// Gives money back, all that is left or a part. One idempotency key for each amount
// and reason: asking again after a lost answer gives nothing back twice.
import { useId, useRef, useState } from 'react'
import type { AdminPledgeDetail } from '@/api/admin-ops'
import { call } from '@/api/call'
import { Field, fieldProps, Input } from '@/components/ui/field'
import { RadioCard, RadioCards } from '@/components/ui/radio-cards'
import { formatList, locale, t } from '@/i18n'
import { refundEffect } from '@/lib/ops/refund'
import { currencySymbol, formatMoney, parseAmount, type Money } from '@/lib/money'
import { ActDialog, type Preview } from './act-dialog'

type RefundDialogProps = { detail: AdminPledgeDetail; onClose: () => void }

export function RefundDialog({ detail: { pledge, refundable }, onClose }: RefundDialogProps) {
  const id = useId()
  const [choice, setChoice] = useState('all')
  const [text, setText] = useState('')
  const [isChecked, setIsChecked] = useState(false)
  const inputRef = useRef<HTMLInputElement>(null)
  const attempt = useRef({ body: '', key: '' })
  const { currency } = refundable
  const entered = parseAmount(text, currency, locale)
  const minor = choice === 'all' ? refundable.amount : entered.ok ? entered.minor : null
  const error = choice === 'part' && isChecked ? amountError(minor, refundable) : undefined
  const money = (amount: number) => formatMoney({ amount, currency }, locale)

  const check = () => {
    setIsChecked(true)
    const isGood = minor !== null && amountError(minor, refundable) === undefined
    if (!isGood) inputRef.current?.focus()
    return isGood
  }
  const preview = (): Promise<Preview> => {
    const effect = refundEffect(pledge, refundable, minor ?? 0)
    return Promise.resolve({
      count: 1,
      lines: [
        t('admin.refund.goes_back', { amount: money(minor ?? 0) }),
        ...(effect.fee.amount > 0 ? [t('admin.refund.fee', { amount: formatMoney(effect.fee, locale) })] : []),
        t(effect.isRest ? 'admin.refund.nothing_left' : 'admin.refund.left', { amount: formatMoney(effect.left, locale) }),
        t('admin.refund.events', { list: formatList([...effect.events]) }),
        t('admin.refund.totals'),
      ],
    })
  }
  const run = async (reason: string) => {
    const body = { reason, amount: { amount: minor ?? 0, currency } }
    const asText = JSON.stringify(body)
    if (attempt.current.body !== asText) attempt.current = { body: asText, key: crypto.randomUUID() }
    await call('post', '/api/v1/pledges/{id}/refunds', {
      path: { id: pledge.id },
      body,
      headers: { 'Idempotency-Key': attempt.current.key },
    })
    return t('admin.refund.done', { amount: money(minor ?? 0) })
  }
  return (
    <ActDialog
      title={t('admin.refund.title')}
      text={<p>{t('admin.refund.text', { amount: formatMoney(refundable, locale) })}</p>}
      confirmLabel={() => t('admin.refund.confirm', { amount: money(minor ?? 0) })}
      tone="give"
      inputs={`${choice} ${minor ?? ''}`}
      check={check}
      preview={preview}
      run={run}
      onClose={onClose}
      fields={
        <>
          <RadioCards legend={t('admin.refund.how_much')} name={`${id}-choice`} value={choice} onChange={setChoice} className="sm:grid-cols-2">
            <RadioCard value="all">{t('admin.refund.all', { amount: formatMoney(refundable, locale) })}</RadioCard>
            <RadioCard value="part">{t('admin.refund.part')}</RadioCard>
          </RadioCards>
          {choice === 'part' && (
            <Field
              id={`${id}-amount`}
              label={t('admin.refund.amount', { currency, symbol: currencySymbol(currency, locale) })}
              hint={t('admin.refund.amount_hint', { amount: formatMoney(refundable, locale) })}
              error={error}
            >
              <Input
                ref={inputRef}
                {...fieldProps(`${id}-amount`, error)}
                value={text}
                inputMode="decimal"
                autoComplete="off"
                dir="ltr"
                onChange={(event) => setText(event.target.value)}
              />
            </Field>
          )}
        </>
      }
    />
  )
}

function amountError(minor: number | null, refundable: Money): string | undefined {
  if (minor === null || minor < 1) return t('admin.refund.amount_error', { currency: refundable.currency })
  if (minor > refundable.amount) return t('admin.refund.amount_too_high', { amount: formatMoney(refundable, locale) })
  return undefined
}
