// SPDX-License-Identifier: Apache-2.0
// The entries of a gift and what is wrong with them. A fault is shown once the donor has
// tried to go on with it, follows each change from then on, and is worded while rendering,
// in the language of the moment. A form library would be an eighth of all donor script.
import { useCallback, useState } from 'react'
import type { Campaign, Fee } from '@/api/types'
import type { GiftValues } from '@/lib/gift-draft'
import { faultsOf, type GiftFaults } from './gift-rules'

export type GiftForm = {
  values: GiftValues
  /** What is shown as wrong. */
  errors: GiftFaults
  /** Grows with each try to go on. */
  tries: number
  set: (change: Partial<GiftValues> | ((known: GiftValues) => Partial<GiftValues>)) => void
  /** Shows the faults of these fields; true if there are none. */
  check: (fields: readonly (keyof GiftValues)[]) => boolean
  /** Shows what the server said. */
  refuse: (errors: GiftFaults) => void
  reset: (values: GiftValues) => void
}

type State = { values: GiftValues; shown: readonly (keyof GiftValues)[]; refused: GiftFaults; tries: number }

export function useGiftForm(campaign: Campaign, fee: Fee | null, start: GiftValues): GiftForm {
  const [state, setState] = useState<State>({ values: start, shown: [], refused: {}, tries: 0 })
  const set = useCallback<GiftForm['set']>((change) => setState((known) => changed(known, change)), [])
  const faults = faultsOf(campaign, state.values, fee)
  return {
    values: state.values,
    errors: { ...picked(faults, state.shown), ...state.refused },
    tries: state.tries,
    set,
    check: (fields) => {
      setState((known) => ({ ...known, shown: [...new Set([...known.shown, ...fields])], tries: known.tries + 1 }))
      return fields.every((field) => faults[field] === undefined)
    },
    refuse: (refused) => setState((known) => ({ ...known, refused, tries: known.tries + 1 })),
    reset: (values) => setState({ values, shown: [], refused: {}, tries: 0 }),
  }
}

function changed(known: State, change: Parameters<GiftForm['set']>[0]): State {
  const next = typeof change === 'function' ? change(known.values) : change
  const refused = without(known.refused, Object.keys(next) as (keyof GiftValues)[])
  return { ...known, values: { ...known.values, ...next }, refused }
}

function picked(faults: GiftFaults, fields: readonly (keyof GiftValues)[]): GiftFaults {
  return Object.fromEntries(Object.entries(faults).filter(([field]) => fields.some((one) => one === field)))
}

function without(faults: GiftFaults, fields: readonly (keyof GiftValues)[]): GiftFaults {
  return Object.fromEntries(Object.entries(faults).filter(([field]) => !fields.some((one) => one === field)))
}
