// SPDX-License-Identifier: Apache-2.0
// Goal: forms and confirmations keep what was entered, wait as long as the API asks, and say
// what went wrong. Method: the components in jsdom with failures as the API sends them.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { act, type ReactNode } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ApiError, NoAnswerError } from '@/api/http'
import type { Problem } from '@/api/types'
import { AccountForm } from '@/components/account/form'
import { Problem as Refusal } from '@/components/admin/ops/problem'
import { ConfirmDialog } from '@/components/ui/confirm-dialog'
import { ErrorState, ErrorText, errorText } from '@/components/ui/states'
import { loadAreas } from '@/i18n'
import { browserName } from '@/lib/user-agent'

let root: Root
let place: HTMLElement

beforeEach(() => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true)
  place = document.body.appendChild(document.createElement('div'))
  root = createRoot(place)
})

afterEach(() => {
  act(() => root.unmount())
  place.remove()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const show = (what: ReactNode) => act(() => root.render(what))

function refusal(status: number, problem: Problem = {}, headers: Record<string, string> = {}): ApiError {
  return new ApiError(status, problem, new Headers(headers))
}

function button(name: RegExp): HTMLButtonElement {
  const found = [...document.querySelectorAll('button')].find((one) => name.test(one.textContent))
  if (found === undefined) throw new Error(`no button ${name}`)
  return found
}

const press = (name: RegExp) => act(() => button(name).click())

/** Until the promises that the press has begun are settled. */
const pressAndWait = (name: RegExp) =>
  act(() => {
    button(name).click()
    return Promise.resolve()
  })

function type(field: HTMLInputElement | HTMLTextAreaElement | null, text: string): void {
  if (field === null) throw new Error('no such field')
  act(() => {
    // React has its own setter on the element; the one of its class is what typing calls.
    Reflect.set(Object.getPrototypeOf(field) as object, 'value', text, field)
    field.dispatchEvent(new Event('input', { bubbles: true }))
  })
}

describe('a form', () => {
  const form = (failure: unknown, onSubmit: () => Promise<void>) => (
    <AccountForm label="Form" onSubmit={onSubmit} isBusy={false} failure={failure} submitLabel="Send">
      <input />
    </AccountForm>
  )

  test('may be sent again only after the wait that was asked for', () => {
    vi.useFakeTimers()
    const send = vi.fn(() => Promise.resolve())
    const failure = refusal(429, {}, { 'Retry-After': '2' })
    show(form(failure, send))
    expect(place.querySelector('[role=alert]')?.textContent).toContain('Please try again in 2 seconds.')
    press(/Try again in 2 seconds/)
    expect(send).not.toHaveBeenCalled()
    act(() => {
      vi.advanceTimersByTime(2250)
    })
    press(/^Send$/)
    expect(send).toHaveBeenCalledTimes(1)
  })

  test('is not sent twice while it is busy', () => {
    const send = vi.fn(() => Promise.resolve())
    show(
      <AccountForm label="Form" onSubmit={send} isBusy failure={null} submitLabel="Send">
        <input />
      </AccountForm>,
    )
    press(/Working/)
    expect(send).not.toHaveBeenCalled()
  })
})

describe('a confirmation', () => {
  const props = {
    title: 'Close the campaign?',
    confirmLabel: 'Close it',
    reasonLabel: 'Reason',
    explain: (error: unknown) => <ErrorText error={error} />,
  }

  test('wants its reason, keeps it over a failure and closes after the success', async () => {
    const answers = [() => Promise.reject(new NoAnswerError('timeout')), () => Promise.resolve()]
    const confirm = vi.fn<(reason: string) => Promise<void>>(() => answers.shift()?.() ?? Promise.resolve())
    const close = vi.fn()
    show(<ConfirmDialog {...props} onConfirm={confirm} onClose={close} />)
    press(/Close it/)
    expect(document.body.textContent).toContain('Please give a reason.')
    expect(document.activeElement).toBe(document.querySelector('textarea'))
    expect(confirm).not.toHaveBeenCalled()

    type(document.querySelector('textarea'), '  done ')
    await pressAndWait(/Close it/)
    expect(document.querySelector('[role=alert]')?.textContent).toContain('There was no answer in time.')
    expect(document.querySelector('textarea')?.value).toBe('  done ')
    expect(close).not.toHaveBeenCalled()
    await pressAndWait(/Close it/)
    expect(confirm.mock.calls).toEqual([['done'], ['done']])
    expect(close).toHaveBeenCalledTimes(1)
  })

  test('wants the word typed exactly where one is named', async () => {
    const confirm = vi.fn(() => Promise.resolve())
    show(
      <ConfirmDialog {...props} reasonLabel="" typed="garden" onConfirm={confirm} onClose={vi.fn()}>
        All gifts stay.
      </ConfirmDialog>,
    )
    type(document.querySelector('textarea'), 'x')
    type(document.querySelector('input'), 'Garden')
    await pressAndWait(/Close it/)
    expect(confirm).not.toHaveBeenCalled()
    expect(document.body.textContent).toContain('Please type “garden” exactly.')
    type(document.querySelector('input'), 'garden')
    await pressAndWait(/Close it/)
    expect(confirm).toHaveBeenCalledTimes(1)
  })
})

describe('a failure', () => {
  test.each([
    [refusal(429), 'That was too much at once. Please wait a little, then try again.'],
    [refusal(401), 'Your session has ended. Please log in again.'],
    [refusal(403), 'Your account may not see or do this. An administrator can change what it may do.'],
    [refusal(412), 'Somebody else has changed this in the meantime. Load it again to see the newest version.'],
    [refusal(409, { code: 'slug-taken', detail: 'The slug is taken.' }), 'Another campaign has this address already.'],
    [new NoAnswerError('network'), 'The connection broke. Please try again.'],
    [new Error('x'), 'This could not be loaded. The fault is on our side; please try again in a moment.'],
  ])('%s is said in words', (error, text) => {
    expect(errorText(error)).toBe(text)
  })

  test('on the server names the request, and can be tried again', () => {
    const retry = vi.fn()
    show(<ErrorState error={refusal(500, {}, { 'X-Request-Id': 'req-7' })} retry={retry} />)
    expect(place.textContent).toContain('Reference for support: req-7')
    press(/Try again/)
    expect(retry).toHaveBeenCalledTimes(1)
  })

  test('of permission offers no second try', () => {
    show(<ErrorState error={refusal(403)} retry={vi.fn()} />)
    expect(place.textContent).toContain('This is not for your account')
    expect(place.querySelector('button')).toBeNull()
  })
})

test.each([
  ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36 Edg/126.0', 'Edge · Windows'],
  ['Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0', 'Firefox · Linux'],
  ['Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1', 'Safari · iPhone'],
  ['Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Mobile Safari/537.36', 'Chrome · Android'],
  ['curl/8.5.0', 'curl'],
  ['something', null],
])('%s is called %s', (userAgent, name) => {
  expect(browserName(userAgent)).toBe(name)
})

test('why a donor cannot be erased is told in words, each reason that the database has', async () => {
  await loadAreas('site', 'extra', 'account', 'waiting', 'admin')
  const sql = readFileSync(join(import.meta.dirname, '../../sql/functions/donor_erase.sql'), 'utf8')
  const reasons = [...sql.matchAll(/(?:format\(|THEN )'(it [^']+)'/g)].map(([, text = '']) => `cannot erase the account: ${text.replace('%s', 'admin')}`)
  const money = /'(cannot erase the donor: %[^']+)'/.exec(sql)?.[1]?.replace('%', '3') ?? ''
  expect(reasons).toHaveLength(3)
  for (const detail of [money, ...reasons]) {
    show(<Refusal error={refusal(409, { code: 'illegal-transition', detail: `C${detail.slice(1)}.` })} />)
    expect(place.textContent).not.toMatch(/Cannot erase/)
  }
  show(<Refusal error={refusal(409, { code: 'illegal-transition', detail: 'Something new.' })} />)
  expect(place.textContent).toContain('Something new.')
})
