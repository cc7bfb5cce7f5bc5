// SPDX-License-Identifier: Apache-2.0
// Goal: one confirm screen is one key, over retry and reload, and a changed
// gift is another. Method: the draft against a storage in memory.
import { beforeEach, describe, expect, test } from 'vitest'
import {
  attemptFor,
  clearDraft,
  loadDraft,
  newIdempotencyKey,
  saveDraft,
  type GiftDraft,
} from '@/lib/gift-draft'

const draft: GiftDraft = {
  step: 3,
  values: {
    amount: '50',
    rewardId: '',
    quantity: 1,
    name: 'Ada',
    email: 'ada@example.org',
    display: 'name',
    message: '',
  },
  attempt: { key: 'k1', body: '{"amount":5000}', isSent: true },
  result: null,
}

beforeEach(() => {
  sessionStorage.clear()
})

describe('attemptFor', () => {
  let made = 0
  const makeKey = () => `key-${++made}`

  test('keeps the key as long as the bytes are the same', () => {
    const first = attemptFor(null, 'a', makeKey)
    const sent = { ...first, isSent: true }
    expect(attemptFor(sent, 'a', makeKey)).toBe(sent)
  })

  test('makes a new key for another gift', () => {
    const first = attemptFor(null, 'a', makeKey)
    const second = attemptFor({ ...first, isSent: true }, 'b', makeKey)
    expect(second.key).not.toBe(first.key)
    expect(second.isSent).toBe(false)
  })
})

describe('the stored draft', () => {
  test('survives a reload with its key and its exact bytes', () => {
    saveDraft('c1', draft, sessionStorage)
    const loaded = loadDraft('c1', sessionStorage)
    expect(loaded).toEqual(draft)
    expect(attemptFor(loaded?.attempt ?? null, '{"amount":5000}').key).toBe('k1')
  })

  test('belongs to one campaign', () => {
    saveDraft('c1', draft, sessionStorage)
    expect(loadDraft('c2', sessionStorage)).toBeNull()
    clearDraft('c1', sessionStorage)
    expect(loadDraft('c1', sessionStorage)).toBeNull()
  })

  test.each(['', '{', '{}', '[]', 'null', JSON.stringify({ ...draft, step: 9 })])(
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

test('keys are 32 hex digits and never the same', () => {
  const keys = new Set(Array.from({ length: 1000 }, newIdempotencyKey))
  expect(keys.size).toBe(1000)
  for (const key of keys) expect(key).toMatch(/^[0-9a-f]{32}$/)
})
