// SPDX-License-Identifier: Apache-2.0
// What administrators read and do beside campaigns: pledges, work that is stuck,
// consumers, accounts, the audit log, health.
import { keepPreviousData, queryOptions, type QueryClient } from '@tanstack/react-query'
import type { PledgeQuery } from '@/lib/ops/pledge-search'
import { call } from './call'
import { ApiError } from './http'
import type { components, paths } from './schema'

type Schemas = components['schemas']
type QueryOf<P extends keyof paths> = paths[P] extends { get: { parameters: { query?: infer Query } } }
  ? NonNullable<Query>
  : never

export type AdminPledge = Schemas['AdminPledge']
export type AdminPledgeDetail = Schemas['AdminPledgeDetail']
export type AdminActor = Schemas['AdminActor']
export type AdminEvent = Schemas['AdminEvent']
export type AdminParkedEvent = Schemas['AdminParkedEvent']
export type AdminDeadLetter = Schemas['AdminDeadLetter']
export type AdminRefund = Schemas['AdminRefund']
export type AdminHold = Schemas['AdminHold']
export type AdminStuck = Schemas['AdminStuck']
export type AdminConsumer = Schemas['AdminConsumer']
export type AdminAuditEntry = Schemas['AdminAuditEntry']
export type AdminVerify = Schemas['AdminVerify']
export type AdminJob = Schemas['AdminJob']
export type AdminLimit = Schemas['AdminLimit']
export type RefundRequestItem = Schemas['RefundRequestPage']['items'][number]
export type RefundRequestState = Schemas['RefundRequestState']
export type RefundProposal = Schemas['RefundProposal']
export type RefundProposalItem = Schemas['RefundProposalPage']['items'][number]
export type RefundProposalDecision = Schemas['RefundProposalDecision']['decision']
export type User = Schemas['User']
export type Role = Schemas['Role']
export type StuckKind = NonNullable<QueryOf<'/api/v1/admin/payments/stuck'>['kind']>
export type ParkedQuery = QueryOf<'/api/v1/admin/outbox/parked'>
export type AuditQuery = QueryOf<'/api/v1/admin/audit'>
export type UserQuery = QueryOf<'/api/v1/admin/users'>

const FIGURES_EVERY_MS = 5_000
const LISTS_EVERY_MS = 15_000
const LINKS_FRESH_MS = 3_600_000
const VERIFY_MAX_MS = 130_000

const root = ['admin', 'ops'] as const

/** After a change: everything of these pages is read anew. */
export function readOpsAgain(client: QueryClient): Promise<void> {
  return client.invalidateQueries({ queryKey: root })
}

export function pledgeSearchQuery(query: PledgeQuery) {
  return queryOptions({
    queryKey: [...root, 'pledges', query],
    queryFn: async ({ signal }) => (await call('get', '/api/v1/admin/pledges', { query, signal })).data,
    placeholderData: keepPreviousData,
  })
}

export function pledgeDetailQuery(id: string) {
  return queryOptions({
    queryKey: [...root, 'pledge', id],
    queryFn: async ({ signal }) => (await call('get', '/api/v1/admin/pledges/{id}', { path: { id }, signal })).data,
    refetchInterval: ({ state }) => (state.data !== undefined && isMoving(state.data) ? 1_500 : LISTS_EVERY_MS),
  })
}

/** Whether something is under way that will change the pledge without anybody here. */
function isMoving({ pledge, refunds, events }: AdminPledgeDetail): boolean {
  return (
    pledge.state === 'pending' ||
    refunds.some((refund) => refund.state === 'requested') ||
    events.some((event) => event.state === 'waiting' || event.state === 'released')
  )
}

export function parkedQuery(query: ParkedQuery) {
  return queryOptions({
    queryKey: [...root, 'parked', query],
    queryFn: async ({ signal }) => (await call('get', '/api/v1/admin/outbox/parked', { query, signal })).data,
    placeholderData: keepPreviousData,
    refetchInterval: LISTS_EVERY_MS,
  })
}

export function stuckQuery(kind: StuckKind, cursor: string) {
  return queryOptions({
    queryKey: [...root, 'stuck', kind, cursor],
    queryFn: async ({ signal }) =>
      (await call('get', '/api/v1/admin/payments/stuck', { query: { kind, limit: 25, cursor }, signal })).data,
    placeholderData: keepPreviousData,
    refetchInterval: LISTS_EVERY_MS,
  })
}

export function holdsQuery(query: QueryOf<'/api/v1/admin/holds'>) {
  return queryOptions({
    queryKey: [...root, 'holds', query],
    queryFn: async ({ signal }) => (await call('get', '/api/v1/admin/holds', { query, signal })).data,
    placeholderData: keepPreviousData,
    refetchInterval: LISTS_EVERY_MS,
  })
}

export const outboxQuery = queryOptions({
  queryKey: [...root, 'outbox'],
  queryFn: async ({ signal }) => (await call('get', '/api/v1/admin/outbox', { signal })).data,
  refetchInterval: FIGURES_EVERY_MS,
})

/** Asks more often while one is about to stop or to go on. */
export const consumersQuery = queryOptions({
  queryKey: [...root, 'consumers'],
  queryFn: async ({ signal }) => (await call('get', '/api/v1/admin/consumers', { signal })).data,
  refetchInterval: ({ state }) =>
    state.data?.items.some((one) => ['pausing', 'resuming'].includes(one.status)) === true ? 500 : FIGURES_EVERY_MS,
})

