// SPDX-License-Identifier: Apache-2.0
// The theme in use. src/start.js sets it before the first paint by the same
// rule; here it is changed by hand or follows the system.
import { useSyncExternalStore } from 'react'

export type Theme = 'light' | 'dark'

const STORAGE_KEY = 'cfa:theme'
const listeners = new Set<() => void>()
const systemDark = matchMedia('(prefers-color-scheme: dark)')

systemDark.addEventListener('change', () => {
  if (storedTheme() === null) apply(systemDark.matches ? 'dark' : 'light')
})

export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, currentTheme)
}

export function toggleTheme(): void {
  const next = currentTheme() === 'dark' ? 'light' : 'dark'
  try {
    localStorage.setItem(STORAGE_KEY, next)
  } finally {
    apply(next)
  }
}

function currentTheme(): Theme {
  return document.documentElement.dataset.theme === 'dark' ? 'dark' : 'light'
}

function storedTheme(): string | null {
  try {
    return localStorage.getItem(STORAGE_KEY)
  } catch {
    return null
  }
}

function apply(theme: Theme): void {
  document.documentElement.dataset.theme = theme
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
