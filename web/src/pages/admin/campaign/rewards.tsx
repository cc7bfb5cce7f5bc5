// SPDX-License-Identifier: Apache-2.0
// Rewards and the pools that several of them share, with what is free of each.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { campaignKeys, closePlaces, placesQuery, readManaged, removeReward, type ManagedPool, type ManagedReward } from '@/api/admin-campaigns'
import { ApiError } from '@/api/http'
import { poolName, PoolDialog, RewardDialog } from '@/components/admin/campaign/reward-dialogs'
import { useManaged } from '@/components/admin/campaign/use-managed'
import { Button } from '@/components/ui/button'
import { ConfirmDialog } from '@/components/ui/confirm-dialog'
import { Icon } from '@/components/ui/icon'
import { Notice } from '@/components/ui/notice'
import { EmptyState, ErrorText } from '@/components/ui/states'
import { Table, Td, Th, Tr } from '@/components/ui/table'
import { toast } from '@/components/ui/toast'
import { formatNumber, locale, t } from '@/i18n'
import { formatMoney } from '@/lib/money'

type Closing = { kind: 'reward' | 'pool'; id: string; name: string }
type Open = { reward: ManagedReward | null } | { pool: ManagedPool | null } | { remove: ManagedReward } | { stop: Closing } | null

