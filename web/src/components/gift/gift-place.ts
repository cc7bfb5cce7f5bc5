// SPDX-License-Identifier: Apache-2.0
// Where in the donation the donor is, kept in the entries of the browser's history, so
// that "back" goes back one step and, from the first, out of the dialog. Nothing of it
// stands in the address.
import { useLocation, useRouter } from '@tanstack/react-router'

export type GiftStep = 1 | 2 | 3

export type GiftPlace = {
  step: GiftStep
  /** How many entries of the history the donation has made. */
  depth: number
  /** The reward that was chosen to open it, and the moment, which tells two openings apart. */
  rewardId: string | null
  openedAt: number
}

declare module '@tanstack/react-router' {
  interface HistoryState {
    gift?: GiftPlace | undefined
  }
}

export type GiftHistory = {
  place: GiftPlace | null
  open: (rewardId: string | null, step: GiftStep) => void
  goTo: (step: GiftStep) => void
  /** Goes back to before the donation was opened. */
  leave: () => void
}

export function useGiftHistory(): GiftHistory {
  const place = useLocation({ select: ({ state }) => state.gift ?? null })
  const router = useRouter()
  const set = (gift: GiftPlace) =>
    void router.navigate({
      to: '.',
      search: true,
      hash: true,
      state: (known) => ({ ...known, gift }),
      resetScroll: false,
    })
  return {
    place,
    open: (rewardId, step) => set({ step, depth: 1, rewardId, openedAt: Date.now() }),
    goTo: (step) => {
      if (place?.step === step) return
      const from = place ?? { depth: 0, rewardId: null, openedAt: 0 }
      set({ ...from, step, depth: from.depth + 1 })
    },
    leave: () => {
      if (place !== null && place.depth > 0) router.history.go(-place.depth)
    },
  }
}
