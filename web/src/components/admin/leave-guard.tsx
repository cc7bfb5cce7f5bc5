// SPDX-License-Identifier: Apache-2.0
// Asks before a page with unsaved entries is left, by a link, the way back, or by closing
// the window.
import { useBlocker } from '@tanstack/react-router'
import { ConfirmDialog } from '@/components/ui/confirm-dialog'
import { errorText } from '@/components/ui/states'
import { t } from '@/i18n'

/** `isDirty` is asked at the moment of leaving, so that a save right before it counts. */
export function LeaveGuard({ isDirty }: { isDirty: () => boolean }) {
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) => current.pathname !== next.pathname && isDirty(),
    enableBeforeUnload: isDirty,
    withResolver: true,
  })
  if (blocker.status !== 'blocked') return null
  return (
    <ConfirmDialog
      title={t('admin.leave.heading')}
      confirmLabel={t('admin.leave.leave')}
      explain={errorText}
      onConfirm={() => {
        blocker.proceed()
        return Promise.resolve()
      }}
      onClose={() => blocker.reset()}
    >
      <p>{t('admin.leave.text')}</p>
    </ConfirmDialog>
  )
}