export function RewardsPage() {
  const managed = useManaged()
  const { data: campaign } = managed
  const client = useQueryClient()
  const [open, setOpen] = useState<Open>(null)
  const canEdit = campaign.right !== 'view'
  const canClose = canEdit && campaign.state !== 'closed'
  const places = useQuery(placesQuery(campaign.id)).data
  const rewardPlaces = new Map(places?.rewards.map((reward) => [reward.id, reward]))
  const poolPlaces = new Map(places?.pools.map((pool) => [pool.id, pool]))
  const close = () => setOpen(null)
  return (
    <div className="grid min-w-0 gap-10">
      <section className="grid min-w-0 gap-4">
        <div className="flex flex-wrap items-center justify-between gap-3">
          <h2 className="text-heading">
            {t('admin.reward.heading')}
          </h2>
          {canEdit && (
            <Button onClick={() => setOpen({ reward: null })}>
              <Icon name="plus" />
              {t('admin.reward.make')}
            </Button>
          )}
        </div>
        {campaign.rewards.length === 0 ? (
          <EmptyState heading={t('admin.reward.none')}>{t('admin.reward.none_text')}</EmptyState>
        ) : (
          <Table label={t('admin.reward.heading')}>
            <thead>
              <tr>
                <Th>{t('admin.reward.title')}</Th>
                <Th isNumber>{t('admin.reward.minAmount')}</Th>
                <Th isNumber>{t('admin.reward.quantity')}</Th>
                <Th isNumber>{t('admin.reward.held')}</Th>
                <Th isNumber>{t('admin.reward.taken')}</Th>
                <Th isNumber>{t('admin.reward.free')}</Th>
                <Th isNumber>{t('admin.reward.waiting')}</Th>
                {canEdit && (
                  <Th>
                    <span className="sr-only">{t('admin.reward.actions')}</span>
                  </Th>
                )}
              </tr>
            </thead>
            <tbody>
              {campaign.rewards.map((reward) => (
                <Tr key={reward.id} data-reward={reward.id}>
                  <Th scope="row" className="min-w-36">
                    <span className="wrap-anywhere" dir="auto">
                      {reward.title}
                    </span>
                    {reward.pool_id !== null && (
                      <span className="text-muted block text-sm font-normal wrap-anywhere">
                        {t('admin.reward.in_pool', { name: poolName(campaign.pools, reward.pool_id) })}
                      </span>
                    )}
                  </Th>
                  <Td isNumber>{formatMoney(reward.min_amount, locale, 'round')}</Td>
                  <Td isNumber>{placesOf(reward.quantity)}</Td>
                  <Td isNumber>{figure(rewardPlaces.get(reward.id)?.held)}</Td>
                  <Td isNumber>{figure(rewardPlaces.get(reward.id)?.taken)}</Td>
                  <Td isNumber data-free={rewardPlaces.get(reward.id)?.remaining ?? ''}>
                    {placesOf(rewardPlaces.get(reward.id)?.remaining ?? reward.quantity)}
                  </Td>
                  <Td isNumber>{figure(rewardPlaces.get(reward.id)?.waiting)}</Td>
                  {canEdit && (
                    <Td className="min-w-40 py-0.5 text-end">
                      <Button variant="quiet" aria-label={t('admin.reward.edit_named', { title: reward.title })} onClick={() => setOpen({ reward })}>
                        {t('admin.reward.edit_short')}
                      </Button>
                      {canClose && (
                        <Button
                          variant="quiet"
                          aria-label={t('admin.reward.close_named', { title: reward.title })}
                          onClick={() => setOpen({ stop: { kind: 'reward', id: reward.id, name: reward.title } })}
                        >
                          {t('admin.reward.close')}
                        </Button>
                      )}
                      <Button variant="quiet" aria-label={t('admin.reward.remove_named', { title: reward.title })} onClick={() => setOpen({ remove: reward })}>
                        {t('admin.reward.remove')}
                      </Button>
                    </Td>
                  )}
                </Tr>
              ))}
            </tbody>
          </Table>
        )}
      </section>

      <section className="grid min-w-0 gap-4">
        <div className="flex flex-wrap items-center justify-between gap-3">
          <h2 className="text-heading">
            {t('admin.pool.heading')}
          </h2>
          {canEdit && (
            <Button variant="outline" onClick={() => setOpen({ pool: null })}>
              <Icon name="plus" />
              {t('admin.pool.make')}
            </Button>
          )}
        </div>
        <p className="text-muted max-w-prose">{t('admin.pool.text')}</p>
        {campaign.pools.length > 0 && (
          <Table label={t('admin.pool.heading')}>
            <thead>
              <tr>
                <Th>{t('admin.pool.name')}</Th>
                <Th isNumber>{t('admin.pool.capacity')}</Th>
                <Th isNumber>{t('admin.reward.held')}</Th>
                <Th isNumber>{t('admin.reward.taken')}</Th>
                <Th isNumber>{t('admin.reward.free')}</Th>
                <Th>{t('admin.pool.rewards')}</Th>
                {canEdit && (
                  <Th>
                    <span className="sr-only">{t('admin.reward.actions')}</span>
                  </Th>
                )}
              </tr>
            </thead>
            <tbody>
              {campaign.pools.map((pool) => (
                <Tr key={pool.id}>
                  <Th scope="row" className="min-w-40">
                    <span className="wrap-anywhere" dir="auto">
                      {pool.name}
                    </span>
                  </Th>
                  <Td isNumber>{placesOf(pool.capacity)}</Td>
                  <Td isNumber>{figure(poolPlaces.get(pool.id)?.held)}</Td>
                  <Td isNumber>{figure(poolPlaces.get(pool.id)?.taken)}</Td>
                  <Td isNumber>{placesOf(poolPlaces.get(pool.id)?.free ?? pool.capacity)}</Td>
                  <Td className="wrap-anywhere">
                    {campaign.rewards
                      .filter((reward) => reward.pool_id === pool.id)
                      .map((reward) => reward.title)
                      .join(', ') || '–'}
                  </Td>
                  {canEdit && (
                    <Td className="min-w-40 py-0.5 text-end">
                      <Button variant="quiet" aria-label={t('admin.reward.edit_named', { title: pool.name })} onClick={() => setOpen({ pool })}>
                        {t('admin.reward.edit_short')}
                      </Button>
                      {canClose && (
                        <Button
                          variant="quiet"
                          aria-label={t('admin.reward.close_named', { title: pool.name })}
                          onClick={() => setOpen({ stop: { kind: 'pool', id: pool.id, name: pool.name } })}
                        >
                          {t('admin.reward.close')}
                        </Button>
                      )}
                    </Td>
                  )}
                </Tr>
              ))}
            </tbody>
          </Table>
        )}
      </section>

      {open !== null && 'reward' in open && <RewardDialog managed={managed} item={open.reward} onClose={close} />}
      {open !== null && 'pool' in open && <PoolDialog managed={managed} item={open.pool} onClose={close} />}
      {open !== null && 'stop' in open && (
        <ConfirmDialog
          title={t('admin.reward.close_ask', { title: open.stop.name })}
          confirmLabel={t('admin.reward.close')}
          explain={(error) => (
            <Notice tone="bad">
              <ErrorText error={error} />
            </Notice>
          )}
          onConfirm={async () => {
            await closePlaces(campaign.id, open.stop.kind, open.stop.id)
            await Promise.all([
              readManaged(client, campaign.id),
              client.invalidateQueries({ queryKey: campaignKeys.waiting(campaign.id) }),
            ])
            toast(t('admin.reward.closed'))
          }}
          onClose={close}
        >
          <p>{t('admin.reward.close_text')}</p>
        </ConfirmDialog>
      )}
      {open !== null && 'remove' in open && (
        <ConfirmDialog
          title={t('admin.reward.remove_ask', { title: open.remove.title })}
          confirmLabel={t('admin.reward.remove')}
          explain={(error) => <RemoveRefusal error={error} />}
          onConfirm={async () => {
            await removeReward(campaign.id, open.remove.id, (await readManaged(client, campaign.id)).etag)
            await readManaged(client, campaign.id)
            toast(t('admin.reward.removed'))
          }}
          onClose={close}
        >
          <p>{t('admin.reward.remove_text')}</p>
        </ConfirmDialog>
      )}
    </div>
  )
}

function RemoveRefusal({ error }: { error: unknown }) {
  if (error instanceof ApiError && error.code === 'limit-in-use') {
    return <Notice tone="bad">{t('admin.reward.remove_in_use', { used: error.problem.used ?? 0 })}</Notice>
  }
  return (
    <Notice tone="bad">
      <ErrorText error={error} />
    </Notice>
  )
}

function figure(count: number | undefined): string {
  return count === undefined ? '–' : formatNumber(count)
}

function placesOf(places: number | null): string {
  return places === null ? t('admin.reward.unlimited') : formatNumber(places)
}
