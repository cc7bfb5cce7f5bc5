// SPDX-License-Identifier: Apache-2.0
// One function that talks HTTP, and the errors it can end with.
import type { Campaign, Gift, Page, Pledge, PledgeCreated, Problem } from './types'

const READ_TIMEOUT_MS = 15_000
const WRITE_TIMEOUT_MS = 20_000
const RETRY_AFTER_MAX_S = 600

/** The server answered, and the answer is a refusal. */
export class ApiError extends Error {
  readonly status: number
  readonly problem: Problem
  readonly retryAfterS: number | null
  readonly requestId: string | null

  constructor(status: number, problem: Problem, headers: Headers) {
    super(problem.title ?? `HTTP ${status}`)
    this.name = 'ApiError'
    this.status = status
    this.problem = problem
    this.retryAfterS = retryAfterSeconds(headers.get('Retry-After'))
    this.requestId = headers.get('X-Request-Id')
  }

  get code(): string {
    return this.problem.code ?? `http-${this.status}`
  }
}

/** No answer came: whether the server did anything is not known. */
export class NoAnswerError extends Error {
  readonly kind: 'offline' | 'timeout' | 'network'

  constructor(kind: 'offline' | 'timeout' | 'network') {
    super(kind)
    this.name = 'NoAnswerError'
    this.kind = kind
  }
}

export function fetchCampaigns(cursor: string | null, signal: AbortSignal): Promise<Page<Campaign>> {
  const query = new URLSearchParams({ limit: '12' })
  if (cursor !== null) query.set('cursor', cursor)
  return send<Page<Campaign>>(`/api/v1/campaigns?${query}`, { signal })
}

export function fetchCampaign(slug: string, signal: AbortSignal): Promise<Campaign> {
  return send<Campaign>(`/api/v1/campaigns/${encodeURIComponent(slug)}`, { signal })
}

export function fetchGifts(
  campaignId: string,
  cursor: string | null,
  signal: AbortSignal,
): Promise<Page<Gift>> {
  const query = new URLSearchParams({ limit: '8' })
  if (cursor !== null) query.set('cursor', cursor)
  return send<Page<Gift>>(`/api/v1/campaigns/${campaignId}/gifts?${query}`, { signal })
}

export function fetchPledge(id: string, token: string, signal: AbortSignal): Promise<Pledge> {
  return send<Pledge>(`/api/v1/pledges/${encodeURIComponent(id)}`, {
    signal,
    headers: { 'Pledge-Token': token },
    cache: 'no-store',
  })
}

/** Sends `body` as it is: a repeat with the same key must have the same bytes. */
export function postPledge(campaignId: string, key: string, body: string): Promise<PledgeCreated> {
  return send<PledgeCreated>(
    `/api/v1/campaigns/${campaignId}/pledges`,
    {
      method: 'POST',
      body,
      headers: { 'Content-Type': 'application/json', 'Idempotency-Key': key },
    },
    WRITE_TIMEOUT_MS,
  )
}

async function send<Body>(path: string, init: RequestInit, timeoutMs = READ_TIMEOUT_MS): Promise<Body> {
  const timeout = AbortSignal.timeout(timeoutMs)
  const signal = init.signal ? AbortSignal.any([init.signal, timeout]) : timeout
  try {
    const response = await fetch(path, { ...init, signal, credentials: 'same-origin' })
    if (!response.ok) throw new ApiError(response.status, await readProblem(response), response.headers)
    return (await response.json()) as Body
  } catch (error) {
    if (error instanceof ApiError || init.signal?.aborted) throw error
    throw new NoAnswerError(noAnswerKind(timeout))
  }
}

function noAnswerKind(timeout: AbortSignal): 'offline' | 'timeout' | 'network' {
  if (timeout.aborted) return 'timeout'
  return navigator.onLine ? 'network' : 'offline'
}

async function readProblem(response: Response): Promise<Problem> {
  if (!(response.headers.get('Content-Type') ?? '').includes('json')) return {}
  try {
    const body: unknown = await response.json()
    return typeof body === 'object' && body !== null ? body : {}
  } catch {
    return {}
  }
}

function retryAfterSeconds(value: string | null): number | null {
  if (value === null) return null
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1000
  return Number.isFinite(seconds) ? Math.min(Math.max(0, Math.ceil(seconds)), RETRY_AFTER_MAX_S) : null
}
