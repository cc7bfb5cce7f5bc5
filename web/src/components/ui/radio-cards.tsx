// SPDX-License-Identifier: Apache-2.0
// A choice of one as cards. Native radio buttons, so that arrow keys, forms and
// forced colours work as everywhere else.
import { createContext, useContext, type ReactNode } from 'react'
import { cn } from '@/lib/cn'

type Group = { name: string; value: string; onChange: (value: string) => void }

const GroupContext = createContext<Group>({ name: '', value: '', onChange: () => undefined })

type RadioCardsProps = Group & { legend: string; className?: string; children: ReactNode }

export function RadioCards({ legend, className, children, ...group }: RadioCardsProps) {
  return (
    <GroupContext value={group}>
      <fieldset className="min-w-0">
        <legend className="mb-2 font-semibold">{legend}</legend>
        <div className={cn('grid gap-2', className)}>{children}</div>
      </fieldset>
    </GroupContext>
  )
}

type RadioCardProps = {
  value: string
  id?: string | undefined
  isDisabled?: boolean
  look?: 'row' | 'tile'
  children: ReactNode
}

export function RadioCard({ value, id, isDisabled = false, look = 'row', children }: RadioCardProps) {
  const group = useContext(GroupContext)
  return (
    <label
      className={cn(
        'border-line-strong bg-paper rounded-patch has-focus-visible:outline-focus relative min-h-12 cursor-pointer border-2 transition-colors',
        'not-has-disabled:hover:border-ink has-checked:border-ink has-focus-visible:outline-3 has-focus-visible:outline-offset-3',
        'has-disabled:border-line has-disabled:text-muted has-disabled:cursor-not-allowed',
        look === 'row' && 'has-checked:bg-sunk flex items-start gap-3 px-4 py-2.5',
        look === 'tile' &&
          'figures has-checked:bg-ink has-checked:text-page grid place-items-center px-2 text-lg font-bold',
      )}
    >
      <input
        type="radio"
        id={id}
        name={group.name}
        value={value}
        disabled={isDisabled}
        checked={group.value === value}
        onChange={() => group.onChange(value)}
        className={
          look === 'tile'
            ? 'absolute inset-0 opacity-0'
            : 'accent-poppy mt-1 size-4.5 shrink-0 focus-visible:outline-none'
        }
      />
      {children}
    </label>
  )
}
