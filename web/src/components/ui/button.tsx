// SPDX-License-Identifier: Apache-2.0
import { Slot } from '@radix-ui/react-slot'
import { cva, type VariantProps } from 'class-variance-authority'
import type { ComponentProps } from 'react'
import { cn } from '@/lib/cn'

const button = cva(
  'inline-flex items-center justify-center gap-2 rounded-full font-semibold leading-tight text-center transition-colors aria-disabled:opacity-60',
  {
    variants: {
      variant: {
        give: 'bg-poppy text-on-poppy hover:bg-poppy-hover',
        solid: 'bg-ink text-page hover:bg-ink/85',
        outline: 'border-2 border-line-strong bg-paper hover:border-ink',
        quiet: 'hover:bg-sunk',
        link: 'rounded-sm text-start underline decoration-2 underline-offset-4 hover:decoration-poppy',
      },
      size: {
        md: 'min-h-11 px-5 py-2',
        lg: 'min-h-13 px-7 py-3 text-lg',
        icon: 'size-11',
        inline: 'min-h-6 p-0',
      },
    },
    defaultVariants: { variant: 'solid', size: 'md' },
  },
)

type ButtonProps = ComponentProps<'button'> & VariantProps<typeof button> & { asChild?: boolean }

export function Button({ className, variant, size, asChild = false, type = 'button', ...props }: ButtonProps) {
  const classes = cn(button({ variant, size: variant === 'link' ? 'inline' : size }), className)
  if (asChild) return <Slot className={classes} {...props} />
  return <button type={type} className={classes} {...props} />
}
