// SPDX-License-Identifier: Apache-2.0
// How much goes back: all that is left, or a part that is entered; and what that will do.
import { useId, useRef, useState, type ReactNode } from 'react'
import { Field, fieldProps, Input } from '@/components/ui/field'
import { RadioCard, RadioCards } from '@/components/ui/radio-cards'
import { formatList, locale, t } from '@/i18n'
import { currencySymbol, formatMoney, parseAmount, type Money } from '@/lib/money'
import { refundEffect } from '@/lib/ops/refund'
import type { Preview } from './act-dialog'

type Refundable = { pledge: { amount: Money; fee: Money; refunded: Money }; refundable: Money; refundable_alone: Money | null }

type RefundAmount = {
  money: Money
  /** The same in words of the reader's language. */
  text: string
  /** Whether it waits for another person's approval. */
  needsSecond: boolean
  fields: ReactNode
  inputs: string
  check: () => boolean
  preview: () => Promise<Preview>
}

export function useRefundAmount({ pledge, refundable, refundable_alone: alone }: Refundable): RefundAmount {
  const id = useId()
  const [choice, setChoice] = useState('all')
  const [text, setText] = useState('')
  const [isChecked, setIsChecked] = useState(false)
  const inputRef = useRef<HTMLInputElement>(null)
  const { currency } = refundable
  const entered = parseAmount(text, currency, locale)
  const minor = choice === 'all' ? refundable.amount : entered.ok ? entered.minor : null
  const error = choice === 'part' && isChecked ? amountError(minor, refundable) : undefined
  const money = { amount: minor ?? 0, currency }
  const needsSecond = alone !== null && money.amount > alone.amount

  const check = () => {
    setIsChecked(true)
    const isGood = amountError(minor, refundable) === undefined
    if (!isGood) inputRef.current?.focus()
    return isGood
  }
  const preview = (): Promise<Preview> => {
    const effect = refundEffect(pledge, refundable, money.amount)
    return Promise.resolve({
      count: 1,
      lines: [
        ...(needsSecond ? [t('admin.refund.needs_second', { amount: formatMoney(alone, locale) })] : []),
        t('admin.refund.goes_back', { amount: formatMoney(money, locale) }),
        ...(effect.fee.amount > 0 ? [t('admin.refund.fee', { amount: formatMoney(effect.fee, locale) })] : []),
        t(effect.isRest ? 'admin.refund.nothing_left' : 'admin.refund.left', { amount: formatMoney(effect.left, locale) }),
        t('admin.refund.events', { list: formatList([...effect.events]) }),
        t('admin.refund.totals'),
      ],
    })
  }
  const fields = (
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
  )
  return { money, text: formatMoney(money, locale), needsSecond, fields, inputs: `${choice} ${minor ?? ''}`, check, preview }
}

function amountError(minor: number | null, refundable: Money): string | undefined {
  if (minor === null || minor < 1) return t('admin.refund.amount_error', { currency: refundable.currency })
  if (minor > refundable.amount) return t('admin.refund.amount_too_high', { amount: formatMoney(refundable, locale) })
  return undefined
}
