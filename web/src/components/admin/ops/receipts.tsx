// SPDX-License-Identifier: Apache-2.0
// What was issued of the receipt of a pledge, and issuing it for the donor.
import { useState } from 'react'
import { useReceipts, type Receipt } from '@/api/receipts'
import { Button } from '@/components/ui/button'
import { Badge } from '@/components/ui/badge'
import { Select } from '@/components/ui/field'
import { toast } from '@/components/ui/toast'
import { formatNumber, LANGUAGES, t, type Language } from '@/i18n'
import { Moment, SectionCard } from './bits'
import { QueryView } from './list'
import { Problem } from './problem'

export function Receipts({ pledgeId }: { pledgeId: string }) {
  const { issues, issue } = useReceipts(pledgeId, '')
  const [language, setLanguage] = useState<Language | ''>('')
  const ask = () => {
    if (issue.isPending) return
    issue.mutate(language === '' ? {} : { language }, { onSuccess: () => toast(t('admin.receipts.done')) })
  }
  return (
    <SectionCard title={t('admin.receipts.title')} id="receipts" {...(issues.data ? { count: issues.data.length } : {})}>
      <QueryView query={issues} skeleton="h-24">
        {(all) => (all.length === 0 ? <p className="text-muted">{t('admin.receipts.none')}</p> : <List issues={all} />)}
      </QueryView>
      <div className="flex flex-wrap items-end gap-3">
        <label className="grid gap-1">
          <span>{t('admin.receipts.language')}</span>
          <Select value={language} onChange={(event) => setLanguage(event.target.value as Language | '')}>
            <option value="">{t('admin.receipts.donors')}</option>
            {Object.entries(LANGUAGES).map(([code, name]) => (
              <option key={code} value={code} lang={code}>
                {name}
              </option>
            ))}
          </Select>
        </label>
        <Button variant="outline" aria-disabled={issue.isPending} onClick={ask}>
          {t(issue.isPending ? 'action.sending' : 'admin.receipts.issue')}
        </Button>
      </div>
      {issue.isError && <Problem error={issue.error} />}
    </SectionCard>
  )
}

function List({ issues }: { issues: Receipt[] }) {
  return (
    <ul className="grid gap-3">
      {issues.map((one) => (
        <li key={one.number} data-receipt={one.kind} className="grid gap-1">
          <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <span className="figures font-semibold">{t('admin.receipts.number', { number: formatNumber(one.number) })}</span>
            <Badge tone={one.kind === 'replacement' ? 'warn' : 'plain'}>{t(`admin.receipts.${one.kind}`)}</Badge>
          </p>
          <p className="text-muted flex flex-wrap gap-x-3 text-sm">
            <Moment at={one.issued_at} />
            <span>{t(`admin.receipts.via_${one.via}`)}</span>
            <span lang={one.language}>{LANGUAGES[one.language]}</span>
            <span dir="ltr">{one.time_zone}</span>
          </p>
        </li>
      ))}
    </ul>
  )
}
