// SPDX-License-Identifier: Apache-2.0
// The answer to a donor who asks for money back.
import type { RefundRequestItem } from '@/api/admin-ops'
import { call } from '@/api/call'
import type { components } from '@/api/schema'
import { ActDialog } from '@/components/admin/ops/act-dialog'
import { useRefundAmount } from '@/components/admin/ops/use-refund-amount'
import { locale, t } from '@/i18n'
import { formatMoney } from '@/lib/money'

type DecisionProps = { item: RefundRequestItem; onClose: () => void }

async function decide(id: string, body: components['schemas']['RefundDecision']): Promise<void> {
  await call('post', '/api/v1/refund-requests/{id}/decision', { path: { id }, body })
}

export function AcceptDialog({ item, onClose }: DecisionProps) {
  const { money, text, needsSecond, ...amount } = useRefundAmount(item)
  return (
    <ActDialog
      {...amount}
      title={t('admin.requests.accept_title')}
      text={<p>{t('admin.refund.text', { amount: formatMoney(item.refundable, locale) })}</p>}
      reasonField={{ label: t('admin.requests.note'), hint: t('admin.requests.note_hint'), isOptional: true }}
      confirmLabel={() => t(needsSecond ? 'admin.refund.propose' : 'admin.refund.confirm', { amount: text })}
      tone="give"
      run={async (note) => {
        await decide(item.request.id, { decision: 'accepted', amount: money, note })
        return t(needsSecond ? 'admin.refund.proposed' : 'admin.refund.done', { amount: text })
      }}
      onClose={onClose}
    />
  )
}

export function DeclineDialog({ item, onClose }: DecisionProps) {
  return (
    <ActDialog
      title={t('admin.requests.decline_title')}
      text={<p>{t('admin.requests.decline_text')}</p>}
      reasonField={{ label: t('admin.requests.note'), hint: t('admin.requests.decline_note_hint') }}
      confirmLabel={() => t('admin.requests.decline_confirm')}
      run={async (note) => {
        await decide(item.request.id, { decision: 'declined', note })
        return t('admin.requests.declined')
      }}
      onClose={onClose}
    />
  )
}
