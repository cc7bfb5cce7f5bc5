// SPDX-License-Identifier: Apache-2.0
// The account itself: name, password, where it is logged in, and leaving.
import { useState } from 'react'
import { logOut, logOutEverywhere } from '@/api/session'
import { NameCard } from '@/components/account/name-card'
import { PasswordCard } from '@/components/account/password-card'
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
      <SessionsCard />
      <LeaveCard />
    </div>
  )
}

function LeaveCard() {
  const [failure, setFailure] = useState<unknown>(null)
  const [isBusy, setIsBusy] = useState(false)
  const leave = async (how: () => Promise<void>) => {
    if (isBusy) return
    setIsBusy(true)
    setFailure(null)
    try {
      await how()
    } catch (error) {
      setFailure(error)
      setIsBusy(false)
    }
  }
  return (
    <Card aria-labelledby="leave-heading">
      <CardTitle id="leave-heading">{t('account.leave.title')}</CardTitle>
      <p className="text-muted">{t('account.leave.text')}</p>
      <div role="alert">
        {failure !== null && (
          <Notice tone="bad">
            <ErrorText error={failure} />
          </Notice>
        )}
      </div>
      <div className="flex flex-wrap gap-3">
        <Button aria-disabled={isBusy} onClick={() => void leave(logOut)}>
          {t('account.leave.here')}
        </Button>
        <Button variant="outline" aria-disabled={isBusy} onClick={() => void leave(logOutEverywhere)}>
          {t('account.leave.everywhere')}
        </Button>
      </div>
    </Card>
  )
}
