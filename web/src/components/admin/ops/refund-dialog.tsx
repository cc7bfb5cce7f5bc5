// SPDX-License-Identifier: Apache-2.0
// Gives money back. One idempotency key for each amount and reason: asking again after a
// lost answer gives nothing back twice.
import { useRef } from 'react'
import type { AdminPledgeDetail } from '@/api/admin-ops'
import { call } from '@/api/call'
import { locale, t } from '@/i18n'
import { formatMoney } from '@/lib/money'
import { ActDialog } from './act-dialog'
import { useRefundAmount } from './use-refund-amount'

type RefundDialogProps = { detail: AdminPledgeDetail; onClose: () => void }

export function RefundDialog({ detail: { pledge, refundable, refundable_alone }, onClose }: RefundDialogProps) {
  const attempt = useRef({ body: '', key: '' })
  const { money, text, needsSecond, ...amount } = useRefundAmount({ pledge, refundable, refundable_alone })

  const run = async (reason: string) => {
    const body = { reason, amount: money }
    const asText = JSON.stringify(body)
    if (attempt.current.body !== asText) attempt.current = { body: asText, key: crypto.randomUUID() }
    const { data } = await call('post', '/api/v1/pledges/{id}/refunds', {
      path: { id: pledge.id },
      body,
      headers: { 'Idempotency-Key': attempt.current.key },
    })
    return t('expires_at' in data ? 'admin.refund.proposed' : 'admin.refund.done', { amount: text })
  }
  return (
    <ActDialog
      {...amount}
      title={t('admin.refund.title')}
      text={<p>{t('admin.refund.text', { amount: formatMoney(refundable, locale) })}</p>}
      confirmLabel={() => t(needsSecond ? 'admin.refund.propose' : 'admin.refund.confirm', { amount: text })}
      tone="give"
      run={run}
      onClose={onClose}
    />
  )
}
