// SPDX-License-Identifier: Apache-2.0
// Short messages about what was just done ("Saved."), spoken without moving the focus.
// What needs an answer, or explains a failure, belongs beside its cause as a Notice.
import { useSyncExternalStore } from 'react'
import { t } from '@/i18n'
import { Icon } from './icon'

type Toast = { id: number; text: string; tone: 'good' | 'bad' }

const SHOWN_MS = 6000
const SHOWN_MAX = 3

let toasts: Toast[] = []
let nextId = 1
const listeners = new Set<() => void>()

export function toast(text: string, tone: Toast['tone'] = 'good'): void {
  const id = nextId++
  set([...toasts, { id, text, tone }].slice(-SHOWN_MAX))
  // Failures stay until they are closed.
  if (tone === 'good') setTimeout(() => dismiss(id), SHOWN_MS)
}

/** Once, in the layout. */
export function Toaster() {
  const shown = useSyncExternalStore(subscribe, () => toasts)
  return (
    <div
      aria-live="polite"
      className="no-print pointer-events-none fixed inset-x-0 bottom-0 z-50 grid justify-items-center gap-2 p-4 pb-[max(1rem,env(safe-area-inset-bottom))]"
    >
      {shown.map(({ id, text, tone }) => (
        <div
          key={id}
          className="animate-sheet-in bg-ink text-page shadow-card pointer-events-auto flex max-w-md items-center gap-3 rounded-xl py-1.5 ps-4 pe-1.5 font-semibold"
        >
          <Icon name={tone === 'good' ? 'check' : 'alert'} />
          <span className="min-w-0 wrap-anywhere">{text}</span>
          <button
            type="button"
            aria-label={t('toast.dismiss')}
            onClick={() => dismiss(id)}
            className="grid size-9 shrink-0 place-items-center rounded-full"
          >
            <Icon name="close" className="size-4" />
          </button>
        </div>
      ))}
    </div>
  )
}

function dismiss(id: number): void {
  set(toasts.filter((one) => one.id !== id))
}

function set(next: Toast[]): void {
  toasts = next
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
