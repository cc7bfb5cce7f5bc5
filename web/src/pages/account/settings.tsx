// SPDX-License-Identifier: Apache-2.0
// The account itself: name, password, where it is logged in, and leaving.
import { useState } from 'react'
import { logOutEverywhere } from '@/api/session'
import { NameCard } from '@/components/account/name-card'
import { PasswordCard } from '@/components/account/password-card'
import { SecondFactorCard } from '@/components/account/second-factor-card'
import { SessionsCard } from '@/components/account/sessions-card'
import { Button } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { Notice } from '@/components/ui/notice'
import { PageHeader } from '@/components/ui/page-header'
import { ErrorText } from '@/components/ui/states'
import { t } from '@/i18n'

export function SettingsPage() {
  return (
    <div className="grid gap-6">
      <PageHeader title={t('account.settings.title')} />
      <NameCard />
      <PasswordCard />
      <SecondFactorCard />
      <SessionsCard />
      <LeaveCard />
    </div>
  )
}

function LeaveCard() {
  const [failure, setFailure] = useState<unknown>(null)
  const [isBusy, setIsBusy] = useState(false)
  const leave = async () => {
    if (isBusy) return
    setIsBusy(true)
    setFailure(null)
    try {
      await logOutEverywhere()
    } catch (error) {
      setFailure(error)
      setIsBusy(false)
    }
  }
  return (
    <Card aria-labelledby="leave-heading">
      <CardTitle id="leave-heading">{t('account.leave.title')}</CardTitle>
      <p className="text-muted">{t('account.leave.text')}</p>
      <div role="alert" className="empty:-mb-4">
        {failure !== null && (
          <Notice tone="bad">
            <ErrorText error={failure} />
          </Notice>
        )}
      </div>
      <Button variant="outline" className="justify-self-start" aria-disabled={isBusy} onClick={() => void leave()}>
        {t('account.leave.everywhere')}
      </Button>
    </Card>
  )
}
