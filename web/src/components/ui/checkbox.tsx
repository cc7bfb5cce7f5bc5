// SPDX-License-Identifier: Apache-2.0
import * as Primitive from '@radix-ui/react-checkbox'
import type { ComponentProps } from 'react'
import { cn } from '@/lib/cn'
import { Icon } from './icon'

/** Give it an `id` and a <label htmlFor>, or an aria-label. */
export function Checkbox({ className, ...props }: ComponentProps<typeof Primitive.Root>) {
  return (
    <Primitive.Root
      className={cn(
        'border-line-strong bg-paper hover:border-ink data-[state=checked]:bg-ink data-[state=checked]:text-page data-[state=indeterminate]:bg-ink data-[state=indeterminate]:text-page grid size-6 shrink-0 place-items-center rounded-md border-2 disabled:opacity-60',
        className,
      )}
      {...props}
    >
      <Primitive.Indicator>
        <Icon name={props.checked === 'indeterminate' ? 'minus' : 'check'} className="size-4" />
      </Primitive.Indicator>
    </Primitive.Root>
  )
}
