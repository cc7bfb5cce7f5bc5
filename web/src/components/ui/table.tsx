// SPDX-License-Identifier: Apache-2.0
import { useLayoutEffect, useRef, type ComponentProps } from 'react'
import { cn } from '@/lib/cn'

type TableProps = ComponentProps<'table'> & {
  label: string
  /** Many rows of numbers to compare: it scrolls in itself instead. */
  keepsColumns?: boolean
}

/** A table with a name. Where it is too narrow for columns, each cell is a line that names its column. */
export function Table({ label, keepsColumns = false, className, ...props }: TableProps) {
  const ref = useRef<HTMLTableElement>(null)
  useLayoutEffect(() => {
    if (ref.current !== null && !keepsColumns) nameCells(ref.current)
  })
  return (
    // Keyboards scroll it too.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div role="group" aria-label={label} tabIndex={0} className="border-line bg-paper rounded-patch @container relative overflow-x-auto border-2">
      <table ref={ref} aria-label={label} className={cn('w-full border-collapse text-start', !keepsColumns && 'table-lines', className)} {...props} />
    </div>
  )
}

function nameCells(table: HTMLTableElement): void {
  const names = [...(table.tHead?.rows[0]?.cells ?? [])].map((cell) => (cell.querySelector('.sr-only') === null ? cell.textContent : ''))
  for (const row of [...table.tBodies].flatMap((body) => [...body.rows])) {
    for (const cell of row.cells) cell.dataset.column = names[cell.cellIndex] ?? ''
  }
}

export function Th({ className, scope = 'col', isNumber = false, ...props }: ComponentProps<'th'> & { isNumber?: boolean }) {
  return (
    <th
      scope={scope}
      className={cn(
        scope === 'col' && 'border-line bg-sunk text-muted border-b-2 text-sm whitespace-nowrap',
        'px-3 py-2.5 font-semibold',
        isNumber ? 'text-end' : 'text-start',
        scope === 'row' && 'align-top',
        className,
      )}
      {...props}
    />
  )
}

export function Tr({ className, ...props }: ComponentProps<'tr'>) {
  return <tr className={cn('border-line not-last:border-b hover:bg-sunk/60', className)} {...props} />
}

export function Td({ className, isNumber = false, ...props }: ComponentProps<'td'> & { isNumber?: boolean }) {
  return <td className={cn('px-3 py-2.5 align-top', isNumber && 'figures text-end whitespace-nowrap', className)} {...props} />
}
