// SPDX-License-Identifier: Apache-2.0
// What an administrator does to one pledge beside refunds.
import { useId, useState } from 'react'
import type { AdminPledge } from '@/api/admin-ops'
import { call } from '@/api/call'
import type { components } from '@/api/schema'
import { Checkbox } from '@/components/ui/checkbox'
import { Button } from '@/components/ui/button'
import { Dialog, DialogTitle } from '@/components/ui/dialog'
import { Field, fieldProps, Input } from '@/components/ui/field'
import { formatDateTime, locale, t } from '@/i18n'
import { formatMoney } from '@/lib/money'
import { ActDialog, type Preview } from './act-dialog'
import { Fact, Facts, words } from './bits'

type Donor = components['schemas']['AdminDonor']
type PledgeDialogProps = { pledge: AdminPledge; onClose: () => void }

/** What ending a pending pledge does depends on whether the provider has a payment. */
function ended(pledge: AdminPledge, waitsForProvider: boolean): Preview {
  return {
    count: 1,
    lines: [
      t('admin.end.pledge', { amount: formatMoney(pledge.amount, locale) }),
      t(waitsForProvider ? 'admin.end.at_provider' : 'admin.end.hold_free'),
    ],
  }
}

export function CancelDialog({ pledge, onClose }: PledgeDialogProps) {
  const send = async (reason: string, dry_run: boolean) =>
    (await call('post', '/api/v1/admin/pledges/{id}/cancel', { path: { id: pledge.id }, body: { reason, dry_run } })).data
  return (
    <ActDialog
      title={t('admin.end.cancel_title')}
      text={<p>{t('admin.end.cancel_text')}</p>}
      confirmLabel={() => t('admin.end.cancel_confirm')}
      tone="give"
      preview={async (reason) => {
        const { pledge: now } = await send(reason, true)
        return ended(now, now.payment_id !== null)
      }}
      run={async (reason) => {
        const { result } = await send(reason, false)
        return t(result === 'ended' ? 'admin.end.canceled' : 'admin.end.cancel_requested')
      }}
      onClose={onClose}
    />
  )
}

export function ReleaseDialog({ pledge, onClose }: PledgeDialogProps) {
  const [force, setForce] = useState(false)
  const send = async (reason: string, dry_run: boolean) =>
    (
      await call('post', '/api/v1/admin/pledges/{id}/release-hold', {
        path: { id: pledge.id },
        body: { reason, dry_run, force },
      })
    ).data
  return (
    <ActDialog
      title={t('admin.end.release_title')}
      text={<p>{t('admin.end.release_text')}</p>}
      confirmLabel={() => t('admin.end.release_confirm')}
      tone="give"
      inputs={String(force)}
      fields={
        pledge.payment_id !== null && (
          <div className="flex gap-3">
            <Checkbox id="release-force" checked={force} onCheckedChange={(isOn) => setForce(isOn === true)} aria-describedby="release-force-hint" />
            <div className="grid gap-0.5">
              <label htmlFor="release-force" className="font-semibold">
                {t('admin.end.force')}
              </label>
              <p id="release-force-hint" className="text-muted text-sm">
                {t('admin.end.force_hint')}
              </p>
            </div>
          </div>
        )
      }
      preview={async (reason) => {
        const { pledge: now } = await send(reason, true)
        return ended(now, now.payment_id !== null && !force)
      }}
      run={async (reason) => {
        const { result } = await send(reason, false)
        return t(result === 'ended' ? 'admin.end.released' : 'admin.end.cancel_requested')
      }}
      onClose={onClose}
    />
  )
}

/** For so long a link is renewed if nothing else is said; one that opens for longer needs it not. */
export const RENEW_DAYS = 30
const RENEW_DAYS_MAX = 3650

/** Opens the link that the donor has again; nobody else gets to see it. */
export function RenewLinkDialog({ pledge, onClose }: PledgeDialogProps) {
  const id = useId()
  const [days, setDays] = useState(String(RENEW_DAYS))
  const [error, setError] = useState<string>()
  const send = async (reason: string, dry_run: boolean) =>
    (
      await call('post', '/api/v1/admin/pledges/{id}/renew-link', {
        path: { id: pledge.id },
        body: { reason, days: Number(days), dry_run },
      })
    ).data
  return (
    <ActDialog
      title={t('admin.renew.title')}
      text={<p>{t('admin.renew.text')}</p>}
      confirmLabel={() => t('admin.renew.confirm')}
      inputs={days}
      fields={
        <Field id={id} label={t('admin.renew.days')} error={error}>
          <Input
            {...fieldProps(id, error, false)}
            className="figures max-w-32"
            inputMode="numeric"
            dir="ltr"
            value={days}
            onChange={(event) => setDays(event.target.value)}
          />
        </Field>
      }
      check={() => {
        const isRight = /^[0-9]{1,4}$/.test(days) && Number(days) >= 1 && Number(days) <= RENEW_DAYS_MAX
        setError(isRight ? undefined : t('admin.renew.days_error', { most: RENEW_DAYS_MAX }))
        if (!isRight) document.getElementById(id)?.focus()
        return isRight
      }}
      preview={async (reason) => ({
        count: 1,
        lines: [t('admin.renew.opens_until', { at: formatDateTime((await send(reason, true)).until) }), t('admin.renew.same_link')],
      })}
      run={async (reason) => t('admin.renew.done', { at: formatDateTime((await send(reason, false)).until) })}
      onClose={onClose}
    />
  )
}

