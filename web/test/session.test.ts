// SPDX-License-Identifier: Apache-2.0
// Goal: whoever asks, one refresh is under way at a time, a refused token is renewed once,
// and nothing of it stays in the browser. Method: the module against a pretended API, loaded
// anew for each test as each tab does.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

const ACCOUNT = { id: 'a1', email: 'amina@example.org', name: 'Amina', role: 'donor', created_at: '2030-01-01T00:00:00Z' }

type Request = { path: string; method: string; token: string | null }

const channels: BroadcastChannel[] = []
let requests: Request[] = []
let answers: ((request: Request) => Response | Promise<Response>)[] = []

function json(status: number, body: unknown): Response {
  const type = status < 400 ? 'application/json' : 'application/problem+json'
  return new Response(status === 204 ? null : JSON.stringify(body), { status, headers: { 'Content-Type': type } })
}

const session = (token: string) => json(200, { access_token: token, token_type: 'Bearer', expires_in: 600, account: ACCOUNT })
const refused = () => json(401, { code: 'unauthorized', status: 401, title: 'x', type: 'x' })

/** A tab: modules of its own, storage and channels shared. */
async function openTab() {
  vi.resetModules()
  const tab = await import('@/api/session')
  const { call } = await import('@/api/call')
  return { ...tab, call }
}

beforeEach(() => {
  localStorage.clear()
  requests = []
  answers = []
  // Tabs of one test are closed before the next.
  vi.stubGlobal(
    'BroadcastChannel',
    class extends BroadcastChannel {
      constructor(name: string) {
        super(name)
        channels.push(this)
      }
    },
  )
  vi.stubGlobal('fetch', async (path: string, init: RequestInit = {}) => {
    const request = { path, method: init.method ?? 'GET', token: new Headers(init.headers).get('Authorization') }
    requests.push(request)
    const answer = answers.shift()
    if (answer === undefined) throw new Error(`not expected: ${request.method} ${path}`)
    return answer(request)
  })
})

afterEach(() => {
  for (const channel of channels.splice(0)) channel.close()
  vi.unstubAllGlobals()
})

describe('a visitor who has never logged in', () => {
  test('is a guest at once and sends no refresh', async () => {
    const tab = await openTab()
    answers = [() => json(200, { items: [] })]
    expect(tab.currentSession()).toEqual({ account: null, isLoading: false, error: null, over: null })
    await tab.call('get', '/api/v1/fees')
    expect(requests).toEqual([{ path: '/api/v1/fees', method: 'GET', token: null }])
  })
})

