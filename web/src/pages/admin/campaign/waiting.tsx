// SPDX-License-Identifier: Apache-2.0
// Who waits for a campaign and its rewards. What is free is marked; those who may edit the
// campaign invite and remove.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import {
  campaignKeys,
  inviteWaiting,
  placesQuery,
  removeWaiting,
  waitingQuery,
  type Places,
  type WaitingPerson,
} from '@/api/admin-campaigns'
import { useManaged } from '@/components/admin/campaign/use-managed'
import { Moment } from '@/components/admin/ops/bits'
import { DirectExport } from '@/components/admin/ops/direct-export'
import { FilterSelect } from '@/components/admin/ops/filter-bar'
import { Pager, QueryView } from '@/components/admin/ops/list'
import { useListUrl } from '@/components/admin/ops/list-url'
import { Badge } from '@/components/ui/badge'
import { Button } from '@/components/ui/button'
import { ConfirmDialog } from '@/components/ui/confirm-dialog'
import { Notice } from '@/components/ui/notice'
import { EmptyState, ErrorText, errorText } from '@/components/ui/states'
import { Table, Td, Th, Tr } from '@/components/ui/table'
import { toast } from '@/components/ui/toast'
import { t } from '@/i18n'
import { CURSOR } from '@/lib/ops/filters'

const STATES = ['waiting', 'invited'] as const
const RULES = {
  queue: { pattern: /^(campaign|[0-9a-f-]{36})$/ },
  state: { words: STATES },
  cursor: { pattern: CURSOR, max: 500 },
} as const

export function WaitingPage() {
  const { data: campaign } = useManaged()
  const url = useListUrl(RULES)
  const { queue, cursor } = url.filters
  const state = STATES.find((one) => one === url.filters.state)
  const filters = { ...(queue === '' ? {} : { queue }), ...(state === undefined ? {} : { state }) }
  const places = useQuery(placesQuery(campaign.id))
  const query = useQuery(waitingQuery(campaign.id, { ...filters, ...(cursor === '' ? {} : { cursor }) }))
  return (
    <section aria-labelledby="waiting-heading" className="grid min-w-0 grid-cols-1 gap-5">
      <div className="grid gap-1">
        <h2 id="waiting-heading" className="text-heading">
          {t('admin.waiting.title')}
        </h2>
        <p className="text-muted max-w-prose">{t('admin.waiting.text')}</p>
      </div>
      {places.data !== undefined && <Queues places={places.data} />}
      <search className="flex flex-wrap items-end gap-4">
        <FilterSelect label={t('admin.waiting.queue')} name="queue" value={queue} onChange={(event) => url.set({ queue: event.target.value })}>
          <option value="">{t('admin.campaigns.any')}</option>
          <option value="campaign">{t('admin.waiting.of_campaign')}</option>
          {campaign.rewards.map((reward) => (
            <option key={reward.id} value={reward.id}>
              {reward.title}
            </option>
          ))}
        </FilterSelect>
        <FilterSelect label={t('admin.waiting.state')} name="state" value={state ?? ''} onChange={(event) => url.set({ state: event.target.value })}>
          <option value="">{t('admin.campaigns.any')}</option>
          {STATES.map((one) => (
            <option key={one} value={one}>
              {t(`admin.waiting.state_${one}`)}
            </option>
          ))}
        </FilterSelect>
        <DirectExport path={`/api/v1/campaigns/${campaign.id}/waiting-export`} query={filters} />
      </search>
      <QueryView
        query={query}
        isEmpty={({ items }) => items.length === 0}
        empty={<EmptyState heading={t('admin.waiting.none')}>{t('admin.waiting.none_text')}</EmptyState>}
      >
        {({ items, next_cursor, total }) => (
          <>
            <p role="status" data-total={total} className="text-muted text-sm">
              {t('admin.waiting.count', { count: total })}
            </p>
            <People people={items} campaignId={campaign.id} canEdit={campaign.right !== 'view'} places={places.data} />
            <Pager cursor={cursor} next={next_cursor} href={(next) => url.href({ cursor: next })} go={(next) => url.set({ cursor: next })} />
          </>
        )}
      </QueryView>
    </section>
  )
}

type Queue = { id: string; name: string; waiting: number; invited: number; is_free: boolean }

/** The queues that somebody is in. */
function queuesOf(places: Places): Queue[] {
  const own = { id: 'campaign', name: t('admin.waiting.of_campaign'), ...places.campaign }
  return [own, ...places.rewards].filter(({ waiting, invited }) => waiting + invited > 0)
}

