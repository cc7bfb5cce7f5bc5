// SPDX-License-Identifier: Apache-2.0
// What a donor may do with a pledge: take it back while it is pending, ask for the money
// once it is confirmed. Each asks once more before it is done, and says what follows.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState, type ReactNode } from 'react'
import { ApiError, cancelPledge } from '@/api/client'
import { keys } from '@/api/queries'
import type { Pledge } from '@/api/types'
import { t } from '@/i18n'
import { Extra } from '../load-extra'
import { Button } from '../ui/button'
import { Notice } from '../ui/notice'

export function PledgeActions({ pledge, token }: { pledge: Pledge; token: string }) {
  if (pledge.state === 'pending' && pledge.cancel_requested_at === null) {
    return <Cancel pledge={pledge} token={token} />
  }
  const mayAsk = pledge.refund_request === null || pledge.refund_request.state === 'declined'
  if (pledge.state === 'confirmed' && mayAsk) return <Extra part="AskRefund" pledge={pledge} token={token} />
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

/** A button that opens what has to be read before; the focus follows both ways. */
export function Asking({ isOpen, opener, children }: { isOpen: boolean; opener: ReactNode; children: ReactNode }) {
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

export function Fault({ error }: { error: Error | null }) {
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
