// SPDX-License-Identifier: Apache-2.0
// What two people made of the same entry, compared with what both began with.

/**
 * `mine`: only this side changed it; `theirs`: only the other; `same`: both, to the same;
 * `both`: both, to something else, so that somebody has to choose.
 */
export type Change = 'mine' | 'theirs' | 'same' | 'both'
export type Side = 'mine' | 'theirs'
export type ThreeWayRow<Field> = { field: Field; change: Change }

type Equals<Values> = <Field extends keyof Values>(field: Field, one: Values[Field], other: Values[Field]) => boolean

/** One row for each field that at least one side changed, in the order given. */
export function threeWay<Values extends object>(
  fields: readonly (keyof Values)[],
  base: Values,
  mine: Values,
  theirs: Values,
  equals: Equals<Values>,
): ThreeWayRow<keyof Values>[] {
  return fields.flatMap((field): ThreeWayRow<keyof Values>[] => {
    const isMine = !equals(field, base[field], mine[field])
    const isTheirs = !equals(field, base[field], theirs[field])
    if (!isMine && !isTheirs) return []
    if (!isTheirs) return [{ field, change: 'mine' }]
    if (!isMine) return [{ field, change: 'theirs' }]
    return [{ field, change: equals(field, mine[field], theirs[field]) ? 'same' : 'both' }]
  })
}

/** Their version with what only this side changed, and what was chosen from this side. */
export function merged<Values extends object>(
  rows: ThreeWayRow<keyof Values>[],
  mine: Values,
  theirs: Values,
  chosen: Partial<Record<keyof Values, Side>>,
): Values {
  const out = { ...theirs }
  for (const { field, change } of rows) {
    if (change === 'mine' || (change === 'both' && chosen[field] === 'mine')) out[field] = mine[field]
  }
  return out
}

/** The fields that still wait for a choice. */
export function undecided<Field extends PropertyKey>(rows: ThreeWayRow<Field>[], chosen: Partial<Record<Field, Side>>): Field[] {
  return rows.filter(({ field, change }) => change === 'both' && chosen[field] === undefined).map(({ field }) => field)
}
