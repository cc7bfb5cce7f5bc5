// SPDX-License-Identifier: Apache-2.0
// On the private page of a gift: whoever is logged in takes over what was given as a guest.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { accountKeys, claimGift } from '@/api/account'
import { ApiError } from '@/api/http'
import { keys } from '@/api/queries'
import type { Account, Pledge } from '@/api/types'
import { Button } from '@/components/ui/button'
import { Notice } from '@/components/ui/notice'
import { errorText } from '@/components/ui/states'
import { t } from '@/i18n'

export default function ClaimGift({ pledge, token, account }: { pledge: Pledge; token: string; account: Account }) {
  const client = useQueryClient()
  const ref = useRef<HTMLDivElement>(null)
  const claim = useMutation({
    mutationFn: () => claimGift(pledge.id, token),
    onSuccess: async (read) => {
      client.setQueryData(keys.pledge(pledge.id), read)
      await client.invalidateQueries({ queryKey: accountKeys.all })
    },
  })
  // The button that had the focus is gone.
  useEffect(() => {
    if (claim.isSuccess) ref.current?.focus()
  }, [claim.isSuccess])
  if (claim.isSuccess) {
    return (
      <Notice
        ref={ref}
        tabIndex={-1}
        tone="good"
        role="status"
        className="no-print"
        actions={
          <Button asChild variant="outline">
            <Link to="/account">{t('account.gifts.title')}</Link>
          </Button>
        }
      >
        {t('account.claim.done')}
      </Notice>
    )
  }
  if (pledge.has_account) return null
  return (
    <Notice
      className="no-print"
      heading={t('account.claim.heading')}
      actions={
        <Button aria-disabled={claim.isPending} onClick={() => !claim.isPending && claim.mutate()}>
          {t(claim.isPending ? 'action.working' : 'account.claim.submit')}
        </Button>
      }
    >
      {t('account.claim.text', { email: account.email })}
      {claim.error !== null && (
        <p role="alert" className="text-bad mt-2 font-semibold">
          {isTaken(claim.error) ? t('account.claim.taken') : errorText(claim.error)}
        </p>
      )}
    </Notice>
  )
}

function isTaken(error: Error): boolean {
  return error instanceof ApiError && error.code === 'conflict'
}