export const healthQuery = queryOptions({
  queryKey: [...root, 'health'],
  queryFn: async ({ signal }) => (await call('get', '/api/v1/admin/health', { signal })).data,
  refetchInterval: LISTS_EVERY_MS,
})

/** Asks often while a check runs, and after one was asked for: it begins after the answer. */
export function verifyQuery(asked: { after: string | null; atMs: number } | null) {
  return queryOptions({
    queryKey: [...root, 'verify'],
    queryFn: async ({ signal }) => (await call('get', '/api/v1/admin/verify', { signal })).data,
    refetchInterval: ({ state }) => (state.data?.is_running === true || isAwaited(state.data, asked) ? 500 : 60_000),
  })
}

export function isAwaited(verify: AdminVerify | undefined, asked: { after: string | null; atMs: number } | null): boolean {
  return verify !== undefined && asked !== null && verify.checked_at === asked.after && Date.now() - asked.atMs < VERIFY_MAX_MS
}

export const jobsQuery = queryOptions({
  queryKey: [...root, 'jobs'],
  queryFn: async ({ signal }) => (await call('get', '/api/v1/admin/jobs', { signal })).data,
  refetchInterval: 60_000,
})

/** What the API says of itself; 503 is an answer too. */
export const readinessQuery = queryOptions({
  queryKey: [...root, 'readiness'],
  queryFn: async ({ signal }) => {
    try {
      return (await call('get', '/readyz', { signal })).data
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 503) throw error
      return null
    }
  },
  refetchInterval: FIGURES_EVERY_MS,
})

export function limitsQuery(query: QueryOf<'/api/v1/admin/limits'>) {
  return queryOptions({
    queryKey: [...root, 'limits', query],
    queryFn: async ({ signal }) => (await call('get', '/api/v1/admin/limits', { query, signal })).data,
    placeholderData: keepPreviousData,
  })
}

export function usersQuery(query: UserQuery) {
  return queryOptions({
    queryKey: [...root, 'users', query],
    queryFn: async ({ signal }) => (await call('get', '/api/v1/admin/users', { query, signal })).data,
    placeholderData: keepPreviousData,
  })
}

/** With the tag that a change of it needs. */
export function userQuery(id: string) {
  return queryOptions({
    queryKey: [...root, 'user', id],
    queryFn: async ({ signal }) => {
      const { data, etag } = await call('get', '/api/v1/admin/users/{id}', { path: { id }, signal })
      return { user: data, etag: etag ?? '*' }
    },
  })
}

export function auditQuery(query: AuditQuery) {
  return queryOptions({
    queryKey: [...root, 'audit', query],
    queryFn: async ({ signal }) => (await call('get', '/api/v1/admin/audit', { query, signal })).data,
    placeholderData: keepPreviousData,
  })
}

type RequestQuery = { state?: RefundRequestState; limit?: number; cursor?: string }

/** What donors of a campaign ask back, or of all campaigns that the account has to do with; with the length of the list. */
export function refundRequestsQuery(campaign: string | null, query: RequestQuery) {
  return queryOptions({
    queryKey: [...root, 'requests', campaign, query],
    queryFn: async ({ signal }) => {
      const options = { query, headers: { Prefer: 'count=exact' }, signal }
      const { data, total } =
        campaign === null
          ? await call('get', '/api/v1/me/refund-requests', options)
          : await call('get', '/api/v1/campaigns/{id}/refund-requests', { path: { id: campaign }, ...options })
      return { ...data, total: total ?? data.items.length }
    },
    placeholderData: keepPreviousData,
    refetchInterval: LISTS_EVERY_MS,
  })
}

/** Refunds that need a second person, of all campaigns that the account has to do with; with the length of the list. */
export function refundProposalsQuery(query: QueryOf<'/api/v1/me/refund-proposals'>) {
  return queryOptions({
    queryKey: [...root, 'proposals', query],
    queryFn: async ({ signal }) => {
      const { data, total } = await call('get', '/api/v1/me/refund-proposals', { query, headers: { Prefer: 'count=exact' }, signal })
      return { ...data, total: total ?? data.items.length }
    },
    placeholderData: keepPreviousData,
    refetchInterval: LISTS_EVERY_MS,
  })
}

/** How many wait for a second person. */
export const waitingProposalsQuery = queryOptions({
  ...refundProposalsQuery({ state: 'waiting', limit: 1 }),
  select: ({ total }) => total,
})

/** How many wait for an answer. */
export function openRequestsQuery(campaign: string | null) {
  return queryOptions({ ...refundRequestsQuery(campaign, { state: 'open', limit: 1 }), select: ({ total }) => total })
}

export const linksQuery = queryOptions({
  queryKey: ['admin', 'links'],
  queryFn: async ({ signal }) => (await call('get', '/api/v1/admin/links', { signal })).data,
  staleTime: LINKS_FRESH_MS,
})

/** Title and slug of a campaign, drafts too. */
export function campaignNameQuery(id: string) {
  return queryOptions({
    queryKey: ['admin', 'campaign-name', id],
    queryFn: async ({ signal }) => {
      const { data } = await call('get', '/api/v1/campaigns/{id}/manage', { path: { id }, signal })
      return { title: data.title, slug: data.slug }
    },
    staleTime: LINKS_FRESH_MS,
    retry: false,
  })
}
