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

export function RefundDialog({ detail: { pledge, refundable }, onClose }: RefundDialogProps) {
  const attempt = useRef({ body: '', key: '' })
  const { money, text, ...amount } = useRefundAmount({ pledge, refundable })

  const run = async (reason: string) => {
    const body = { reason, amount: money }
    const asText = JSON.stringify(body)
    if (attempt.current.body !== asText) attempt.current = { body: asText, key: crypto.randomUUID() }
    await call('post', '/api/v1/pledges/{id}/refunds', {
      path: { id: pledge.id },
      body,
      headers: { 'Idempotency-Key': attempt.current.key },
    })
    return t('admin.refund.done', { amount: text })
  }
  return (
    <ActDialog
      {...amount}
      title={t('admin.refund.title')}
      text={<p>{t('admin.refund.text', { amount: formatMoney(refundable, locale) })}</p>}
      confirmLabel={() => t('admin.refund.confirm', { amount: text })}
      tone="give"
      run={run}
      onClose={onClose}
    />
  )
}