function Queues({ places }: { places: Places }) {
  const queues = queuesOf(places)
  if (queues.length === 0) return null
  return (
    <ul className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
      {queues.map((queue) => (
        <li key={queue.id} data-queue={queue.id} className="border-line bg-paper rounded-patch grid content-start gap-1 border-2 p-4">
          <span className="flex flex-wrap items-baseline justify-between gap-2">
            <span className="min-w-0 font-bold wrap-anywhere" dir="auto">
              {queue.name}
            </span>
            <Badge tone={queue.is_free ? 'good' : 'plain'}>{t(queue.is_free ? 'admin.waiting.free' : 'admin.waiting.not_free')}</Badge>
          </span>
          <span className="figures text-muted text-sm">{t('admin.waiting.figures', { waiting: queue.waiting, invited: queue.invited })}</span>
        </li>
      ))}
    </ul>
  )
}

type PeopleProps = { people: WaitingPerson[]; campaignId: string; canEdit: boolean; places: Places | undefined }

function People({ people, campaignId, canEdit, places }: PeopleProps) {
  const client = useQueryClient()
  const [removing, setRemoving] = useState<WaitingPerson | null>(null)
  const [busy, setBusy] = useState<string | null>(null)
  const readAgain = () => client.invalidateQueries({ queryKey: campaignKeys.waiting(campaignId) })
  const freeOf = (person: WaitingPerson) =>
    person.reward === null ? places?.campaign.is_free : places?.rewards.find(({ id }) => id === person.reward?.id)?.is_free
  const invite = async (person: WaitingPerson) => {
    if (busy !== null) return
    setBusy(person.id)
    try {
      await inviteWaiting(campaignId, person.id)
      await readAgain()
      toast(t('admin.waiting.invited_done', { name: person.name }), 'good')
    } catch (error) {
      toast(errorText(error), 'bad')
    } finally {
      setBusy(null)
    }
  }
  return (
    <>
      <Table label={t('admin.waiting.title')}>
        <thead>
          <tr>
            <Th>{t('admin.waiting.person')}</Th>
            <Th>{t('admin.waiting.queue')}</Th>
            <Th>{t('admin.waiting.joined')}</Th>
            <Th>{t('admin.waiting.state')}</Th>
            {canEdit && (
              <Th>
                <span className="sr-only">{t('admin.reward.actions')}</span>
              </Th>
            )}
          </tr>
        </thead>
        <tbody>
          {people.map((person) => (
            <Tr key={person.id} data-entry={person.id} data-state={person.state}>
              <Th scope="row" className="min-w-40">
                <span className="grid wrap-anywhere">
                  <bdi>{person.name}</bdi>
                  {person.email !== null && (
                    <bdi dir="ltr" className="text-muted text-sm font-normal">
                      {person.email}
                    </bdi>
                  )}
                </span>
              </Th>
              <Td className="wrap-anywhere">
                <span dir="auto">{person.reward?.title ?? t('admin.waiting.of_campaign')}</span>
              </Td>
              <Td>
                <Moment at={person.joined_at} />
              </Td>
              <Td>
                <span className="flex flex-wrap gap-1">
                  <Badge tone={person.state === 'invited' ? 'good' : 'plain'}>{t(`admin.waiting.state_${person.state}`)}</Badge>
                  {person.state === 'waiting' && freeOf(person) === true && <Badge tone="warn">{t('admin.waiting.free')}</Badge>}
                  {person.has_given && <Badge tone="good">{t('admin.waiting.has_given')}</Badge>}
                </span>
              </Td>
              {canEdit && (
                <Td className="min-w-40 py-0.5 text-end">
                  {person.state === 'waiting' && (
                    <Button variant="quiet" aria-disabled={busy !== null} aria-label={t('admin.waiting.invite_named', { name: person.name })} onClick={() => void invite(person)}>
                      {t('admin.waiting.invite')}
                    </Button>
                  )}
                  <Button variant="quiet" aria-label={t('admin.waiting.remove_named', { name: person.name })} onClick={() => setRemoving(person)}>
                    {t('admin.waiting.remove')}
                  </Button>
                </Td>
              )}
            </Tr>
          ))}
        </tbody>
      </Table>
      {removing !== null && (
        <ConfirmDialog
          title={t('admin.waiting.remove_ask', { name: removing.name })}
          confirmLabel={t('admin.waiting.remove')}
          explain={(error) => (
            <Notice tone="bad">
              <ErrorText error={error} />
            </Notice>
          )}
          onConfirm={async () => {
            await removeWaiting(campaignId, removing.id)
            await readAgain()
            toast(t('admin.waiting.removed'))
          }}
          onClose={() => setRemoving(null)}
        >
          <p>{t('admin.waiting.remove_text')}</p>
        </ConfirmDialog>
      )}
    </>
  )
}
