// SPDX-License-Identifier: Apache-2.0
import * as Primitive from '@radix-ui/react-switch'
import type { ComponentProps } from 'react'
import { cn } from '@/lib/cn'

/** For what takes effect at once; a form's yes or no is a Checkbox. */
export function Switch({ className, ...props }: ComponentProps<typeof Primitive.Root>) {
  return (
    <Primitive.Root
      className={cn(
        'border-line-strong bg-sunk data-[state=checked]:border-ink data-[state=checked]:bg-ink inline-flex h-7 w-12 shrink-0 items-center rounded-full border-2 px-0.5 transition-colors disabled:opacity-60',
        className,
      )}
      {...props}
    >
      <Primitive.Thumb className="bg-ink data-[state=checked]:bg-page block size-5 rounded-full transition-transform data-[state=checked]:translate-x-4.5 rtl:data-[state=checked]:-translate-x-4.5" />
    </Primitive.Root>
  )
}
