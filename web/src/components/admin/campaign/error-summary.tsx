// SPDX-License-Identifier: Apache-2.0
// What a form found wrong, above it: it takes the focus, and each entry leads to its field.
import { useEffect, useRef } from 'react'
import { Notice } from '@/components/ui/notice'
import { t } from '@/i18n'

type Fault = { id: string; text: string }

/** `round` grows with every attempt, so that the focus comes back each time. */
export function ErrorSummary({ faults, round }: { faults: Fault[]; round: number }) {
  const ref = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (round > 0) ref.current?.focus()
  }, [round])
  if (faults.length === 0) return null
  return (
    <div ref={ref} tabIndex={-1} role="alert">
      <Notice tone="bad" heading={t('admin.edit.faults', { count: faults.length })}>
        <ul className="ms-5 list-disc">
          {faults.map(({ id, text }) => (
            <li key={id}>
              <a
                href={`#${id}`}
                className="underline decoration-2 underline-offset-4"
                onClick={(event) => {
                  event.preventDefault()
                  document.getElementById(id)?.focus()
                }}
              >
                {text}
              </a>
            </li>
          ))}
        </ul>
      </Notice>
    </div>
  )
}
