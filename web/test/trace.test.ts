// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest'
import { traceHeaders, traceRatio } from '../src/api/trace'

describe('traces that begin in the browser', () => {
  test('none, unless the site was built for it', () => {
    expect(traceRatio).toBe(0)
    expect(traceHeaders(0)).toEqual({})
    expect(traceHeaders(Number.NaN)).toEqual({})
  })

  test('each with ids of its own, sampled', () => {
    const made = Array.from({ length: 20 }, () => traceHeaders(1).traceparent ?? '')
    for (const one of made) expect(one).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-03$/)
    expect(new Set(made).size).toBe(20)
  })
})
