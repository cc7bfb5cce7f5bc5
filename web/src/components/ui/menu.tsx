// SPDX-License-Identifier: Apache-2.0
import * as Primitive from '@radix-ui/react-dropdown-menu'
import type { ComponentProps } from 'react'
import { cn } from '@/lib/cn'

/** The page behind stays as it is: it can be scrolled and clicked. */
export function Menu(props: ComponentProps<typeof Primitive.Root>) {
  return <Primitive.Root modal={false} {...props} />
}

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
