// SPDX-License-Identifier: Apache-2.0
// What a donor may do with a pledge: take it back while it is pending, ask for the money
// once it is confirmed. Each asks once more before it is done, and says what follows.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState, type ReactNode } from 'react'
import { ApiError, cancelPledge, requestRefund } from '@/api/client'
import { keys } from '@/api/queries'
import type { Pledge } from '@/api/types'
import { formatDateTime, locale, t } from '@/i18n'
import { formatMoney } from '@/lib/money'
import { textLength } from '@/lib/text'
import { Button } from '../ui/button'
import { Field, fieldProps, Textarea } from '../ui/field'
import { Notice } from '../ui/notice'

const REFUND_MESSAGE_MAX = 1000

export function PledgeActions({ pledge, token }: { pledge: Pledge; token: string }) {
  if (pledge.state === 'pending' && pledge.cancel_requested_at === null) {
    return <Cancel pledge={pledge} token={token} />
  }
  const mayAsk = pledge.refund_request === null || pledge.refund_request.state === 'declined'
  if (pledge.state === 'confirmed' && mayAsk) return <AskRefund pledge={pledge} token={token} />
  return null
}

function Cancel({ pledge, token }: { pledge: Pledge; token: string }) {
  const queryClient = useQueryClient()
  const [isAsked, setIsAsked] = useState(false)
  const cancel = useMutation({
    mutationFn: () => cancelPledge(pledge.id, token),
    onSuccess: (read) => queryClient.setQueryData(keys.pledge(pledge.id), read),
    // Whatever stood in the way, the newest state says it best.
    onError: () => void queryClient.invalidateQueries({ queryKey: keys.pledge(pledge.id) }),
  })
  return (
    <Asking
      isOpen={isAsked}
      opener={
        <Button variant="outline" onClick={() => setIsAsked(true)}>
          {t('pledge.cancel')}
        </Button>
      }
    >
      <Notice
        tone="warn"
        heading={t('pledge.cancel_ask')}
        actions={
          <>
            <Button aria-disabled={cancel.isPending} onClick={() => !cancel.isPending && cancel.mutate()}>
              {t(cancel.isPending ? 'action.sending' : 'pledge.cancel_yes')}
            </Button>
            <Button variant="outline" onClick={() => setIsAsked(false)}>
              {t('pledge.cancel_no')}
            </Button>
          </>
        }
      >
        {t('pledge.cancel_text')}
        <Fault error={cancel.error} />
      </Notice>
    </Asking>
  )
}

function AskRefund({ pledge, token }: { pledge: Pledge; token: string }) {
  const queryClient = useQueryClient()
  const [isAsked, setIsAsked] = useState(false)
  const [message, setMessage] = useState('')
  const [error, setError] = useState<string>()
  const ask = useMutation({
    mutationFn: () => requestRefund(pledge.id, token, message.trim()),
    onSettled: () => void queryClient.invalidateQueries({ queryKey: keys.pledge(pledge.id) }),
  })
  const submit = (event: React.SyntheticEvent) => {
    event.preventDefault()
    const length = textLength(message.trim())
    const fault =
      length === 0 ? t('pledge.refund_empty') : length > REFUND_MESSAGE_MAX ? t('pledge.refund_long') : undefined
    setError(fault)
    if (fault !== undefined) document.getElementById('refund-message')?.focus()
    else if (!ask.isPending) ask.mutate()
  }
  return (
    <Asking
      isOpen={isAsked}
      opener={
        <Button variant="outline" onClick={() => setIsAsked(true)}>
          {t('pledge.refund')}
        </Button>
      }
    >
      <form noValidate onSubmit={submit} className="border-line rounded-patch grid gap-4 border-2 p-5">
        <p>{t('pledge.refund_text', { amount: formatMoney(pledge.amount, locale) })}</p>
        <Field
          id="refund-message"
          label={t('pledge.refund_message')}
          hint={t('pledge.refund_hint')}
          error={error}
        >
          <Textarea
            {...fieldProps('refund-message', error)}
            dir="auto"
            rows={3}
            value={message}
            onChange={(event) => setMessage(event.target.value)}
          />
        </Field>
        <Fault error={ask.error} />
        <div className="flex flex-wrap gap-3">
          <Button type="submit" aria-disabled={ask.isPending}>
            {t(ask.isPending ? 'action.sending' : 'pledge.refund_send')}
          </Button>
          <Button variant="outline" onClick={() => setIsAsked(false)}>
            {t('pledge.cancel_no')}
          </Button>
        </div>
      </form>
    </Asking>
  )
}

/** What became of the donor's wish to have the money back. */
export function RequestState({ pledge }: { pledge: Pledge }) {
  const request = pledge.refund_request
  if (request === null) return null
  return (
    <Notice
      tone={request.state === 'declined' ? 'warn' : 'info'}
      role="status"
      heading={t(`pledge.request_${request.state}`)}
      data-request={request.state}
    >
      <p>{t(`pledge.request_${request.state}_text`)}</p>
      <p className="mt-2 text-sm">
        <span className="text-muted">{formatDateTime(request.created_at)}</span>
        <span className="block whitespace-pre-line" dir="auto">
          {request.message}
        </span>
      </p>
      {request.note !== '' && (
        <p className="mt-2">
          <span className="text-muted block text-sm">{t('pledge.request_note')}</span>
          <span className="block whitespace-pre-line" dir="auto">
            {request.note}
          </span>
        </p>
      )}
    </Notice>
  )
}

/** A button that opens what has to be read before; the focus follows both ways. */
function Asking({ isOpen, opener, children }: { isOpen: boolean; opener: ReactNode; children: ReactNode }) {
  const ref = useRef<HTMLDivElement>(null)
  const wasOpen = useRef(isOpen)
  useEffect(() => {
    if (wasOpen.current === isOpen) return
    wasOpen.current = isOpen
    if (isOpen) ref.current?.focus()
    else ref.current?.querySelector('button')?.focus()
  }, [isOpen])
  return (
    <div ref={ref} tabIndex={-1} className="no-print">
      {isOpen ? children : opener}
    </div>
  )
}

function Fault({ error }: { error: Error | null }) {
  if (error === null) return null
  const isTooLate = error instanceof ApiError && error.code === 'illegal-transition'
  const id = error instanceof ApiError ? error.requestId : null
  return (
    <p role="alert" className="text-bad mt-2 font-semibold">
      {t(isTooLate ? 'pledge.too_late' : 'pledge.not_done')}
      {!isTooLate && id !== null && <span className="block text-sm">{t('error.request_id', { id })}</span>}
    </p>
  )
}
