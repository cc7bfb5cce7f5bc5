// SPDX-License-Identifier: Apache-2.0
// Publish, pause, resume, close, archive: what the state allows, each with its consequence and a
// reason for the audit log. To duplicate is always possible.
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { moveCampaign, readManaged, take, type CampaignAction, type ManagedCampaign } from '@/api/admin-campaigns'
import { ApiError } from '@/api/http'
import { HrefLink } from '@/components/admin/href-link'
import { Button } from '@/components/ui/button'
import { ConfirmDialog } from '@/components/ui/confirm-dialog'
import { Icon } from '@/components/ui/icon'
import { Notice } from '@/components/ui/notice'
import { ErrorText } from '@/components/ui/states'
import { toast } from '@/components/ui/toast'
import { formatList, t, tOr } from '@/i18n'
import { copyAddress } from './words'

const ORDER = ['publish', 'resume', 'pause', 'close', 'archive', 'unarchive'] as const
const TONES = { publish: 'solid', resume: 'solid', pause: 'outline', close: 'outline', archive: 'outline', unarchive: 'outline' } as const

export function CampaignActions({ campaign }: { campaign: ManagedCampaign }) {
  const client = useQueryClient()
  const [asked, setAsked] = useState<CampaignAction | null>(null)
  if (campaign.right !== 'own') return null
  const move = async (action: CampaignAction, reason: string) => {
    try {
      await take(client, await moveCampaign(campaign.id, action, reason))
      toast(t(`admin.move.${action}_done`))
    } catch (error) {
      if (error instanceof ApiError && error.status === 409) void readManaged(client, campaign.id)
      throw error
    }
  }
  return (
    <>
      {ORDER.filter((action) => campaign.actions.includes(action)).map((action) => (
        <Button key={action} variant={TONES[action]} onClick={() => setAsked(action)}>
          {t(`admin.move.${action}`)}
        </Button>
      ))}
      <Button asChild variant="quiet">
        <HrefLink href={copyAddress(campaign.id)}>
          <Icon name="copy" />
          {t('admin.copy.action')}
        </HrefLink>
      </Button>
      {asked !== null && (
        <ConfirmDialog
          title={t(`admin.move.${asked}_ask`, { title: campaign.title })}
          confirmLabel={t(`admin.move.${asked}`)}
          reasonLabel={t('admin.move.reason')}
          reasonHint={t('admin.move.reason_hint')}
          tone={asked === 'close' ? 'give' : 'solid'}
          onConfirm={(reason) => move(asked, reason)}
          onClose={() => setAsked(null)}
          explain={(error) => <Refusal error={error} />}
        >
          <p>{t(`admin.move.${asked}_text`)}</p>
        </ConfirmDialog>
      )}
    </>
  )
}

function Refusal({ error }: { error: unknown }) {
  if (error instanceof ApiError && error.code === 'illegal-transition') {
    const allowed = (error.problem.allowed ?? []).map((name) => tOr(`admin.move.${name}`, 'admin.move.other'))
    return (
      <Notice tone="bad" heading={t('admin.move.illegal', { state: tOr(`admin.campaign.status_${error.problem.state ?? ''}`, 'admin.move.other') })}>
        {allowed.length === 0 ? t('admin.move.nothing') : t('admin.move.possible', { actions: formatList(allowed) })}
      </Notice>
    )
  }
  if (error instanceof ApiError && error.code === 'campaign-not-accepting') {
    return <Notice tone="bad">{t('admin.move.over')}</Notice>
  }
  if (error instanceof ApiError && error.status === 422) {
    return <Notice tone="bad">{t('admin.move.reason_short')}</Notice>
  }
  return (
    <Notice tone="bad">
      <ErrorText error={error} />
    </Notice>
  )
}
