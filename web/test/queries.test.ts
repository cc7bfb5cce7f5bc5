// SPDX-License-Identifier: Apache-2.0
// Goal: a live frame is never lost to a read that was answered before the change, and gifts
// stand in their order whichever way they came.
import { QueryClient, QueryObserver } from '@tanstack/react-query'
import { expect, test, vi } from 'vitest'
import { keys, takePledgeFrame, uniqueGifts } from '@/api/queries'
import type { Gift, Pledge } from '@/api/types'

const pledge = (state: string, version: number) => ({ id: 'p', state, version, state_reason: null }) as unknown as Pledge
const frame = {
  type: 'pledge' as const,
  pledge_id: 'p',
  sequence: 9,
  state: 'confirmed' as const,
  state_reason: null,
  version: 3,
}

test('a frame that comes while the first read is under way makes it read again', async () => {
  const queryClient = new QueryClient()
  let answerFirst: (read: Pledge) => void = () => undefined
  const queryFn = vi
    .fn<() => Promise<Pledge>>()
    .mockImplementationOnce(
      () =>
        new Promise((resolve) => {
          answerFirst = resolve
        }),
    )
    .mockResolvedValue(pledge('confirmed', 3))
  const observer = new QueryObserver(queryClient, { queryKey: keys.pledge('p'), queryFn })
  const stop = observer.subscribe(() => undefined)
  const taken = takePledgeFrame(queryClient, 'p', frame)
  answerFirst(pledge('pending', 1))
  await taken
  expect(queryFn).toHaveBeenCalledTimes(2)
  expect(observer.getCurrentResult().data?.state).toBe('confirmed')
  stop()
})

test('an older frame changes nothing that is known', async () => {
  const queryClient = new QueryClient()
  queryClient.setQueryData(keys.pledge('p'), pledge('refunded', 4))
  await takePledgeFrame(queryClient, 'p', frame)
  expect(queryClient.getQueryData<Pledge>(keys.pledge('p'))?.state).toBe('refunded')
})

test('a gift that was told live does not stand above newer ones that were asked for', () => {
  const gift = (id: string, minute: number): Gift => ({ id, name: null, amount: null, message: null, at: `2026-11-26T18:0${minute}:00.000Z` })
  const [first, second, third] = [gift('a', 1), gift('b', 2), gift('c', 3)]
  expect(uniqueGifts([second, third, second, first]).map(({ id }) => id)).toEqual(['c', 'b', 'a'])
})
