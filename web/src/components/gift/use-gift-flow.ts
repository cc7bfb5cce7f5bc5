// SPDX-License-Identifier: Apache-2.0
// The donation as a state: three steps, then one request, then a pledge to
// watch. Everything is written to the session's storage before it is sent.
import { zodResolver } from '@hookform/resolvers/zod'
import { useCallback, useEffect, useEffectEvent, useRef, useState } from 'react'
import { useForm, useWatch, type UseFormReturn } from 'react-hook-form'
import { postPledge } from '@/api/client'
import type { Campaign } from '@/api/types'
import {
  attemptFor,
  clearDraft,
  loadDraft,
  saveDraft,
  type GiftAttempt,
  type GiftDraft,
  type GiftValues,
} from '@/lib/gift-draft'
import { fieldsOfStep, giftSchema, initialValues, requestBody, stepOfField } from './gift-schema'
import { explain, interruptedRefusal, type Refusal } from './refusal'

export type GiftStep = 1 | 2 | 3

export type GiftFlow = {
  campaign: Campaign
  form: UseFormReturn<GiftValues>
  values: GiftValues
  step: GiftStep
  isSending: boolean
  refusal: Refusal | null
  result: GiftDraft['result']
  /** An earlier try may have gone through, so the gift cannot be changed now. */
  isLocked: boolean
  /** Grows whenever the view changes and its heading should take the focus. */
  viewChanges: number
  goTo: (step: GiftStep) => void
  next: () => Promise<void>
  confirm: () => Promise<void>
  startOver: () => void
  /** Takes the gift out of the storage once it has come to its end. */
  forget: () => void
}

export function useGiftFlow(campaign: Campaign, rewardId: string | null): GiftFlow {
  const [loaded] = useState(() => loadDraft(campaign.id, sessionStorage))
  const [step, setStep] = useState<GiftStep>((loaded?.step ?? 1) as GiftStep)
  const [attempt, setAttempt] = useState<GiftAttempt | null>(loaded?.attempt ?? null)
  const [result, setResult] = useState<GiftDraft['result']>(loaded?.result ?? null)
  const [refusal, setRefusal] = useState<Refusal | null>(() =>
    loaded?.attempt?.isSent === true && loaded.result === null ? interruptedRefusal() : null,
  )
  const [isSending, setIsSending] = useState(false)
  const [viewChanges, setViewChanges] = useState(0)
  const sending = useRef(false)
  const hasRepeated = useRef(false)
  const form = useForm<GiftValues>({
    resolver: zodResolver(giftSchema(campaign)),
    defaultValues: startValues(campaign, loaded, rewardId),
    mode: 'onSubmit',
    reValidateMode: 'onChange',
    shouldFocusError: false,
  })
  const values = useWatch({ control: form.control }) as GiftValues
  const isLocked = refusal?.isUnknown === true || isSending

  useEffect(() => {
    saveDraft(campaign.id, { step, values, attempt, result }, sessionStorage)
  }, [campaign.id, step, values, attempt, result])

  const goTo = useCallback((target: GiftStep) => {
    setStep(target)
    setViewChanges((changes) => changes + 1)
  }, [])

  const next = async () => {
    if (step === 3) return
    const isValid = await form.trigger([...fieldsOfStep(step)])
    if (!isValid) return
    setRefusal(null)
    goTo(step === 1 ? 2 : 3)
  }

  const settle = (sent: GiftAttempt, outcome: Refusal) => {
    setAttempt(outcome.needsNewKey ? null : { ...sent, isSent: outcome.isUnknown })
    setRefusal(outcome)
    for (const { field, message } of outcome.fields) form.setError(field, { type: 'server', message })
    const first = outcome.fields[0]
    if (first !== undefined) goTo(stepOfField(first.field))
  }

  const send = async () => {
    if (sending.current) return
    sending.current = true
    const isRepeat = refusal?.isUnknown === true && attempt !== null
    const sent = { ...(isRepeat ? attempt : attemptFor(attempt, requestBody(campaign, values))), isSent: true }
    saveDraft(campaign.id, { step: 3, values, attempt: sent, result: null }, sessionStorage)
    setAttempt(sent)
    setIsSending(true)
    try {
      const { id, token } = await postPledge(campaign.id, sent.key, sent.body)
      setRefusal(null)
      setResult({ id, token })
      setViewChanges((changes) => changes + 1)
    } catch (error) {
      settle(sent, explain(error, campaign, !hasRepeated.current))
    } finally {
      sending.current = false
      setIsSending(false)
    }
  }

  const confirm = () => {
    hasRepeated.current = false
    return send()
  }

  const repeat = () => {
    hasRepeated.current = true
    void send()
  }

  const forget = useCallback(() => clearDraft(campaign.id, sessionStorage), [campaign.id])

  const startOver = () => {
    clearDraft(campaign.id, sessionStorage)
    const kept = { name: values.name, email: values.email, display: values.display }
    form.reset({ ...initialValues(campaign, new URLSearchParams()), ...kept })
    setAttempt(null)
    setResult(null)
    setRefusal(null)
    goTo(1)
  }

  useRepeat(isSending ? null : refusal, repeat)
  return {
    campaign,
    form,
    values,
    step,
    isSending,
    refusal,
    result,
    isLocked,
    viewChanges,
    goTo,
    next,
    confirm,
    startOver,
    forget,
  }
}

/** Sends the same request again after the time the server named, or when the network is back. */
function useRepeat(refusal: Refusal | null, repeat: () => void): void {
  const onTime = useEffectEvent(repeat)
  useEffect(() => {
    if (refusal === null) return
    if (refusal.retryAfterS !== null) {
      const timer = setTimeout(onTime, refusal.retryAfterS * 1000)
      return () => clearTimeout(timer)
    }
    if (!refusal.isUnknown || navigator.onLine) return
    const onOnline = () => onTime()
    addEventListener('online', onOnline)
    return () => removeEventListener('online', onOnline)
  }, [refusal])
}

function startValues(campaign: Campaign, loaded: GiftDraft | null, rewardId: string | null): GiftValues {
  const search = new URLSearchParams(location.search)
  if (rewardId !== null) search.set('reward', rewardId)
  const fresh = initialValues(campaign, search)
  if (loaded === null) return fresh
  const isMidway = loaded.step > 1 || rewardId === null
  if (isMidway) return loaded.values
  return { ...loaded.values, rewardId: fresh.rewardId, quantity: 1, amount: fresh.amount }
}
