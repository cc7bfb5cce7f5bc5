// SPDX-License-Identifier: Apache-2.0
// The donation as a state: three steps, then one request, then a pledge to
// watch. Everything is written to the session's storage before it is sent.
import { useQuery } from '@tanstack/react-query'
import { useCallback, useEffect, useEffectEvent, useRef, useState } from 'react'
import { postPledge } from '@/api/client'
import { feesQuery } from '@/api/queries'
import { accessToken, currentSession, useSession } from '@/api/session'
import type { Account, Campaign, Fee } from '@/api/types'
import { feeFor, type Charge } from '@/lib/fee'
import {
  attemptFor,
  clearDraft,
  dropSharedKey,
  loadDraft,
  renewedDraft,
  saveDraft,
  sharedKey,
  type GiftAttempt,
  type GiftDraft,
  type GiftValues,
} from '@/lib/gift-draft'
import { locale } from '@/i18n'
import { amountInputText, parseAmount } from '@/lib/money'
import { useGiftHistory, type GiftPlace, type GiftStep } from './gift-place'
import {
  chargeOf,
  emptyValues,
  fieldsOfStep,
  requestBody,
  stepOfField,
  withLink,
} from './gift-rules'
import { useGiftForm, type GiftForm } from './use-gift-form'
import { explain, interruptedRefusal, otherSender, UnsentError, withoutRepeat, type Refusal } from './refusal'

export type GiftFlow = {
  campaign: Campaign
  form: GiftForm
  /** The account that gives; null for a guest. */
  account: Account | null
  /** The provider's fee, where it can be covered; undefined until it is known. */
  fee: Fee | null | undefined
  charge: Charge | null
  step: GiftStep
  isSending: boolean
  refusal: Refusal | null
  result: GiftDraft['result']
  /** An earlier try may have gone through, so the gift cannot be changed now. */
  isLocked: boolean
  /** Grows whenever the view changes and its heading should take the focus. */
  viewChanges: number
  goTo: (step: GiftStep) => void
  next: () => void
  confirm: () => Promise<void>
  /** A further gift; the donor stays, the amount is chosen anew. */
  startOver: () => void
  /** The same gift once more, after its payment has failed. */
  tryAnew: () => void
  /** The pledge has come to its end; the gift is not opened again by itself. */
  end: () => void
  /** Takes the gift out of the storage. */
  forget: () => void
}