export function RetryRefundDialog({ refundId, onClose }: { refundId: string; onClose: () => void }) {
  const send = async (reason: string, dry_run: boolean) =>
    (await call('post', '/api/v1/admin/refunds/{id}/retry', { path: { id: refundId }, body: { reason, dry_run } })).data
  return (
    <ActDialog
      title={t('admin.retry.title')}
      text={<p>{t('admin.retry.text')}</p>}
      confirmLabel={() => t('admin.retry.confirm')}
      tone="give"
      preview={async (reason) => {
        const { retried, needs_second_person } = await send(reason, true)
        return {
          count: 1,
          lines: [
            ...(needs_second_person ? [t('admin.retry.needs_second')] : []),
            t('admin.retry.amount', { amount: formatMoney(retried.amount, locale) }),
            ...(retried.state_reason === null ? [] : [t('admin.retry.failed_because', { reason: words(`admin.reason.${retried.state_reason}`) })]),
          ],
        }
      }}
      run={async (reason) => {
        const { proposal } = await send(reason, false)
        return t(proposal === null ? 'admin.retry.done' : 'admin.retry.proposed')
      }}
      onClose={onClose}
    />
  )
}

const ERASED = { pledges: 'admin.erase.pledges', 'requests for refunds': 'admin.erase.requests', 'consents to news': 'admin.erase.consents', 'provider events': 'admin.erase.reports', account: 'admin.erase.account' } as const

/** Everything that names the donor of a pledge goes, in all their pledges. */
export function EraseDonorDialog({ pledge, onClose }: PledgeDialogProps) {
  const send = async (reason: string, dry_run: boolean) =>
    (await call('post', '/api/v1/admin/pledges/{id}/erase-donor', { path: { id: pledge.id }, body: { reason, dry_run } })).data
  return (
    <ActDialog
      title={t('admin.erase.title')}
      text={<p>{t('admin.erase.text')}</p>}
      confirmLabel={() => t('admin.erase.confirm')}
      tone="give"
      preview={async (reason) => {
        const { items } = await send(reason, true)
        const known = items.filter(({ what, count }) => what in ERASED && count > 0)
        return {
          count: items.reduce((sum, { count }) => sum + count, 0),
          typed: t('admin.erase.word'),
          lines: known.map(({ what, count }) => t(ERASED[what as keyof typeof ERASED], { count })),
          body: (
            <>
              <p className="font-bold">{t('admin.erase.stays')}</p>
              <ul className="ms-5 grid list-disc gap-1">
                <li>{t('admin.erase.stays_books')}</li>
                <li>{t('admin.erase.stays_reason')}</li>
              </ul>
              <p>{t('admin.erase.no_way_back')}</p>
            </>
          ),
        }
      }}
      run={async (reason) => {
        await send(reason, false)
        return t('admin.erase.done')
      }}
      onClose={onClose}
    />
  )
}

/** Personal data, for a reason that is kept; it is shown here and nowhere else. */
export function RevealDialog({ pledge, onClose }: PledgeDialogProps) {
  const [donor, setDonor] = useState<Donor | null>(null)
  if (donor !== null) return <DonorDialog donor={donor} onClose={onClose} />
  return (
    <ActDialog
      title={t('admin.reveal.title')}
      text={<p>{t('admin.reveal.text')}</p>}
      confirmLabel={() => t('admin.reveal.confirm')}
      run={async (reason) => {
        const { data } = await call('post', '/api/v1/admin/pledges/{id}/reveal', { path: { id: pledge.id }, body: { reason } })
        setDonor(data)
        return t('admin.reveal.done')
      }}
      onClose={onClose}
      // The dialog of the donor has taken its place.
      onDone={() => undefined}
    />
  )
}

function DonorDialog({ donor, onClose }: { donor: Donor; onClose: () => void }) {
  return (
    <Dialog
      header={<DialogTitle className="text-heading">{t('admin.reveal.shown')}</DialogTitle>}
      onClose={onClose}
      aria-describedby="reveal-text"
    >
      <p id="reveal-text" className="text-muted mb-3">
        {t('admin.reveal.shown_text')}
      </p>
      <Facts>
        <Fact label={t('admin.reveal.name')}>
          <span dir="auto">{donor.name}</span>
        </Fact>
        <Fact label={t('admin.reveal.email')}>
          <span dir="ltr">{donor.email}</span>
        </Fact>
        {donor.message !== '' && (
          <Fact label={t('admin.reveal.message')}>
            <span dir="auto" className="whitespace-pre-line">
              {donor.message}
            </span>
          </Fact>
        )}
      </Facts>
      <div className="flex justify-end pt-4">
        <Button onClick={onClose}>{t('dialog.close')}</Button>
      </div>
    </Dialog>
  )
}
