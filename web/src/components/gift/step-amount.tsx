// SPDX-License-Identifier: Apache-2.0
import { locale, t } from '@/i18n'
import { isSoldOut } from '@/lib/campaign'
import { coveredCharge } from '@/lib/fee'
import { amountInputText, currencySymbol, formatMoney } from '@/lib/money'
import { placesText } from '../campaign/rewards'
import { Field, fieldProps, Input, Select } from '../ui/field'
import { RadioCard, RadioCards } from '../ui/radio-cards'
import { amountOf, chosenReward, leastAmount, presetsFor, QUANTITY_MAX } from './gift-rules'
import { StepFrame } from './step-frame'
import type { GiftFlow } from './use-gift-flow'

export function StepAmount({ flow }: { flow: GiftFlow }) {
  return (
    <StepFrame flow={flow} step={1}>
      <Amount flow={flow} />
      <FeeCover flow={flow} />
      {flow.campaign.rewards.length > 0 && <RewardChoice flow={flow} />}
    </StepFrame>
  )
}

function Amount({ flow }: { flow: GiftFlow }) {
  const { campaign, form } = flow
  const { values, errors } = form
  const error = errors.amount
  const chosen = amountOf(campaign, values.amount)
  const setMinor = (amount: number) =>
    form.set({ amount: amountInputText({ amount, currency: campaign.currency }, locale) })
  return (
    <div className="grid gap-4">
      <RadioCards
        legend={t('gift.presets')}
        name="preset"
        value={chosen === null ? '' : String(chosen.amount)}
        onChange={(minor) => setMinor(Number(minor))}
        className="xs:grid-cols-4 grid-cols-2"
      >
        {presetsFor(campaign).map((preset) => (
          <RadioCard key={preset.amount} value={String(preset.amount)} look="tile">
            {formatMoney(preset, locale, 'round')}
          </RadioCard>
        ))}
      </RadioCards>
      <Field
        id="gift-amount"
        label={t('gift.other_amount', { currency: currencyText(campaign.currency) })}
        hint={amountHint(flow)}
        error={error}
      >
        <Input
          {...fieldProps('gift-amount', error)}
          name="amount"
          value={values.amount}
          onChange={(event) => form.set({ amount: event.target.value })}
          onBlur={() => chosen !== null && setMinor(chosen.amount)}
          inputMode="decimal"
          autoComplete="off"
          className="figures max-w-56 text-xl font-bold"
        />
      </Field>
    </div>
  )
}

/** The choice to pay the fee on top, with what it comes to; nothing where there is no fee to cover. */
function FeeCover({ flow }: { flow: GiftFlow }) {
  const { campaign, form, fee } = flow
  const { values } = form
  if (fee == null) return null
  const gift = amountOf(campaign, values.amount)
  const covered = gift === null ? null : coveredCharge(gift, fee)
  return (
    <div className="border-line rounded-patch grid gap-2 border-2 px-4 py-3">
      <label htmlFor="gift-feeCover" className="flex cursor-pointer items-start gap-3">
        <input
          id="gift-feeCover"
          type="checkbox"
          checked={values.feeCover}
          onChange={(event) => form.set({ feeCover: event.target.checked })}
          aria-describedby="gift-feeCover-hint"
          className="accent-poppy mt-1 size-5 shrink-0"
        />
        <span className="font-semibold">
          {covered === null ? t('fee.cover_plain') : t('fee.cover', { fee: formatMoney(covered.fee, locale) })}
        </span>
      </label>
      <p id="gift-feeCover-hint" className="text-muted figures text-sm" aria-live="polite">
        {covered === null
          ? t('fee.text_plain')
          : values.feeCover
            ? t('fee.text_on', {
                gift: formatMoney(covered.gift, locale),
                fee: formatMoney(covered.fee, locale),
                total: formatMoney(covered.total, locale),
              })
            : t('fee.text_off', { gift: formatMoney(covered.gift, locale) })}
      </p>
    </div>
  )
}

/** "EUR (€)"; one of the two where they are the same. */
function currencyText(currency: string): string {
  const symbol = currencySymbol(currency, locale)
  // The symbol has a direction of its own.
  return symbol === currency ? currency : `${currency} (\u2068${symbol}\u2069)`
}

function amountHint({ campaign, form: { values } }: GiftFlow): string {
  const least = formatMoney(leastAmount(campaign, values), locale, 'round')
  if (campaign.max_pledge === null) return t('gift.amount_hint', { least })
  return t('gift.amount_hint_max', { least, most: formatMoney(campaign.max_pledge, locale, 'round') })
}

function RewardChoice({ flow }: { flow: GiftFlow }) {
  const { campaign, form } = flow
  const { values } = form
  const reward = chosenReward(campaign, values.rewardId)
  const choose = (rewardId: string, quantity: number) => {
    const least = leastAmount(campaign, { rewardId, quantity })
    const amount = amountOf(campaign, values.amount)
    const isEnough = amount !== null && amount.amount >= least.amount
    form.set({ rewardId, quantity, ...(isEnough ? {} : { amount: amountInputText(least, locale) }) })
  }
  const quantityMax = Math.min(reward?.remaining ?? QUANTITY_MAX, QUANTITY_MAX)
  return (
    <div className="grid gap-4">
      <RadioCards
        legend={t('gift.rewards')}
        name="reward"
        value={values.rewardId}
        onChange={(value) => choose(value, 1)}
      >
        <RadioCard id="gift-rewards" value="">
          <span className="font-semibold">{t('gift.no_reward')}</span>
        </RadioCard>
        {campaign.rewards.map((option) => (
          <RadioCard
            key={option.id}
            value={option.id}
            isDisabled={isSoldOut(option) && option.id !== values.rewardId}
          >
            <span className="grid min-w-0 flex-1">
              <span className="flex flex-wrap justify-between gap-x-4 font-semibold">
                <span>{option.title}</span>
                <span className="figures">
                  {t('reward.from', { amount: formatMoney(option.min_amount, locale, 'round') })}
                </span>
              </span>
              <span className="text-muted text-sm">{placesText(option)}</span>
            </span>
          </RadioCard>
        ))}
      </RadioCards>
      {reward !== null && quantityMax > 1 && (
        <Field id="gift-quantity" label={t('gift.quantity')} error={form.errors.quantity}>
          <Select
            {...fieldProps('gift-quantity', undefined, false)}
            value={values.quantity}
            onChange={(event) => choose(reward.id, Number(event.target.value))}
          >
            {Array.from({ length: quantityMax }, (_, index) => (
              <option key={index} value={index + 1}>
                {index + 1}
              </option>
            ))}
          </Select>
        </Field>
      )}
    </div>
  )
}
