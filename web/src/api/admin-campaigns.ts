// SPDX-License-Identifier: Apache-2.0
// What the people who run campaigns read and do. A campaign, its rewards and pools share
// one revision: each change is made against the tag that was read with it.
import { infiniteQueryOptions, keepPreviousData, queryOptions, type QueryClient } from '@tanstack/react-query'
import { call, sendAuthorized } from './call'
import type { Answer } from './http'
import type { components, paths } from './schema'

type Schemas = components['schemas']
type QueryOf<P extends keyof paths> = paths[P] extends { get: { parameters: { query?: infer Query } } }
  ? NonNullable<Query>
  : never

export type ManagedCampaign = Schemas['ManagedCampaign']
export type ManagedReward = Schemas['ManagedReward']
export type ManagedPool = Schemas['ManagedPool']
export type MyCampaign = Schemas['MyCampaign']
export type CampaignRequest = Schemas['CampaignRequest']
export type CampaignPatch = Schemas['CampaignPatch']
export type RewardRequest = Schemas['RewardRequest']
export type RewardPatch = Schemas['RewardPatch']
export type PoolRequest = Schemas['PoolRequest']
export type PoolPatch = Schemas['PoolPatch']
export type Update = Schemas['Update']
export type UpdateRequest = Schemas['UpdateRequest']
export type Team = Schemas['Team']
export type TeamMember = Schemas['TeamMember']
export type TeamRole = Schemas['TeamRole']
export type CampaignPledge = Schemas['CampaignPledge']
export type Places = Schemas['Places']
export type WaitingPerson = Schemas['WaitingPerson']
export type WaitingQuery = QueryOf<'/api/v1/campaigns/{id}/waiting'>
export type Stats = Schemas['Stats']
export type AdminStats = Schemas['AdminStats']
export type CampaignAction = ManagedCampaign['actions'][number]
export type CampaignListQuery = QueryOf<'/api/v1/admin/campaigns'>
export type CampaignPledgesQuery = QueryOf<'/api/v1/campaigns/{id}/pledges'>
export type StatsQuery = QueryOf<'/api/v1/admin/stats'>

/** With the tag of the revision it was read at. */
export type Tagged<Data> = { data: Data; etag: string }

const LIST_LIMIT = 20
const COUNT = { Prefer: 'count=exact' }
const FIGURES_EVERY_MS = 10_000

const root = ['admin', 'campaigns'] as const

export const campaignKeys = {
  lists: [...root, 'list'] as const,
  managed: (id: string) => [...root, 'one', id] as const,
  team: (id: string) => [...root, 'one', id, 'team'] as const,
  updates: (id: string) => [...root, 'one', id, 'updates'] as const,
  pledges: (id: string) => [...root, 'one', id, 'pledges'] as const,
  waiting: (id: string) => [...root, 'one', id, 'waiting'] as const,
  stats: [...root, 'stats'] as const,
}

/** A page with the length of the whole list; administrators see all campaigns, others their own. */
export function campaignListQuery(isAdmin: boolean, query: CampaignListQuery) {
  return queryOptions({
    queryKey: [...campaignKeys.lists, isAdmin, query],
    queryFn: async ({ signal }) => {
      const path = isAdmin ? '/api/v1/admin/campaigns' : '/api/v1/me/campaigns'
      const { data, total } = await call('get', path, { query: { limit: LIST_LIMIT, ...query }, headers: COUNT, signal })
      return { ...data, total: total ?? data.items.length }
    },
    placeholderData: keepPreviousData,
  })
}

/** How many campaigns have a status. */
export function campaignCountQuery(isAdmin: boolean, status: NonNullable<CampaignListQuery['status']>) {
  return queryOptions({
    ...campaignListQuery(isAdmin, { status, limit: 1 }),
    select: ({ total }) => total,
    refetchInterval: FIGURES_EVERY_MS,
  })
}

export function managedQuery(id: string) {
  return queryOptions({
    queryKey: campaignKeys.managed(id),
    queryFn: async ({ signal }) => tagged(await call('get', '/api/v1/campaigns/{id}/manage', { path: { id }, signal })),
  })
}

export function teamQuery(id: string) {
  return queryOptions({
    queryKey: campaignKeys.team(id),
    queryFn: async ({ signal }) => (await call('get', '/api/v1/campaigns/{id}/team', { path: { id }, signal })).data,
  })
}

