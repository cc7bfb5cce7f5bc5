// SPDX-License-Identifier: Apache-2.0
// Talks HTTP with the API, and names the errors that can end with.
import { traceHeaders, traceRatio } from './trace'
import type { Problem } from './types'

const READ_TIMEOUT_MS = 15_000
const WRITE_TIMEOUT_MS = 20_000
const RETRY_AFTER_MAX_S = 600

/** ETag and status are for those who change what they have read; `total` is the length of a list whose count was asked for. */
export type Answer<Data> = { data: Data; etag: string | null; status: number; total: number | null; headers: Headers }

/** The server answered, and the answer is a refusal. */
export class ApiError extends Error {
  readonly status: number
  readonly problem: Problem
  readonly retryAfterS: number | null
  readonly requestId: string | null
  /** When it came, by the clock of this machine. */
  readonly at = Date.now()

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

/** Sends a request as it is; what it may know of the account is in its headers. */
export async function send<Data>(address: string, init: RequestInit): Promise<Answer<Data>> {
  const isRead = init.method === undefined || init.method === 'GET'
  const timeout = AbortSignal.timeout(isRead ? READ_TIMEOUT_MS : WRITE_TIMEOUT_MS)
  const signal = init.signal ? AbortSignal.any([init.signal, timeout]) : timeout
  try {
    const response = await fetch(address, { ...traced(init), signal, credentials: 'same-origin' })
    if (!response.ok) throw new ApiError(response.status, await readProblem(response), response.headers)
    const data: unknown = response.status === 204 ? undefined : await response.json()
    const count = response.headers.get('X-Total-Count')
    return {
      data: data as Data,
      etag: response.headers.get('ETag'),
      status: response.status,
      total: count === null ? null : Number(count),
      headers: response.headers,
    }
  } catch (error) {
    if (error instanceof ApiError || init.signal?.aborted) throw error
    throw new NoAnswerError(noAnswerKind(timeout))
  }
}

function traced(init: RequestInit): RequestInit {
  const trace = traceHeaders(traceRatio)
  if (trace.traceparent === undefined) return init
  return { ...init, headers: { ...Object.fromEntries(new Headers(init.headers)), ...trace } }
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
