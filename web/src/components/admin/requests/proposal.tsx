// SPDX-License-Identifier: Apache-2.0
// A refund that needs a second person: what was proposed and by whom, what was decided,
// and what the reader can do about it. Whoever proposed it can only withdraw it.
import { useState } from 'react'
import type { RefundProposal, RefundProposalDecision } from '@/api/admin-ops'
import { call } from '@/api/call'
import { useKeptSession } from '@/api/kept-session'
import { ActDialog } from '@/components/admin/ops/act-dialog'
import { Actor, Moment, When } from '@/components/admin/ops/bits'
import { Badge } from '@/components/ui/badge'
import { Button } from '@/components/ui/button'
import { formatDateTime, locale, t } from '@/i18n'
import { formatMoney } from '@/lib/money'

export const PROPOSAL_TONES = { waiting: 'warn', approved: 'good', rejected: 'bad', withdrawn: 'plain', expired: 'plain' } as const

export function ProposalBadge({ proposal: { state } }: { proposal: RefundProposal }) {
  return <Badge tone={PROPOSAL_TONES[state]}>{t(`admin.proposals.state_${state}`)}</Badge>
}

/** Names are links for administrators, who have the pages of accounts. */
function Person({ actor }: { actor: RefundProposal['proposed_by'] }) {
  const { account } = useKeptSession()
  return account?.role === 'admin' || actor.type === 'system' ? <Actor actor={actor} /> : <bdi>{actor.name ?? t('admin.ops.account_gone')}</bdi>
}

export function ProposalBody({ proposal, mayEdit }: { proposal: RefundProposal; mayEdit: boolean }) {
  return (
    <>
      <p dir="auto" className="whitespace-pre-line wrap-anywhere">
        {proposal.reason}
      </p>
      <p className="text-muted flex flex-wrap items-center gap-x-4 gap-y-1 text-sm">
        <span>
          {t('admin.proposals.by')} <Person actor={proposal.proposed_by} />
        </span>
        <When at={proposal.created_at} />
        {proposal.state === 'waiting' && <span>{t('admin.proposals.expires', { time: formatDateTime(proposal.expires_at) })}</span>}
      </p>
      {proposal.decided_by !== null && proposal.decided_at !== null && (
        <p className="text-sm">
          <span className="text-muted flex flex-wrap gap-x-4">
            <span>
              {t(`admin.proposals.state_${proposal.state}`)} {t('admin.pledge.by')} <Person actor={proposal.decided_by} />
            </span>
            <Moment at={proposal.decided_at} />
          </span>
          <span className="block whitespace-pre-line wrap-anywhere" dir="auto">
            {proposal.decision_reason}
          </span>
        </p>
      )}
      {proposal.state === 'waiting' && <ProposalActions proposal={proposal} mayEdit={mayEdit} />}
    </>
  )
}

function ProposalActions({ proposal, mayEdit }: { proposal: RefundProposal; mayEdit: boolean }) {
  const { account } = useKeptSession()
  const [open, setOpen] = useState<RefundProposalDecision | null>(null)
  const amount = formatMoney(proposal.amount, locale)
  if (!mayEdit) return <p className="text-muted text-sm">{t('admin.proposals.view_only')}</p>
  const isOwn = proposal.proposed_by.id === account?.id
  return (
    <>
      {isOwn && <p className="text-muted text-sm">{t('admin.proposals.own')}</p>}
      {proposal.proposed_by.type === 'system' && <p className="text-muted text-sm">{t('admin.proposals.from_database')}</p>}
      <div className="flex flex-wrap gap-3">
        {!isOwn && proposal.proposed_by.type === 'account' && (
          <Button onClick={() => setOpen('approved')}>
            {t('admin.proposals.approve')}
            <span className="sr-only"> {amount}</span>
          </Button>
        )}
        <Button variant="outline" onClick={() => setOpen(isOwn ? 'withdrawn' : 'rejected')}>
          {t(isOwn ? 'admin.proposals.withdraw' : 'admin.proposals.reject')}
          <span className="sr-only"> {amount}</span>
        </Button>
      </div>
      {open !== null && <DecisionDialog proposal={proposal} decision={open} onClose={() => setOpen(null)} />}
    </>
  )
}

type DecisionDialogProps = { proposal: RefundProposal; decision: RefundProposalDecision; onClose: () => void }

function DecisionDialog({ proposal, decision, onClose }: DecisionDialogProps) {
  const amount = formatMoney(proposal.amount, locale)
  return (
    <ActDialog
      title={t(`admin.proposals.title_${decision}`)}
      text={<p>{t(`admin.proposals.text_${decision}`, { amount })}</p>}
      reasonField={{
        label: t('admin.act.reason'),
        hint: t(`admin.proposals.hint_${decision}`),
        isOptional: decision !== 'rejected',
      }}
      confirmLabel={() => t(`admin.proposals.confirm_${decision}`, { amount })}
      tone={decision === 'approved' ? 'give' : 'solid'}
      run={async (reason) => {
        await call('post', '/api/v1/refund-proposals/{id}/decision', { path: { id: proposal.id }, body: { decision, reason } })
        return t(`admin.proposals.done_${decision}`, { amount })
      }}
      onClose={onClose}
    />
  )
}
