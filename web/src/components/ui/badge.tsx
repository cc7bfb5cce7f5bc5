// SPDX-License-Identifier: Apache-2.0
import { cva, type VariantProps } from 'class-variance-authority'
import type { ComponentProps } from 'react'
import { cn } from '@/lib/cn'

const badge = cva('inline-block rounded-full px-3 py-0.5 text-sm font-bold whitespace-nowrap', {
  variants: {
    tone: {
      plain: 'bg-sunk text-muted',
      good: 'bg-good-soft text-good',
      warn: 'bg-warn-soft text-warn',
      bad: 'bg-bad-soft text-bad',
    },
  },
  defaultVariants: { tone: 'plain' },
})

export function Badge({ tone, className, ...props }: ComponentProps<'span'> & VariantProps<typeof badge>) {
  return <span className={cn(badge({ tone }), className)} {...props} />
}
