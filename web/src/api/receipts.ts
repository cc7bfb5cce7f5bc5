// SPDX-License-Identifier: Apache-2.0
// The receipt of a gift as PDF, and when it was issued.
import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useRef } from 'react'
import { newIdempotencyKey } from '@/lib/gift-draft'
import { call } from './call'
import { download, saveFile } from './download'
import type { components } from './schema'

export type Receipt = components['schemas']['Receipt']
export type ReceiptRequest = components['schemas']['ReceiptNew']

const TIMEOUT_MS = 30_000

/** For the donor by the private link; without its token for the account, as donor or as one of the campaign. */
export function useReceipts(id: string, token: string) {
  const client = useQueryClient()
  const headers: Record<string, string> = token === '' ? {} : { 'Pledge-Token': token }
  // One that did not arrive is asked for by the same key, so that it is still the same issue.
  const attempt = useRef({ body: '', key: '' })
  const query = queryOptions({
    queryKey: ['receipts', id],
    queryFn: async ({ signal }) => (await call('get', '/api/v1/pledges/{id}/receipts', { path: { id }, headers, signal })).data.items,
  })
  const issue = useMutation({
    mutationFn: (request: ReceiptRequest) => {
      const body = JSON.stringify(request)
      if (attempt.current.body !== body) attempt.current = { body, key: newIdempotencyKey() }
      return download(`/api/v1/pledges/${encodeURIComponent(id)}/receipts`, AbortSignal.timeout(TIMEOUT_MS), () => undefined, {
        method: 'POST',
        body,
        headers: { ...headers, 'Content-Type': 'application/json', 'Idempotency-Key': attempt.current.key },
      })
    },
    onSuccess: (file) => {
      attempt.current = { body: '', key: '' }
      saveFile(file)
    },
    onSettled: () => client.invalidateQueries({ queryKey: query.queryKey }),
  })
  return { issues: useQuery(query), issue }
}