export function useGiftFlow(campaign: Campaign): GiftFlow {
  const history = useGiftHistory()
  const [start] = useState(() => startOf(campaign, history.place))
  const [attempt, setAttempt] = useState<GiftAttempt | null>(start.attempt)
  const [result, setResult] = useState<GiftDraft['result']>(start.result)
  const [refusal, setRefusal] = useState<Refusal | null>(() =>
    start.attempt?.isSent === true && start.result === null ? interruptedRefusal() : null,
  )
  const [isSending, setIsSending] = useState(false)
  const [viewChanges, setViewChanges] = useState(0)
  const sending = useRef(false)
  const hasRepeated = useRef(false)

  const fees = useQuery(feesQuery)
  const fee = fees.data === undefined ? undefined : feeFor(fees.data, campaign.currency)
  const form = useGiftForm(campaign, fee ?? null, start.values)
  const { values } = form
  const isLocked = refusal?.isUnknown === true || isSending
  const step = isLocked ? 3 : (history.place?.step ?? start.step)

  useEffect(() => {
    saveDraft(campaign.id, { step, values, attempt, result, origin: start.origin }, sessionStorage)
  }, [campaign.id, step, values, attempt, result, start.origin])

  const { account } = useSession()
  const { set } = form
  useEffect(() => {
    if (account === null) return
    set((known) => ({
      name: known.name === '' ? account.name : known.name,
      email: known.email === '' ? account.email : known.email,
    }))
  }, [account, set])

  // What was typed in one language is written anew for the next: "1.500" is not 1,500 everywhere.
  const spoken = useRef(locale)
  useEffect(() => {
    if (spoken.current === locale) return
    const parsed = parseAmount(values.amount, campaign.currency, spoken.current)
    spoken.current = locale
    if (!parsed.ok) return
    set({ amount: amountInputText({ amount: parsed.minor, currency: campaign.currency }, locale) })
  })

  // Steps also change by the browser's own "back"; the heading takes the focus each time.
  const shown = useRef(step)
  useEffect(() => {
    if (shown.current === step) return
    shown.current = step
    setViewChanges((changes) => changes + 1)
  }, [step])

  const goTo = (target: GiftStep) => {
    setRefusal(withoutRepeat)
    history.goTo(target)
  }

  const attemptOf = (sender: string | null) => {
    const body = requestBody(campaign, values, fee ?? null)
    const makeKey = () => sharedKey(campaign.id, `${sender ?? ''} ${body}`, localStorage, Date.now())
    return attemptFor(attempt, body, sender, makeKey)
  }

  const next = () => {
    if (step === 3 || !form.check(fieldsOfStep(step))) return
    setRefusal(null)
    if (step === 2) setAttempt(attemptOf(account?.id ?? null))
    history.goTo(step === 1 ? 2 : 3)
  }

  const settle = (sent: GiftAttempt, outcome: Refusal) => {
    if (outcome.needsNewKey) dropSharedKey(campaign.id, sent.key, localStorage)
    setAttempt(outcome.needsNewKey ? null : { ...sent, isSent: outcome.isUnknown })
    setRefusal(outcome)
    form.refuse(Object.fromEntries(outcome.fields.map(({ field, message }) => [field, message])))
    const first = outcome.fields[0]
    if (first !== undefined) history.goTo(stepOfField(first.field))
  }

  const send = async () => {
    if (sending.current) return
    sending.current = true
    setIsSending(true)
    const isRepeat = refusal?.isUnknown === true && attempt !== null
    const state = { mayRepeat: !hasRepeated.current, wasUnknown: isRepeat }
    try {
      const sender = await senderId()
      if (isRepeat && attempt.account !== sender) {
        setRefusal(otherSender(attempt.account))
        return
      }
      const sent = { ...(isRepeat ? attempt : attemptOf(sender)), isSent: true }
      saveDraft(campaign.id, { step: 3, values, attempt: sent, result: null, origin: start.origin }, sessionStorage)
      setAttempt(sent)
      try {
        const { id, token, isReplay } = await postPledge(campaign.id, sent.key, sent.body)
        setRefusal(null)
        setResult({ id, token, isReplay, isOver: false })
        setViewChanges((changes) => changes + 1)
      } catch (error) {
        settle(sent, explain(error, campaign, state))
      }
    } catch (error) {
      setRefusal(explain(error, campaign, state))
    } finally {
      sending.current = false
      setIsSending(false)
    }
  }

  const confirm = async () => {
    hasRepeated.current = false
    if (refusal?.isUnknown !== true) {
      const faulty = ([1, 2] as const).find((one) => !form.check(fieldsOfStep(one)))
      if (faulty !== undefined) {
        goTo(faulty)
        return
      }
    }
    await send()
  }

  const repeat = () => {
    hasRepeated.current = true
    void send()
  }

  const forget = () => {
    clearDraft(campaign.id, sessionStorage)
    if (attempt !== null) dropSharedKey(campaign.id, attempt.key, localStorage)
  }

  const end = useCallback(() => setResult((known) => known && { ...known, isOver: true }), [])

  const renew = (next: GiftValues, at: GiftStep) => {
    forget()
    form.reset(next)
    setAttempt(null)
    setResult(null)
    setRefusal(null)
    setViewChanges((changes) => changes + 1)
    history.goTo(at)
  }
  const startOver = () => renew(againValues(campaign, values), 1)
  const tryAnew = () => renew(values, 3)

  useRepeat(isSending ? null : refusal, repeat)
  return {
    campaign,
    form,
    account,
    fee,
    charge: chargeOf(campaign, values, fee ?? null),
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
    tryAnew,
    end,
    forget,
  }
}

/** The plain page of the donation, where a log-in comes back to. */
export function givePath({ campaign }: GiftFlow): string {
  return `/campaigns/${campaign.slug}/give`
}

/** Who sends: the account or, null, a guest. Nothing is sent while that is not known. */
async function senderId(): Promise<string | null> {
  if (!navigator.onLine) throw new UnsentError()
  try {
    await accessToken()
  } catch {
    throw new UnsentError()
  }
  return currentSession().account?.id ?? null
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
    if (!refusal.waitsForNetwork) return
    const onOnline = () => onTime()
    addEventListener('online', onOnline)
    return () => removeEventListener('online', onOnline)
  }, [refusal])
}

/** Where the donation begins: what the session has kept, and what the link or the chosen reward adds. */
function startOf(campaign: Campaign, place: GiftPlace | null): GiftDraft & { step: GiftStep } {
  const loaded = keptDraft(campaign, place)
  const isUnderWay = loaded !== null && (loaded.result !== null || loaded.attempt?.isSent === true)
  const search = new URLSearchParams(location.search)
  if (place?.rewardId != null) search.set('reward', place.rewardId)
  const origin = search.size > 0 ? `${search} ${place?.openedAt ?? 0}` : (loaded?.origin ?? '')
  const isNewLink = search.size > 0 && origin !== loaded?.origin && !isUnderWay
  const values = loaded?.values ?? emptyValues(campaign)
  return {
    step: (isNewLink ? 1 : (loaded?.step ?? 1)) as GiftStep,
    values: isNewLink ? withLink(campaign, values, search) : values,
    attempt: loaded?.attempt ?? null,
    result: loaded?.result ?? null,
    origin,
  }
}

/** "Back" shows a gift that is over once more; opened anew, the next one begins. */
function keptDraft(campaign: Campaign, place: GiftPlace | null): GiftDraft | null {
  const loaded = loadDraft(campaign.id, sessionStorage)
  if (loaded?.result?.isOver !== true || place !== null) return loaded
  if (loaded.attempt !== null) dropSharedKey(campaign.id, loaded.attempt.key, localStorage)
  return renewedDraft(loaded)
}

/** A further gift: who gives is known, what is given is not. */
export function againValues(campaign: Campaign, { name, email, display }: GiftValues): GiftValues {
  return { ...emptyValues(campaign), name, email, display }
}
