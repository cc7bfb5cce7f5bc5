// SPDX-License-Identifier: Apache-2.0
import * as Primitive from '@radix-ui/react-dropdown-menu'
import type { ComponentProps } from 'react'
import { cn } from '@/lib/cn'

export const Menu = Primitive.Root
export const MenuTrigger = Primitive.Trigger

export function MenuContent({ className, ...props }: ComponentProps<typeof Primitive.Content>) {
  return (
    <Primitive.Portal>
      <Primitive.Content
        align="end"
        sideOffset={6}
        className={cn(
          'animate-fade-in border-line-strong bg-paper shadow-card z-50 min-w-48 rounded-xl border-2 p-1.5',
          className,
        )}
        {...props}
      />
    </Primitive.Portal>
  )
}

export function MenuItem({ className, ...props }: ComponentProps<typeof Primitive.Item>) {
  return (
    <Primitive.Item
      className={cn(
        'data-highlighted:bg-sunk flex min-h-10 cursor-pointer items-center gap-2.5 rounded-lg px-3 py-1.5 data-disabled:cursor-not-allowed data-disabled:opacity-60',
        className,
      )}
      {...props}
    />
  )
}

export function MenuSeparator() {
  return <Primitive.Separator className="bg-line my-1.5 h-px" />
}
