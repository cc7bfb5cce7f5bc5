// SPDX-License-Identifier: Apache-2.0
import type { DisplayLevel } from '@/api/types'
import { t } from '@/i18n'
import { Field, fieldProps, Input, Textarea } from '../ui/field'
import { Notice } from '../ui/notice'
import { RadioCard, RadioCards } from '../ui/radio-cards'
import { DISPLAY_LEVELS, MESSAGE_MAX, showsMessage, textLength } from './gift-schema'
import { StepFrame } from './step-frame'
import type { GiftFlow } from './use-gift-flow'

export function StepDetails({ flow }: { flow: GiftFlow }) {
  const { register, formState } = flow.form
  const { errors } = formState
  return (
    <StepFrame flow={flow} step={2}>
      <Field id="gift-name" label={t('gift.name')} hint={t('gift.name_hint')} error={errors.name?.message}>
        <Input {...register('name')} {...fieldProps('gift-name', errors.name?.message)} autoComplete="name" dir="auto" />
      </Field>
      <Field id="gift-email" label={t('gift.email')} hint={t('gift.email_hint')} error={errors.email?.message}>
        <Input
          {...register('email')}
          {...fieldProps('gift-email', errors.email?.message)}
          type="email"
          autoComplete="email"
          spellCheck={false}
        />
      </Field>
      <DisplayChoice flow={flow} />
      <Message flow={flow} />
    </StepFrame>
  )
}

function DisplayChoice({ flow }: { flow: GiftFlow }) {
  return (
    <div className="grid gap-3">
      <RadioCards
        legend={t('gift.display')}
        name="display"
        value={flow.values.display}
        onChange={(value) => flow.form.setValue('display', value as DisplayLevel)}
      >
        {DISPLAY_LEVELS.map((level, index) => (
          <RadioCard key={level} value={level} id={index === 0 ? 'gift-displays' : undefined}>
            <span className="grid">
              <span className="font-semibold">{t(`display.${level}`)}</span>
              <span className="text-muted text-sm">{t(`display.${level}_text`)}</span>
            </span>
          </RadioCard>
        ))}
      </RadioCards>
      <Notice className="text-sm">{t('display.honest', { owner: flow.campaign.owner.name })}</Notice>
    </div>
  )
}

function Message({ flow }: { flow: GiftFlow }) {
  const error = flow.form.formState.errors.message?.message
  const left = MESSAGE_MAX - textLength(flow.values.message)
  return (
    <Field
      id="gift-message"
      label={t('gift.message')}
      hint={
        <>
          {t(showsMessage(flow.values.display) ? 'gift.message_public' : 'gift.message_private')}{' '}
          <span className="figures">{t('gift.message_left', { left })}</span>
        </>
      }
      error={error}
    >
      <Textarea {...flow.form.register('message')} {...fieldProps('gift-message', error)} dir="auto" rows={3} />
    </Field>
  )
}
