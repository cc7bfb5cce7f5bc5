// SPDX-License-Identifier: Apache-2.0
// Passing a campaign on: the device's own sheet where there is one, else its link. No
// script of anybody else.
import type { Campaign } from '@/api/types'
import { t } from '@/i18n'
import { CopyLink } from '../copy-link'
import { Button } from '../ui/button'
import { Icon } from '../ui/icon'

export function Share({ campaign }: { campaign: Campaign }) {
  const url = new URL(`/campaigns/${campaign.slug}`, location.origin).href
  const share = () => {
    // A sheet that is closed again is no fault.
    navigator.share({ title: campaign.title, text: campaign.summary, url }).catch(() => undefined)
  }
  return (
    <section aria-label={t('share.heading')} className="no-print flex flex-wrap items-center gap-3">
      {'share' in navigator && (
        <Button variant="outline" onClick={share}>
          <Icon name="share" />
          {t('share.share')}
        </Button>
      )}
      <CopyLink url={url} label={t('share.copy')} />
    </section>
  )
}
