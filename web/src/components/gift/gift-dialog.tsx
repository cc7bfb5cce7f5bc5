// SPDX-License-Identifier: Apache-2.0
import type { Campaign } from '@/api/types'
import { t } from '@/i18n'
import { Dialog, DialogTitle } from '../ui/dialog'
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
    <Dialog header={<GiftHeading flow={flow} as={Heading} />} onClose={close} aria-describedby="gift-description">
      <p id="gift-description" className="sr-only">
        {t('gift.description')}
      </p>
      <GiftFlow flow={flow} onDone={close} />
    </Dialog>
  )
}

function Heading(props: HeadingProps) {
  return <DialogTitle {...props} />
}
