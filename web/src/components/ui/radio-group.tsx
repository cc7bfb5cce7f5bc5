// SPDX-License-Identifier: Apache-2.0
import * as Primitive from '@radix-ui/react-radio-group'
import type { ComponentProps, ReactNode } from 'react'
import { cn } from '@/lib/cn'

/** A short choice in a row or column; RadioCards is the roomy one. Give it an aria-label or aria-labelledby. */
export function RadioGroup({ className, ...props }: ComponentProps<typeof Primitive.Root>) {
  return <Primitive.Root className={cn('flex flex-wrap gap-x-6 gap-y-2', className)} {...props} />
}

export function RadioItem({ children, className, ...props }: ComponentProps<typeof Primitive.Item> & { children: ReactNode }) {
  return (
    <label className={cn('inline-flex min-h-8 items-center gap-2.5', className)}>
      <Primitive.Item
        className="border-line-strong bg-paper hover:border-ink data-[state=checked]:border-ink grid size-6 shrink-0 place-items-center rounded-full border-2 disabled:opacity-60"
        {...props}
      >
        <Primitive.Indicator className="bg-ink size-3 rounded-full" />
      </Primitive.Item>
      {children}
    </label>
  )
}
