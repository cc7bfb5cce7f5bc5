// SPDX-License-Identifier: Apache-2.0
// Views of a list that an administrator has named; kept in this browser alone.

export type SavedView = { name: string; query: string }

const VIEWS_MAX = 20
const NAME_MAX = 60

export function readViews(storage: Pick<Storage, 'getItem'>, list: string): SavedView[] {
  try {
    const read: unknown = JSON.parse(storage.getItem(storageKey(list)) ?? '[]')
    return Array.isArray(read) ? read.filter(isView).slice(0, VIEWS_MAX) : []
  } catch {
    return []
  }
}

/** Puts the view in front; one of the same name goes. */
export function addView(views: SavedView[], view: SavedView): SavedView[] {
  const name = view.name.trim().slice(0, NAME_MAX)
  if (name === '') return views
  return [{ name, query: view.query }, ...views.filter((known) => known.name !== name)].slice(0, VIEWS_MAX)
}

export function writeViews(storage: Pick<Storage, 'setItem'>, list: string, views: SavedView[]): void {
  try {
    storage.setItem(storageKey(list), JSON.stringify(views))
  } catch {
    // Without storage a view lasts as long as the page.
  }
}

function storageKey(list: string): string {
  return `cfa:views:${list}`
}

function isView(value: unknown): value is SavedView {
  if (typeof value !== 'object' || value === null) return false
  const { name, query } = value as Record<string, unknown>
  return typeof name === 'string' && typeof query === 'string'
}
