// SPDX-License-Identifier: Apache-2.0
// Goal: one confirm screen is one key, over retry and reload, and a changed
// gift is another. Method: the draft against a storage in memory.
import { beforeEach, describe, expect, test } from 'vitest'
import {
  attemptFor,
  clearDraft,
  dropSharedKey,
  loadDraft,
  newIdempotencyKey,
  renewedDraft,
  saveDraft,
  sharedKey,
  type GiftDraft,
} from '@/lib/gift-draft'

const draft: GiftDraft = {
  step: 3,
  values: {
    amount: '50',
    rewardId: '',
    quantity: 1,
    feeCover: false,
    name: 'Ada',
    email: 'ada@example.org',
    display: 'name',
    message: '',
  },
  attempt: { key: 'k1', body: '{"amount":5000}', account: null, isSent: true },
  result: null,
  origin: '',
}

beforeEach(() => {
  sessionStorage.clear()
  localStorage.clear()
})

describe('attemptFor', () => {
  let made = 0
  const makeKey = () => `key-${++made}`

  test('keeps the key as long as the bytes are the same', () => {
    const first = attemptFor(null, 'a', null, makeKey)
    const sent = { ...first, isSent: true }
    expect(attemptFor(sent, 'a', null, makeKey)).toBe(sent)
  })

  test('makes a new key for another gift', () => {
    const first = attemptFor(null, 'a', null, makeKey)
    const second = attemptFor({ ...first, isSent: true }, 'b', null, makeKey)
    expect(second.key).not.toBe(first.key)
    expect(second.isSent).toBe(false)
  })
})

describe('the stored draft', () => {
  test('survives a reload with its key and its exact bytes', () => {
    saveDraft('c1', draft, sessionStorage)
    const loaded = loadDraft('c1', sessionStorage)
    expect(loaded).toEqual(draft)
    expect(attemptFor(loaded?.attempt ?? null, '{"amount":5000}', null).key).toBe('k1')
  })

  test('belongs to one campaign', () => {
    saveDraft('c1', draft, sessionStorage)
    expect(loadDraft('c2', sessionStorage)).toBeNull()
    clearDraft('c1', sessionStorage)
    expect(loadDraft('c1', sessionStorage)).toBeNull()
  })

  test.each(['', '{', '{}', '[]', 'null', JSON.stringify({ ...draft, step: 9 }), JSON.stringify({ ...draft, values: { ...draft.values, display: 'all' } })])(
    'is left aside when it is not whole: %j',
    (text) => {
      sessionStorage.setItem('cfa:gift:c1', text)
      expect(loadDraft('c1', sessionStorage)).toBeNull()
    },
  )

  test('is no condition for giving: a forbidden storage is borne', () => {
    const forbidden = {
      getItem: () => {
        throw new Error('denied')
      },
      setItem: () => {
        throw new Error('denied')
      },
      removeItem: () => {
        throw new Error('denied')
      },
    }
    expect(loadDraft('c1', forbidden)).toBeNull()
    expect(() => saveDraft('c1', draft, forbidden)).not.toThrow()
    expect(() => clearDraft('c1', forbidden)).not.toThrow()
  })
})

describe('the key that tabs share', () => {
  test('is one for the same gift, and another for a changed one', () => {
    const first = sharedKey('c1', 'a', localStorage, 0)
    expect(sharedKey('c1', 'a', localStorage, 1000)).toBe(first)
    expect(sharedKey('c2', 'a', localStorage, 1000)).not.toBe(first)
    expect(sharedKey('c1', 'b', localStorage, 1000)).not.toBe(first)
  })

  test('ends with the gift, and after half an hour', () => {
    const first = sharedKey('c1', 'a', localStorage, 0)
    expect(sharedKey('c1', 'a', localStorage, 31 * 60_000)).not.toBe(first)
    const second = sharedKey('c1', 'a', localStorage, 31 * 60_000)
    dropSharedKey('c1', 'the key of another gift', localStorage)
    expect(sharedKey('c1', 'a', localStorage, 31 * 60_000)).toBe(second)
    dropSharedKey('c1', second, localStorage)
    expect(sharedKey('c1', 'a', localStorage, 31 * 60_000)).not.toBe(second)
  })

  test('holds nothing of what was entered', () => {
    sharedKey('c1', JSON.stringify(draft.values), localStorage, 0)
    const stored = Array.from({ length: localStorage.length }, (_, at) => localStorage.getItem(localStorage.key(at) ?? ''))
    expect(stored).toHaveLength(1)
    expect(stored.join()).not.toMatch(/Ada|example/)
  })
})

test('another sender is another key', () => {
  const guest = attemptFor(null, 'a', null, () => 'k1')
  expect(attemptFor(guest, 'a', 'account', () => 'k2').key).toBe('k2')
})

test('a further gift keeps who gives and forgets the rest', () => {
  const done = { id: 'p', token: 't', isReplay: false, isOver: true }
  const values = { ...draft.values, message: 'hello', rewardId: 'r', quantity: 2 }
  const next = renewedDraft({ ...draft, values, result: done })
  expect(next).toMatchObject({ step: 1, attempt: null, result: null })
  expect(next.values).toMatchObject({ name: 'Ada', email: 'ada@example.org', message: '', rewardId: '', quantity: 1 })
})

test('keys are 32 hex digits and never the same', () => {
  const keys = new Set(Array.from({ length: 1000 }, newIdempotencyKey))
  expect(keys.size).toBe(1000)
  for (const key of keys) expect(key).toMatch(/^[0-9a-f]{32}$/)
})
