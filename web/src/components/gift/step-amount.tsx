// SPDX-License-Identifier: Apache-2.0
import { locale, t } from '@/i18n'
import { isSoldOut } from '@/lib/campaign'
import { amountInputText, currencySymbol, formatMoney } from '@/lib/money'
import { placesText } from '../campaign/rewards'
import { Field, fieldProps, Input, Select } from '../ui/field'
import { RadioCard, RadioCards } from '../ui/radio-cards'
import { amountOf, chosenReward, leastAmount, presetsFor, QUANTITY_MAX } from './gift-schema'
import { StepFrame } from './step-frame'
import type { GiftFlow } from './use-gift-flow'

export function StepAmount({ flow }: { flow: GiftFlow }) {
  return (
    <StepFrame flow={flow} step={1}>
      <Amount flow={flow} />
      {flow.campaign.rewards.length > 0 && <RewardChoice flow={flow} />}
    </StepFrame>
  )
}

function Amount({ flow }: { flow: GiftFlow }) {
  const { campaign, form, values } = flow
  const error = form.formState.errors.amount?.message
  const chosen = amountOf(campaign, values.amount)
  const field = form.register('amount', {
    onBlur: () => {
      const amount = amountOf(campaign, form.getValues('amount'))
      if (amount !== null) form.setValue('amount', amountInputText(amount, locale))
    },
  })
  const setPreset = (minor: string) =>
    form.setValue('amount', amountInputText({ amount: Number(minor), currency: campaign.currency }, locale), {
      shouldValidate: form.formState.errors.amount !== undefined,
    })
  return (
    <div className="grid gap-4">
      <RadioCards
        legend={t('gift.presets')}
        name="preset"
        value={chosen === null ? '' : String(chosen.amount)}
        onChange={setPreset}
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
        label={t('gift.amount', {
          currency: campaign.currency,
          symbol: currencySymbol(campaign.currency, locale),
        })}
        hint={amountHint(flow)}
        error={error}
      >
        <Input
          {...field}
          {...fieldProps('gift-amount', error)}
          inputMode="decimal"
          autoComplete="off"
          className="figures max-w-56 text-xl font-bold"
        />
      </Field>
    </div>
  )
}

function amountHint({ campaign, values }: GiftFlow): string {
  const least = formatMoney(leastAmount(campaign, values), locale, 'round')
  if (campaign.max_pledge === null) return t('gift.amount_hint', { least })
  return t('gift.amount_hint_max', { least, most: formatMoney(campaign.max_pledge, locale, 'round') })
}

function RewardChoice({ flow }: { flow: GiftFlow }) {
  const { campaign, form, values } = flow
  const reward = chosenReward(campaign, values.rewardId)
  const choose = (rewardId: string, quantity: number) => {
    form.setValue('rewardId', rewardId)
    form.setValue('quantity', quantity)
    const least = leastAmount(campaign, { rewardId, quantity })
    const amount = amountOf(campaign, values.amount)
    if (amount === null || amount.amount < least.amount) {
      form.setValue('amount', amountInputText(least, locale), { shouldValidate: true })
    }
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
        <Field id="gift-quantity" label={t('gift.quantity')} error={form.formState.errors.quantity?.message}>
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