describe('a browser that has logged in once', () => {
  beforeEach(() => localStorage.setItem('cfa:session', '1'))

  test('refreshes once for any number of requests at a time', async () => {
    const tab = await openTab()
    expect(tab.currentSession().isLoading).toBe(true)
    answers = [() => session('t1'), ...[1, 2, 3].map(() => () => json(200, ACCOUNT))]
    await Promise.all([1, 2, 3].map(() => tab.call('get', '/api/v1/me')))
    expect(requests.map(({ path, token }) => `${path} ${token ?? ''}`)).toEqual([
      '/api/v1/auth/refresh ',
      ...[1, 2, 3].map(() => '/api/v1/me Bearer t1'),
    ])
    expect(tab.currentSession().account?.name).toBe('Amina')
  })

  test('renews a refused token once and repeats the request, and gives up the second time', async () => {
    const tab = await openTab()
    answers = [() => session('t1'), refused, () => session('t2'), () => json(200, ACCOUNT)]
    await tab.call('get', '/api/v1/me')
    expect(requests.map(({ token }) => token)).toEqual([null, 'Bearer t1', null, 'Bearer t2'])
    answers = [refused, () => session('t3'), refused]
    await expect(tab.call('get', '/api/v1/me')).rejects.toMatchObject({ status: 401 })
    expect(answers).toEqual([])
  })

  test('does not take a wrong password for a refused token', async () => {
    const tab = await openTab()
    answers = [() => session('t1'), () => json(401, { code: 'credentials-invalid', status: 401 })]
    await expect(
      tab.call('post', '/api/v1/me/password', { body: { current_password: 'x', new_password: 'yyyyyyyy' } }),
    ).rejects.toMatchObject({ code: 'credentials-invalid' })
    expect(answers).toEqual([])
  })

  test('is a guest when the session is over, and remembers that', async () => {
    const tab = await openTab()
    answers = [refused, () => json(200, { items: [] })]
    await tab.call('get', '/api/v1/fees')
    expect(tab.currentSession()).toEqual({ account: null, isLoading: false, error: null, over: null })
    expect(localStorage.getItem('cfa:session')).toBeNull()
  })

  test('is not logged out by a fault of the network or the server', async () => {
    const tab = await openTab()
    answers = [() => json(503, { code: 'overloaded', status: 503 })]
    await expect(tab.call('get', '/api/v1/me')).rejects.toMatchObject({ status: 503 })
    expect(tab.currentSession()).toMatchObject({ account: null, isLoading: false, error: { status: 503 } })
    expect(localStorage.getItem('cfa:session')).toBe('1')
    answers = [() => session('t1'), () => json(200, ACCOUNT)]
    await tab.call('get', '/api/v1/me')
    expect(tab.currentSession().error).toBeNull()
  })

  test('keeps no token and no person in the browser', async () => {
    const tab = await openTab()
    answers = [() => session('secret-token')]
    await tab.accessToken()
    expect(JSON.stringify([localStorage, sessionStorage, document.cookie])).toBe(
      JSON.stringify([{ 'cfa:session': '1' }, {}, '']),
    )
  })

  test('leaves when another tab leaves, and comes back with it', async () => {
    const first = await openTab()
    answers = [() => session('t1')]
    await first.accessToken()
    const second = await openTab()
    answers = [() => session('t2'), () => json(204, null)]
    await second.accessToken()
    await second.logOut()
    await vi.waitFor(() => expect(first.currentSession()).toMatchObject({ account: null, isLoading: false }))
    expect(await first.accessToken()).toBeNull()

    answers = [() => session('t3'), () => session('t4')]
    await second.logIn({ email: ACCOUNT.email, password: 'x' })
    await vi.waitFor(() => expect(first.currentSession().account?.id).toBe('a1'))
    expect(await first.accessToken()).toBe('t4')
  })

  test('knows in each tab whose session has ended by itself, until there is another one', async () => {
    const first = await openTab()
    answers = [() => session('t1')]
    await first.accessToken()
    const second = await openTab()
    answers = [() => session('t2'), refused, refused]
    await second.accessToken()
    await expect(second.call('get', '/api/v1/me')).rejects.toMatchObject({ status: 401 })
    const over = { account: null, isLoading: false, error: null, over: ACCOUNT }
    expect(second.currentSession()).toEqual(over)
    await vi.waitFor(() => expect(first.currentSession()).toEqual(over))
    expect(await first.accessToken()).toBeNull()

    answers = [() => session('t3'), () => session('t4')]
    await second.logIn({ email: ACCOUNT.email, password: 'x' })
    await vi.waitFor(() => expect(first.currentSession()).toMatchObject({ account: ACCOUNT, over: null }))
    answers = [() => json(204, null)]
    await second.logOut()
    expect(second.currentSession()).toMatchObject({ account: null, over: null })
    await vi.waitFor(() => expect(first.currentSession()).toMatchObject({ account: null, over: null }))
  })

  test('stays logged in if the log-out did not arrive', async () => {
    const tab = await openTab()
    answers = [() => session('t1'), () => json(503, { code: 'overloaded', status: 503 })]
    await tab.accessToken()
    await expect(tab.logOut()).rejects.toMatchObject({ status: 503 })
    expect(tab.currentSession().account?.id).toBe('a1')
  })
})

test.each([
  ['/admin/campaigns?state=draft#top', '/admin/campaigns?state=draft#top'],
  ['/', '/'],
  ['//evil.example', '/account'],
  ['/\\evil.example', '/account'],
  ['https://evil.example/', '/account'],
  ['javascript:alert(1)', '/account'],
  ['evil.example', '/account'],
  ['/login?return=/login', '/account'],
  ['\t//evil.example', '/account'],
  ['/\t/evil.example', '/account'],
  ['', '/account'],
  [null, '/account'],
])('after the log-in %j leads to %s', async (wanted, target) => {
  const { safeReturn } = await openTab()
  expect(safeReturn(wanted)).toBe(target)
})
