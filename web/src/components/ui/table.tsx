// SPDX-License-Identifier: Apache-2.0
import type { ComponentProps } from 'react'
import { cn } from '@/lib/cn'

/** A table with a name, which scrolls in itself where the window is narrow. */
export function Table({ label, className, ...props }: ComponentProps<'table'> & { label: string }) {
  return (
    // Keyboards scroll it too.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div role="group" aria-label={label} tabIndex={0} className="border-line bg-paper rounded-patch relative overflow-x-auto border-2">
      <table aria-label={label} className={cn('w-full border-collapse text-start', className)} {...props} />
    </div>
  )
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
