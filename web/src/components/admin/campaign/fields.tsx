// SPDX-License-Identifier: Apache-2.0
// The fields of a campaign's form, in four groups.
import type { ReactNode } from 'react'
import type { UseFormReturn } from 'react-hook-form'
import type { ManagedCampaign } from '@/api/admin-campaigns'
import { textLength } from '@/lib/text'
import { Field, fieldProps, Input, Select, Textarea } from '@/components/ui/field'
import { locale, t } from '@/i18n'
import { localZone } from '@/lib/local-time'
import { amountInputText, currencySymbol } from '@/lib/money'
import { CATEGORIES, isFixed, MAX_LENGTHS, moneyOf, type CampaignField, type CampaignValues } from './form'
import { problemText } from './problems'
import { categoryText } from './words'

type FieldsProps = {
  form: UseFormReturn<CampaignValues>
  values: CampaignValues
  /** Null while the campaign is being made. */
  state: ManagedCampaign['state'] | null
  /** A copy keeps the currency, in which its rewards are. */
  isCopy?: boolean
}

export function CampaignFields({ form, values, state, isCopy = false }: FieldsProps) {
  const props = { form, values, state }
  return (
    <div className="grid min-w-0 gap-8">
      <Group legend={t('admin.edit.group_what')}>
        <Line {...props} field="title" />
        <Line {...props} field="ownerName" hint={t('admin.edit.ownerName_hint')} />
        <Category {...props} />
        <Line {...props} field="slug" hint={t(state === null ? 'admin.edit.slug_hint_new' : 'admin.edit.slug_hint')} />
      </Group>
      <Group legend={t('admin.edit.group_story')}>
        <Text {...props} field="summary" rows={3} hint={t('admin.edit.summary_hint')} />
        <Text {...props} field="story" rows={14} hint={t('admin.edit.story_hint')} />
      </Group>
      <Group legend={t('admin.edit.group_money')}>
        {state === null && !isCopy && <Currency {...props} />}
        <Amount {...props} field="goal" />
        <Amount {...props} field="cap" hint={t('admin.edit.cap_hint')} />
        <div className="grid gap-5 sm:grid-cols-2">
          <Amount {...props} field="minPledge" hint={t(state === null ? 'admin.edit.minPledge_hint_new' : 'admin.edit.minPledge_hint')} />
          <Amount {...props} field="maxPledge" hint={t('admin.edit.maxPledge_hint')} />
        </div>
        <Releases {...props} />
        <Switch {...props} field="newsOffered" hint={t('admin.edit.newsOffered_hint')} />
      </Group>
      <Group legend={t('admin.edit.group_time')}>
        <p className="text-muted text-sm">{t('admin.edit.zone', { zone: localZone() })}</p>
        <div className="grid gap-5 sm:grid-cols-2 xl:grid-cols-1">
          <Moment {...props} field="startsAt" hint={state === null ? t('admin.edit.startsAt_hint_new') : undefined} />
          <Moment {...props} field="endsAt" hint={t('admin.edit.endsAt_hint')} />
        </div>
      </Group>
    </div>
  )
}

export function fieldLabel(field: CampaignField, currency: string): string {
  switch (field) {
    case 'goal':
    case 'cap':
    case 'minPledge':
    case 'maxPledge':
      return t('admin.edit.with_currency', { label: t(`admin.edit.${field}`), symbol: currencySymbol(currency, locale) })
    default:
      return t(`admin.edit.${field}`)
  }
}

export const fieldId = (field: CampaignField): string => `campaign-${field}`

function Group({ legend, children }: { legend: string; children: ReactNode }) {
  return (
    <fieldset className="grid min-w-0 gap-5">
      <legend className="font-display mb-4 text-xl font-bold">{legend}</legend>
      {children}
    </fieldset>
  )
}

type OneProps<Name extends CampaignField> = FieldsProps & { field: Name; hint?: string | undefined }

function Line({ form, values, state, field, hint }: OneProps<'title' | 'ownerName' | 'slug'>) {
  const id = fieldId(field)
  const error = problemText(form.formState.errors[field]?.message, { max: MAX_LENGTHS[field] })
  const isKept = isFixed(field, state)
  const said = isKept ? t('admin.edit.fixed_published') : hint
  return (
    <Field id={id} label={fieldLabel(field, values.currency)} hint={said} error={error}>
      <Input
        {...form.register(field)}
        {...fieldProps(id, error, said !== undefined)}
        readOnly={isKept}
        autoComplete="off"
        spellCheck={field !== 'slug'}
        dir={field === 'slug' ? 'ltr' : 'auto'}
        className={isKept ? 'bg-sunk' : undefined}
      />
    </Field>
  )
}

function Text({ form, values, field, hint, rows }: OneProps<'summary' | 'story'> & { rows: number }) {
  const id = fieldId(field)
  const max = MAX_LENGTHS[field]
  const error = problemText(form.formState.errors[field]?.message, { max })
  return (
    <Field
      id={id}
      label={fieldLabel(field, values.currency)}
      hint={
        <>
          {hint} <span className="figures">{t('admin.edit.left', { left: max - textLength(values[field]) })}</span>
        </>
      }
      error={error}
    >
      <Textarea {...form.register(field)} {...fieldProps(id, error)} rows={rows} dir="auto" />
    </Field>
  )
}

