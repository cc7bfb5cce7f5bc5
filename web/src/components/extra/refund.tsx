// SPDX-License-Identifier: Apache-2.0
// The wish of a donor to have the money back, and what became of it.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { requestRefund } from '@/api/client'
import { keys } from '@/api/queries'
import type { Pledge } from '@/api/types'
import { formatDateTime, locale, t } from '@/i18n'
import { formatMoney } from '@/lib/money'
import { textLength } from '@/lib/text'
import { Asking, Fault } from '../pledge/actions'
import { Button } from '../ui/button'
import { Field, fieldProps, Textarea } from '../ui/field'
import { Notice } from '../ui/notice'

const REFUND_MESSAGE_MAX = 1000

export function AskRefund({ pledge, token }: { pledge: Pledge; token: string }) {
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
          {t('pledge.refund_ask')}
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
