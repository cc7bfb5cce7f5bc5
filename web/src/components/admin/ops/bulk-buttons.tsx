// SPDX-License-Identifier: Apache-2.0
// Changes of all pledges that fit the filters of a list, or of those that were chosen in it.
import { useState } from 'react'
import type { TaskFilters } from '@/api/tasks'
import { Button } from '@/components/ui/button'
import { Checkbox } from '@/components/ui/checkbox'
import { locale, t } from '@/i18n'
import { formatMoney } from '@/lib/money'
import { TaskDialog } from './task-dialog'

type Kind = 'pledge_refund' | 'pledge_cancel'
/** Only pledges in this state can be changed so. */
const STATE_OF = { pledge_refund: 'confirmed', pledge_cancel: 'pending' } as const

/** Whether it is about the whole list, or about rows that somebody chose. */
type Scope = 'all' | 'chosen'

type BulkProps = { campaign: string; filters: TaskFilters; isAdmin: boolean; scope?: Scope }

export function BulkButtons({ campaign, filters, isAdmin, scope = 'all' }: BulkProps) {
  const [kind, setKind] = useState<Kind | null>(null)
  const kinds: Kind[] = isAdmin ? ['pledge_refund', 'pledge_cancel'] : ['pledge_refund']
  return (
    <>
      {kinds.map((one) => (
        <Button key={one} variant={scope === 'all' ? 'quiet' : 'outline'} onClick={() => setKind(one)}>
          {t(`admin.bulk.${scope}_${one}`)}
        </Button>
      ))}
      {kind !== null && <BulkDialog kind={kind} campaign={campaign} filters={filters} scope={scope} onClose={() => setKind(null)} />}
    </>
  )
}

type DialogProps = { kind: Kind; campaign: string; filters: TaskFilters; scope: Scope; onClose: () => void }

function BulkDialog({ kind, campaign, filters, scope, onClose }: DialogProps) {
  const [isDry, setIsDry] = useState(false)
  return (
    <TaskDialog
      title={t(`admin.bulk.${scope}_${kind}`)}
      text={<p>{t(`admin.bulk.${scope}_${kind}_text`)}</p>}
      fields={
        <div className="flex items-start gap-3">
          <Checkbox id="bulk-dry" checked={isDry} onCheckedChange={(isOn) => setIsDry(isOn === true)} />
          <label htmlFor="bulk-dry" className="font-semibold">
            {t('admin.bulk.dry_run')}
          </label>
        </div>
      }
      inputs={String(isDry)}
      confirmLabel={(count) => (isDry ? t('admin.bulk.try', { count }) : t(`admin.bulk.${kind}_confirm`, { count }))}
      task={{ kind, campaign, filters: { state: STATE_OF[kind], ...filters }, dry_run: isDry }}
      lines={({ total, amount }) => [
        t('admin.bulk.preview', { count: total, sum: amount === null ? '' : formatMoney(amount, locale) }),
        t(isDry ? 'admin.bulk.nothing_changes' : 'admin.bulk.each_by_itself'),
      ]}
      tone={isDry ? 'solid' : 'give'}
      onClose={onClose}
    />
  )
}