function Category({ form, values }: FieldsProps) {
  const id = fieldId('category')
  const error = problemText(form.formState.errors.category?.message)
  const known: readonly string[] = CATEGORIES
  const options = known.includes(values.category) ? known : [values.category, ...known]
  return (
    <Field id={id} label={t('admin.edit.category')} error={error}>
      <Select {...form.register('category')} {...fieldProps(id, error, false)}>
        {options.map((category) => (
          <option key={category} value={category}>
            {known.includes(category) ? categoryText(category) : category}
          </option>
        ))}
      </Select>
    </Field>
  )
}

function Currency({ form }: FieldsProps) {
  const id = fieldId('currency')
  const error = problemText(form.formState.errors.currency?.message)
  const names = new Intl.DisplayNames(locale, { type: 'currency' })
  return (
    <Field id={id} label={t('admin.edit.currency')} hint={t('admin.edit.currency_hint')} error={error}>
      <Select {...form.register('currency')} {...fieldProps(id, error)} className="max-w-full">
        {CURRENCIES.map((code) => (
          <option key={code} value={code}>
            {code} · {names.of(code)}
          </option>
        ))}
      </Select>
    </Field>
  )
}

const CURRENCIES = [
  'EUR', 'USD', 'GBP', 'CHF', 'AED', 'ARS', 'AUD', 'BDT', 'BGN', 'BHD', 'BRL', 'CAD', 'CLP', 'CNY', 'COP', 'CZK', 'DKK', 'EGP', 'GHS',
  'HKD', 'HUF', 'IDR', 'ILS', 'INR', 'ISK', 'JOD', 'JPY', 'KES', 'KRW', 'KWD', 'LKR', 'MAD', 'MXN', 'MYR', 'NGN', 'NOK', 'NPR', 'NZD',
  'OMR', 'PEN', 'PHP', 'PKR', 'PLN', 'QAR', 'RON', 'RSD', 'SAR', 'SEK', 'SGD', 'THB', 'TND', 'TRY', 'TWD', 'TZS', 'UAH', 'UGX', 'VND',
  'XAF', 'XOF', 'ZAR',
] as const

function Amount({ form, values, state, field, hint }: OneProps<'goal' | 'cap' | 'minPledge' | 'maxPledge'>) {
  const id = fieldId(field)
  const error = problemText(form.formState.errors[field]?.message, { currency: values.currency })
  const isKept = isFixed(field, state)
  const said = isKept ? t('admin.edit.fixed_closed') : hint
  const register = form.register(field, {
    onBlur: () => {
      const money = moneyOf(form.getValues(field), values.currency, locale)
      if (money !== null) form.setValue(field, amountInputText(money, locale))
    },
  })
  return (
    <Field id={id} label={fieldLabel(field, values.currency)} hint={said} error={error}>
      <Input
        {...register}
        {...fieldProps(id, error, said !== undefined)}
        inputMode="decimal"
        autoComplete="off"
        readOnly={isKept}
        className={isKept ? 'figures bg-sunk max-w-56' : 'figures max-w-56'}
      />
    </Field>
  )
}

function Moment({ form, values, state, field, hint }: OneProps<'startsAt' | 'endsAt'>) {
  const id = fieldId(field)
  const error = problemText(form.formState.errors[field]?.message)
  const isKept = isFixed(field, state)
  const said = isKept ? t('admin.edit.fixed_closed') : hint
  return (
    <Field id={id} label={fieldLabel(field, values.currency)} hint={said} error={error}>
      <Input {...form.register(field)} {...fieldProps(id, error, said !== undefined)} type="datetime-local" readOnly={isKept} className={isKept ? 'bg-sunk' : undefined} />
    </Field>
  )
}

function Switch({ form, values, field, hint, isKept = false }: FieldsProps & { field: 'refundReleases' | 'newsOffered'; hint: string; isKept?: boolean }) {
  return (
    <div className="grid gap-1">
      <label className="flex min-h-8 items-start gap-3 font-semibold">
        <input
          type="checkbox"
          disabled={isKept}
          checked={values[field]}
          onChange={(event) => form.setValue(field, event.target.checked)}
          aria-describedby={`campaign-${field}-hint`}
          className="accent-poppy mt-1 size-5 shrink-0"
        />
        {t(`admin.edit.${field}`)}
      </label>
      <p id={`campaign-${field}-hint`} className="text-muted ms-8 text-sm">
        {hint}
      </p>
    </div>
  )
}

function Releases(props: FieldsProps) {
  const isKept = isFixed('refundReleases', props.state)
  return (
    <Switch {...props} field="refundReleases" isKept={isKept} hint={t(isKept ? 'admin.edit.fixed_published' : 'admin.edit.refundReleases_hint')} />
  )
}
