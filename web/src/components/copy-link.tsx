// SPDX-License-Identifier: Apache-2.0
import { useState } from 'react'
import { t } from '@/i18n'
import { Button } from './ui/button'
import { Icon } from './ui/icon'
import { Input } from './ui/field'

type CopyLinkProps = { url: string; label: string }

/** Copies a link and says so. Where the browser forbids it, the link is there to be copied by hand. */
export function CopyLink({ url, label }: CopyLinkProps) {
  const [outcome, setOutcome] = useState<'copied' | 'refused' | null>(null)
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(url)
      setOutcome('copied')
    } catch {
      setOutcome('refused')
    }
  }
  return (
    <>
      <Button variant="outline" onClick={() => void copy()}>
        <Icon name={outcome === 'copied' ? 'check' : 'copy'} />
        {label}
      </Button>
      <span role="status" className={outcome === 'copied' ? 'text-muted' : 'sr-only'}>
        {outcome === 'copied' && t('share.copied')}
        {outcome === 'refused' && t('share.by_hand')}
      </span>
      {outcome === 'refused' && (
        <Input
          readOnly
          aria-label={t('share.by_hand')}
          value={url}
          dir="ltr"
          onFocus={(event) => event.currentTarget.select()}
        />
      )}
    </>
  )
}