export function updatesQuery(id: string) {
  return infiniteQueryOptions({
    queryKey: campaignKeys.updates(id),
    queryFn: async ({ pageParam, signal }) => {
      const query = pageParam === null ? { limit: LIST_LIMIT } : { limit: LIST_LIMIT, cursor: pageParam }
      return (await call('get', '/api/v1/campaigns/{id}/updates', { path: { id }, query, signal })).data
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  })
}

export function campaignPledgesQuery(id: string, query: CampaignPledgesQuery) {
  return queryOptions({
    queryKey: [...campaignKeys.pledges(id), query],
    queryFn: async ({ signal }) =>
      (await call('get', '/api/v1/campaigns/{id}/pledges', { path: { id }, query: { limit: LIST_LIMIT, ...query }, signal })).data,
    placeholderData: keepPreviousData,
    refetchInterval: FIGURES_EVERY_MS,
  })
}

/** Who waits for a campaign and its rewards, with the length of the whole list. */
export function waitingQuery(id: string, query: WaitingQuery) {
  return queryOptions({
    queryKey: [...campaignKeys.waiting(id), 'list', query],
    queryFn: async ({ signal }) => {
      const options = { path: { id }, query: { limit: LIST_LIMIT, ...query }, headers: COUNT, signal }
      const { data, total } = await call('get', '/api/v1/campaigns/{id}/waiting', options)
      return { ...data, total: total ?? data.items.length }
    },
    placeholderData: keepPreviousData,
    refetchInterval: FIGURES_EVERY_MS,
  })
}

/** What of rewards and pools is held, taken and free, and how many wait. */
export function placesQuery(id: string) {
  return queryOptions({
    queryKey: [...campaignKeys.waiting(id), 'places'],
    queryFn: async ({ signal }) => (await call('get', '/api/v1/campaigns/{id}/places', { path: { id }, signal })).data,
    refetchInterval: FIGURES_EVERY_MS,
  })
}

/** Figures of everything, for administrators. */
export function statsQuery(query: StatsQuery) {
  return queryOptions({
    queryKey: [...campaignKeys.stats, 'all', query],
    queryFn: async ({ signal }) => (await call('get', '/api/v1/admin/stats', { query, signal })).data,
    placeholderData: keepPreviousData,
    refetchInterval: FIGURES_EVERY_MS,
  })
}

/** Figures of one campaign, for its team. */
export function campaignStatsQuery(id: string, query: StatsQuery) {
  return queryOptions({
    queryKey: [...campaignKeys.stats, id, query],
    queryFn: async ({ signal }) => (await call('get', '/api/v1/campaigns/{id}/stats', { path: { id }, query, signal })).data,
    placeholderData: keepPreviousData,
    refetchInterval: FIGURES_EVERY_MS,
    enabled: id !== '',
  })
}

export function outboxQuery() {
  return queryOptions({
    queryKey: [...root, 'outbox'],
    queryFn: async ({ signal }) => (await call('get', '/api/v1/admin/outbox', { signal })).data,
    refetchInterval: FIGURES_EVERY_MS,
  })
}

// --- changes

/** Makes what was answered to a change the newest that is known. */
export async function take(client: QueryClient, { data, etag }: Tagged<ManagedCampaign>): Promise<void> {
  client.setQueryData(campaignKeys.managed(data.id), { data, etag })
  await client.invalidateQueries({ queryKey: campaignKeys.lists })
}

/** Reads the campaign anew, past everything that is cached. */
export async function readManaged(client: QueryClient, id: string): Promise<Tagged<ManagedCampaign>> {
  return client.query({ ...managedQuery(id), staleTime: 0 })
}

export async function makeCampaign(body: CampaignRequest): Promise<Tagged<ManagedCampaign>> {
  return tagged(await call('post', '/api/v1/campaigns', { body }))
}

export async function editCampaign(id: string, etag: string, body: CampaignPatch): Promise<Tagged<ManagedCampaign>> {
  return tagged(await call('patch', '/api/v1/campaigns/{id}', { path: { id }, body, headers: { 'If-Match': etag } }))
}

export async function moveCampaign(id: string, action: CampaignAction, reason: string): Promise<Tagged<ManagedCampaign>> {
  return tagged(await call('post', `/api/v1/campaigns/{id}/${action}`, { path: { id }, body: { reason } }))
}

/** The bytes as they are; the answer's tag is that of the campaign. */
export async function putImage(id: string, etag: string, file: Blob): Promise<void> {
  await sendAuthorized(`/api/v1/campaigns/${id}/image`, {
    method: 'PUT',
    body: file,
    headers: { 'Content-Type': file.type, 'If-Match': etag },
  })
}

export async function removeImage(id: string, etag: string): Promise<void> {
  await call('delete', '/api/v1/campaigns/{id}/image', { path: { id }, headers: { 'If-Match': etag } })
}

export async function makeReward(id: string, body: RewardRequest): Promise<void> {
  await call('post', '/api/v1/campaigns/{id}/rewards', { path: { id }, body })
}

export async function editReward(id: string, reward: string, etag: string, body: RewardPatch): Promise<void> {
  await call('patch', '/api/v1/campaigns/{id}/rewards/{reward}', { path: { id, reward }, body, headers: { 'If-Match': etag } })
}

export async function removeReward(id: string, reward: string, etag: string): Promise<void> {
  await call('delete', '/api/v1/campaigns/{id}/rewards/{reward}', { path: { id, reward }, headers: { 'If-Match': etag } })
}

export async function makePool(id: string, body: PoolRequest): Promise<void> {
  await call('post', '/api/v1/campaigns/{id}/pools', { path: { id }, body })
}

export async function editPool(id: string, pool: string, etag: string, body: PoolPatch): Promise<void> {
  await call('patch', '/api/v1/campaigns/{id}/pools/{pool}', { path: { id, pool }, body, headers: { 'If-Match': etag } })
}

/** No more than what is in use now. */
export async function closePlaces(id: string, kind: 'reward' | 'pool', part: string): Promise<void> {
  if (kind === 'reward') await call('post', '/api/v1/campaigns/{id}/rewards/{reward}/close', { path: { id, reward: part } })
  else await call('post', '/api/v1/campaigns/{id}/pools/{pool}/close', { path: { id, pool: part } })
}

export async function inviteWaiting(id: string, entry: string): Promise<void> {
  await call('post', '/api/v1/campaigns/{id}/waiting/{entry}/invite', { path: { id, entry } })
}

export async function removeWaiting(id: string, entry: string): Promise<void> {
  await call('delete', '/api/v1/campaigns/{id}/waiting/{entry}', { path: { id, entry } })
}

export async function makeUpdate(id: string, body: UpdateRequest): Promise<void> {
  await call('post', '/api/v1/campaigns/{id}/updates', { path: { id }, body })
}

export async function readUpdate(id: string, update: string): Promise<Tagged<Update>> {
  return tagged(await call('get', '/api/v1/campaigns/{id}/updates/{update}', { path: { id, update } }))
}

export async function editUpdate(id: string, update: string, etag: string, body: UpdateRequest): Promise<void> {
  await call('patch', '/api/v1/campaigns/{id}/updates/{update}', { path: { id, update }, body, headers: { 'If-Match': etag } })
}

export async function removeUpdate(id: string, update: string, etag: string): Promise<void> {
  await call('delete', '/api/v1/campaigns/{id}/updates/{update}', { path: { id, update }, headers: { 'If-Match': etag } })
}

export async function addMember(id: string, email: string, role: TeamRole): Promise<void> {
  await call('post', '/api/v1/campaigns/{id}/team', { path: { id }, body: { email, role } })
}

/** A member has a tag of its own; it is read right before, as there is nothing to merge in one word. */
export async function setMemberRole(id: string, account: string, role: TeamRole): Promise<void> {
  const { etag } = tagged(await call('get', '/api/v1/campaigns/{id}/team/{account}', { path: { id, account } }))
  await call('put', '/api/v1/campaigns/{id}/team/{account}', { path: { id, account }, body: { role }, headers: { 'If-Match': etag } })
}

export async function removeMember(id: string, account: string): Promise<void> {
  const { etag } = tagged(await call('get', '/api/v1/campaigns/{id}/team/{account}', { path: { id, account } }))
  await call('delete', '/api/v1/campaigns/{id}/team/{account}', { path: { id, account }, headers: { 'If-Match': etag } })
}

function tagged<Data>({ data, etag }: Answer<Data>): Tagged<Data> {
  return { data, etag: etag ?? '*' }
}
