// SPDX-License-Identifier: Apache-2.0
import { useQueryClient } from '@tanstack/react-query'
import { editPool, editReward, makePool, makeReward, readManaged, type ManagedCampaign, type ManagedPool, type ManagedReward, type Tagged } from '@/api/admin-campaigns'
import { Field, fieldProps, Input, Select, Textarea } from '@/components/ui/field'
import { toast } from '@/components/ui/toast'
import { locale, t } from '@/i18n'
import { currencySymbol } from '@/lib/money'
import { EntryDialog } from './entry-dialog'
import { problemText } from './problems'
import { POOL_FIELDS, poolRequest, poolSchema, poolValues, REWARD_FIELDS, REWARD_LENGTHS, rewardRequest, rewardSchema, rewardValues, sameReward, type RewardValues } from './reward-form'

type DialogProps<Item> = { managed: Tagged<ManagedCampaign>; item: Item | null; onClose: () => void }

const REWARD_MEMBERS = { title: 'title', description: 'description', minAmount: 'min_amount', quantity: 'quantity', position: 'position', poolId: 'pool_id' }

export function RewardDialog({ managed, item, onClose }: DialogProps<ManagedReward>) {
  const client = useQueryClient()
  const { id, currency, pools } = managed.data
  const labelOf = (field: keyof RewardValues) =>
    field === 'minAmount' ? t('admin.edit.with_currency', { label: t('admin.reward.minAmount'), symbol: currencySymbol(currency, locale) }) : t(`admin.reward.${field}`)
  return (
    <EntryDialog<RewardValues>
      title={t(item === null ? 'admin.reward.make' : 'admin.reward.edit')}
      submitLabel={t('admin.edit.save')}
      initial={{ values: rewardValues(item, locale), etag: managed.etag }}
      fields={REWARD_FIELDS}
      schema={rewardSchema(currency, locale)}
      members={REWARD_MEMBERS}
      labelOf={labelOf}
      entryText={(field, value) => (field === 'poolId' ? poolName(pools, value) : value)}
      same={(field, one, other) => sameReward(field, one, other, currency, locale)}
      limitField="quantity"
      save={async (values, etag) => {
        const body = rewardRequest(values, currency, locale)
        if (item === null) await makeReward(id, body)
        else await editReward(id, item.id, etag, body)
        await readManaged(client, id)
        toast(t('admin.reward.saved'))
      }}
      readAgain={async () => {
        const fresh = await readManaged(client, id)
        const reward = fresh.data.rewards.find((one) => one.id === item?.id)
        return reward === undefined ? null : { values: rewardValues(reward, locale), etag: fresh.etag }
      }}
      onClose={onClose}
    >
      {({ register, formState: { errors } }) => {
        const said = (field: keyof RewardValues) =>
          problemText(errors[field]?.message, { max: field in REWARD_LENGTHS ? REWARD_LENGTHS[field as 'title'] : 0, currency })
        return (
          <>
            <Field id="reward-title" label={labelOf('title')} error={said('title')}>
              <Input {...register('title')} {...fieldProps('reward-title', said('title'), false)} dir="auto" autoComplete="off" />
            </Field>
            <Field id="reward-description" label={labelOf('description')} error={said('description')}>
              <Textarea {...register('description')} {...fieldProps('reward-description', said('description'), false)} dir="auto" rows={4} />
            </Field>
            <div className="grid gap-5 sm:grid-cols-2">
              <Field id="reward-min" label={labelOf('minAmount')} hint={t('admin.reward.minAmount_hint')} error={said('minAmount')}>
                <Input {...register('minAmount')} {...fieldProps('reward-min', said('minAmount'))} inputMode="decimal" autoComplete="off" className="figures" />
              </Field>
              <Field id="reward-quantity" label={labelOf('quantity')} hint={t('admin.reward.quantity_hint')} error={said('quantity')}>
                <Input {...register('quantity')} {...fieldProps('reward-quantity', said('quantity'))} inputMode="numeric" autoComplete="off" className="figures" />
              </Field>
              <Field id="reward-pool" label={labelOf('poolId')} hint={t('admin.reward.poolId_hint')} error={said('poolId')}>
                <Select {...register('poolId')} {...fieldProps('reward-pool', said('poolId'))} className="w-full">
                  <option value="">{t('admin.reward.no_pool')}</option>
                  {pools.map((pool) => (
                    <option key={pool.id} value={pool.id}>
                      {pool.name}
                    </option>
                  ))}
                </Select>
              </Field>
              <Field id="reward-position" label={labelOf('position')} hint={t('admin.reward.position_hint')} error={said('position')}>
                <Input {...register('position')} {...fieldProps('reward-position', said('position'))} inputMode="numeric" autoComplete="off" className="figures" />
              </Field>
            </div>
          </>
        )
      }}
    </EntryDialog>
  )
}

export function PoolDialog({ managed, item, onClose }: DialogProps<ManagedPool>) {
  const client = useQueryClient()
  const { id } = managed.data
  return (
    <EntryDialog<{ name: string; capacity: string }>
      title={t(item === null ? 'admin.pool.make' : 'admin.pool.edit')}
      submitLabel={t('admin.edit.save')}
      initial={{ values: poolValues(item), etag: managed.etag }}
      fields={POOL_FIELDS}
      schema={poolSchema()}
      members={{ name: 'name', capacity: 'capacity' }}
      labelOf={(field) => t(`admin.pool.${field}`)}
      same={(_, one, other) => one.trim() === other.trim()}
      limitField="capacity"
      save={async (values, etag) => {
        const body = poolRequest(values)
        if (item === null) await makePool(id, body)
        else await editPool(id, item.id, etag, body)
        await readManaged(client, id)
        toast(t('admin.pool.saved'))
      }}
      readAgain={async () => {
        const fresh = await readManaged(client, id)
        const pool = fresh.data.pools.find((one) => one.id === item?.id)
        return pool === undefined ? null : { values: poolValues(pool), etag: fresh.etag }
      }}
      onClose={onClose}
    >
      {({ register, formState: { errors } }) => {
        const name = problemText(errors.name?.message, { max: REWARD_LENGTHS.name })
        const capacity = problemText(errors.capacity?.message)
        return (
          <>
            <Field id="pool-name" label={t('admin.pool.name')} error={name}>
              <Input {...register('name')} {...fieldProps('pool-name', name, false)} dir="auto" autoComplete="off" />
            </Field>
            <Field id="pool-capacity" label={t('admin.pool.capacity')} hint={t('admin.pool.capacity_hint')} error={capacity}>
              <Input {...register('capacity')} {...fieldProps('pool-capacity', capacity)} inputMode="numeric" autoComplete="off" className="figures max-w-48" />
            </Field>
          </>
        )
      }}
    </EntryDialog>
  )
}

export function poolName(pools: ManagedPool[], id: string | null): string {
  return pools.find((pool) => pool.id === id)?.name ?? t('admin.reward.no_pool')
}
