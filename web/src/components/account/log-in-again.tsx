// SPDX-License-Identifier: Apache-2.0
// A session that has ended takes nothing away: the page stays behind, and whoever logs in
// again goes on in it.
import { leave, useSession } from '@/api/session'
import { t } from '@/i18n'
import { Button } from '../ui/button'
import { DialogTitle, Modal } from '../ui/dialog'
import { LoginForm } from './login-form'

export function LogInAgain() {
  const { account, over } = useSession()
  if (account !== null || over === null) return null
  return (
    // Escape leaves it open: behind it nothing can be done, and leaving loses what was entered.
    <Modal onClose={() => undefined} className="place-items-center p-4">
      <div className="animate-sheet-in bg-paper shadow-card grid w-full max-w-lg gap-5 rounded-2xl p-5 sm:p-7">
        <DialogTitle className="text-heading font-display font-bold">{t('account.again.title')}</DialogTitle>
        <p>{t('account.again.text')}</p>
        <LoginForm id="again" email={over.email} />
        <Button variant="quiet" className="-ms-5 justify-self-start text-start" onClick={() => leave()}>
          {t('account.again.leave')}
        </Button>
      </div>
    </Modal>
  )
}
