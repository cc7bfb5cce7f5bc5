// SPDX-License-Identifier: Apache-2.0
// What the pages of an account read and change.
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { call } from './call'
import type { components } from './schema'
import type { Account, Pledge, PledgeState } from './types'

export type SecondFactorOffer = components['schemas']['SecondFactorOffer']
type SecondFactorProof = components['schemas']['SecondFactorChange']

const PAGE = 20

export const accountKeys = {
  all: ['account'] as const,
  me: ['account', 'me'] as const,
  sessions: ['account', 'sessions'] as const,
  secondFactor: ['account', 'second-factor'] as const,
  gifts: (state: PledgeState | null) => ['account', 'gifts', state] as const,
}

/** With the ETag that a change of it must name. */
export const meQuery = queryOptions({
  queryKey: accountKeys.me,
  queryFn: ({ signal }) => call('get', '/api/v1/me', { signal }),
})

export const sessionsQuery = queryOptions({
  queryKey: accountKeys.sessions,
  queryFn: async ({ signal }) => (await call('get', '/api/v1/me/sessions', { signal })).data.items,
})

export const secondFactorQuery = queryOptions({
  queryKey: accountKeys.secondFactor,
  queryFn: async ({ signal }) => (await call('get', '/api/v1/me/second-factor', { signal })).data,
})

/** Begins to set one up, or to replace it; what comes back is shown once. */
export async function offerSecondFactor(proof: SecondFactorProof): Promise<SecondFactorOffer> {
  return (await call('post', '/api/v1/me/second-factor', { body: proof })).data
}

/** Takes it into use and gives the recovery codes. */
export async function confirmSecondFactor(code: string): Promise<string[]> {
  return (await call('post', '/api/v1/me/second-factor/confirm', { body: { code } })).data.recovery_codes
}

export async function removeSecondFactor(proof: SecondFactorProof): Promise<void> {
  await call('post', '/api/v1/me/second-factor/remove', { body: proof })
}

export function myGiftsQuery(state: PledgeState | null) {
  return infiniteQueryOptions({
    queryKey: accountKeys.gifts(state),
    queryFn: async ({ pageParam, signal }) => {
      const query = {
        limit: PAGE,
        ...(pageParam === null ? {} : { cursor: pageParam }),
        ...(state === null ? {} : { state }),
      }
      return (await call('get', '/api/v1/me/pledges', { query, signal })).data
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  })
}

/** Takes over what was given as a guest; the token of its private link shows that it is one's own. */
export async function claimGift(id: string, token: string): Promise<Pledge> {
  return (await call('post', '/api/v1/pledges/{id}/claim', { path: { id }, headers: { 'Pledge-Token': token } })).data
}

export async function changeName(name: string, etag: string): Promise<Account> {
  return (await call('patch', '/api/v1/me', { body: { name }, headers: { 'If-Match': etag } })).data
}

export async function changePassword(change: { current_password: string; new_password: string }): Promise<void> {
  await call('post', '/api/v1/me/password', { body: change })
}

export async function endSession(id: string): Promise<void> {
  await call('delete', '/api/v1/me/sessions/{id}', { path: { id } })
}
