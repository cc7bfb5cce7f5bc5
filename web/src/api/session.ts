// SPDX-License-Identifier: Apache-2.0
// Who is logged in. The access token lives in this module and nowhere else; the refresh
// token is a cookie that scripts cannot see. What is kept is only the note that this
// browser has logged in once, so that nobody else's visit begins with a refused request.
//
// All tabs share the cookie, and each use of it makes the next one: what uses it waits
// for its turn under one lock of the browser.
import { useSyncExternalStore } from 'react'
import { ApiError, send } from './http'
import type { Account, Session } from './types'

export type SessionState = {
  account: Account | null
  /** Nobody knows yet: the page should show neither. */
  isLoading: boolean
  /** Why it is not known, for example offline; null if it is. */
  error: Error | null
  /** Whose session has ended by itself, while its pages wait for a new log-in. */
  over: Account | null
}

export type Credentials = { email: string; password: string; code?: string }
export type Registration = Credentials & { name: string }

type Note = { type: 'in'; accountId: string } | { type: 'out'; isOver: boolean }

const MARK = 'cfa:session'
const LOCK = 'cfa:session'
const RENEW_EARLY_MS = 30_000

const OUT: SessionState = { account: null, isLoading: false, error: null, over: null }
const UNKNOWN: SessionState = { ...OUT, isLoading: true }

const channel = new BroadcastChannel('cfa:session')
const listeners = new Set<() => void>()
let state: SessionState = hasMark() ? UNKNOWN : OUT
let token: { text: string; expiresAt: number } | null = null
let renewal: Promise<string | null> | null = null

channel.addEventListener('message', ({ data }: MessageEvent<Note>) => {
  if (data.type === 'out') {
    forget(data.isOver)
    return
  }
  if (state.account?.id === data.accountId) return
  token = null
  retrySession()
})

/** The account that is logged in; asks for it once if this browser may know one. */
export function useSession(): SessionState {
  return useSyncExternalStore(subscribe, () => state)
}

export function currentSession(): SessionState {
  return state
}

/** Calls `listener` after each log-in, log-out and change of the account. */
export function onSessionChange(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Asks again after an error. */
export function retrySession(): void {
  set({ ...UNKNOWN, over: state.over })
  renewQuietly()
}

/** A token for the next request, or null for a guest. */
export async function accessToken(): Promise<string | null> {
  if (token !== null && token.expiresAt - RENEW_EARLY_MS > Date.now()) return token.text
  return token !== null || hasMark() ? renewToken(token?.text ?? null) : null
}

/** A newer token than `old`, or null if the session is over; any number of callers ask once. */
export function renewToken(old: string | null): Promise<string | null> {
  if (token !== null && token.text !== old) return Promise.resolve(token.text)
  renewal ??= inTurn(renew).finally(() => {
    renewal = null
  })
  return renewal
}

export async function logIn(credentials: Credentials): Promise<Account> {
  return begin('/api/v1/auth/login', credentials)
}

export async function register(registration: Registration): Promise<Account> {
  return begin('/api/v1/auth/register', registration)
}

export async function registerFirstAdmin(registration: Registration & { token: string }): Promise<Account> {
  return begin('/api/v1/auth/first-admin', registration)
}

export async function logOut(): Promise<void> {
  await inTurn(() => send('/api/v1/auth/logout', { method: 'POST' }))
  leave()
}

export async function logOutEverywhere(): Promise<void> {
  const text = await accessToken()
  await inTurn(() =>
    send('/api/v1/auth/logout-all', { method: 'POST', headers: { Authorization: `Bearer ${text ?? ''}` } }),
  )
  leave()
}

/** In all tabs; a session that is over by itself leaves the pages of its account as they are. */
export function leave(isOver = false): void {
  forget(isOver)
  tell({ type: 'out', isOver })
}

/** After a change of the account's own name. */
export function setAccount(account: Account): void {
  set({ ...OUT, account })
}

/** The path to go on to after the log-in: one of this site, or the given one. */
export function safeReturn(wanted: string | null | undefined, otherwise = '/account'): string {
  if (!wanted?.startsWith('/')) return otherwise
  try {
    const url = new URL(wanted, location.origin)
    if (url.origin !== location.origin || url.pathname.startsWith('/login')) return otherwise
    return url.pathname + url.search + url.hash
  } catch {
    return otherwise
  }
}

async function begin(address: string, body: Credentials): Promise<Account> {
  return inTurn(async () => {
    const { data } = await send<Session>(address, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'Content-Type': 'application/json' },
    })
    take(data)
    tell({ type: 'in', accountId: data.account.id })
    return data.account
  })
}

async function renew(): Promise<string | null> {
  if (token === null && !hasMark()) return null
  try {
    const { data } = await send<Session>('/api/v1/auth/refresh', { method: 'POST' })
    take(data)
    return data.access_token
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) {
      leave(true)
      return null
    }
    if (state.account === null) set({ ...state, isLoading: false, error: error as Error })
    throw error
  }
}

/** The outcome is in the state. */
function renewQuietly(): void {
  renewToken(null).catch(() => undefined)
}

function take(session: Session): void {
  token = { text: session.access_token, expiresAt: Date.now() + session.expires_in * 1000 }
  keepMark(true)
  set({ ...OUT, account: session.account })
}

function forget(isOver: boolean): void {
  token = null
  keepMark(false)
  set({ ...OUT, over: isOver ? (state.account ?? state.over) : null })
}

function tell(note: Note): void {
  channel.postMessage(note)
}

function set(next: SessionState): void {
  state = next
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  if (state.isLoading) renewQuietly()
  return () => listeners.delete(listener)
}

/** One after the other in all tabs. Plain http at another address than loopback has no locks. */
function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
  const locks = (navigator as Partial<Navigator>).locks
  return locks === undefined ? work() : (locks.request(LOCK, work) as Promise<Result>)
}

function hasMark(): boolean {
  try {
    return localStorage.getItem(MARK) !== null
  } catch {
    return false
  }
}

function keepMark(isIn: boolean): void {
  try {
    if (isIn) localStorage.setItem(MARK, '1')
    else localStorage.removeItem(MARK)
  } catch {
    // Without storage the next visit begins as a guest's.
  }
}
