// SPDX-License-Identifier: Apache-2.0
import { Link } from '@tanstack/react-router'
import type { DisplayLevel } from '@/api/types'
import { t } from '@/i18n'
import { Extra } from '../load-extra'
import { Field, fieldProps, Input, Textarea } from '../ui/field'
import { Notice } from '../ui/notice'
import { RadioCard, RadioCards } from '../ui/radio-cards'
import { DISPLAY_LEVELS } from '@/lib/gift-draft'
import { textLength } from '@/lib/text'
import { MESSAGE_MAX, showsMessage } from './gift-rules'
import { StepFrame } from './step-frame'
import { givePath, type GiftFlow } from './use-gift-flow'

export function StepDetails({ flow }: { flow: GiftFlow }) {
  const { values, errors, set } = flow.form
  return (
    <StepFrame flow={flow} step={2}>
      <Sender flow={flow} />
      <Field id="gift-name" label={t('gift.name')} hint={t('gift.name_hint')} error={errors.name}>
        <Input
          {...fieldProps('gift-name', errors.name)}
          name="name"
          value={values.name}
          onChange={(event) => set({ name: event.target.value })}
          autoComplete="name"
          dir="auto"
        />
      </Field>
      <Field id="gift-email" label={t('gift.email')} hint={t('gift.email_hint')} error={errors.email}>
        <Input
          {...fieldProps('gift-email', errors.email)}
          name="email"
          value={values.email}
          onChange={(event) => set({ email: event.target.value })}
          type="email"
          autoComplete="email"
          spellCheck={false}
          dir="ltr"
          className="rtl:text-end"
        />
      </Field>
      <DisplayChoice flow={flow} />
      <Message flow={flow} />
      {flow.campaign.news_offered && <Extra part="NewsChoice" flow={flow} />}
    </StepFrame>
  )
}

/** With the account or as a guest; a log-in comes back to what was entered. */
function Sender({ flow }: { flow: GiftFlow }) {
  if (flow.account !== null) return <p className="text-muted">{t('gift.as_account', { name: flow.account.name })}</p>
  return (
    <p className="text-muted text-sm">
      {t('gift.as_guest')}{' '}
      <Link to="/login" search={{ return: givePath(flow) }} className="underline decoration-2 underline-offset-4">
        {t('nav.login')}
      </Link>
    </p>
  )
}

function DisplayChoice({ flow }: { flow: GiftFlow }) {
  return (
    <div className="grid gap-3">
      <RadioCards
        legend={t('gift.display')}
        name="display"
        value={flow.form.values.display}
        onChange={(value) => flow.form.set({ display: value as DisplayLevel })}
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
  const { values, errors, set } = flow.form
  const error = errors.message
  const left = MESSAGE_MAX - textLength(values.message)
  return (
    <Field
      id="gift-message"
      label={t('gift.message')}
      hint={
        <>
          {t(showsMessage(values.display) ? 'gift.message_public' : 'gift.message_private')}{' '}
          <span className="figures">{t('gift.message_left', { left })}</span>
        </>
      }
      error={error}
    >
      <Textarea
        {...fieldProps('gift-message', error)}
        name="message"
        value={values.message}
        onChange={(event) => set({ message: event.target.value })}
        dir="auto"
        rows={3}
      />
    </Field>
  )
}
