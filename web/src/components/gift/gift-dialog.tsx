// SPDX-License-Identifier: Apache-2.0
import type { Campaign } from '@/api/types'
import { t } from '@/i18n'
import { Dialog, DialogContent, DialogDescription, DialogTitle } from '../ui/dialog'
import { GiftFlow, GiftHeading, type HeadingProps } from './gift-flow'
import { useGiftFlow } from './use-gift-flow'

/** Mounted while it is open. What was entered stays for the next time; a gift that was made does not. */
export function GiftDialog({ campaign, onClose }: { campaign: Campaign; onClose: () => void }) {
  const flow = useGiftFlow(campaign)
  const close = () => {
    if (flow.isSending) return
    if (flow.result !== null) flow.forget()
    onClose()
  }
  return (
    <Dialog open onOpenChange={(isOpen) => !isOpen && close()}>
      <DialogContent header={<GiftHeading flow={flow} as={Heading} />} onInteractOutside={preventClose}>
        <DialogDescription className="sr-only">{t('gift.description')}</DialogDescription>
        <GiftFlow flow={flow} onDone={close} />
      </DialogContent>
    </Dialog>
  )
}

function Heading(props: HeadingProps) {
  return <DialogTitle {...props} />
}

/** A click beside the dialog is too easily made by accident. */
function preventClose(event: Event): void {
  event.preventDefault()
}
