// SPDX-License-Identifier: Apache-2.0
import { cva, type VariantProps } from 'class-variance-authority'
import { cloneElement, type ComponentProps, type ReactElement } from 'react'
import { cn } from '@/lib/cn'

const button = cva(
  'inline-flex items-center justify-center gap-2 rounded-full font-semibold leading-tight text-center transition-colors aria-disabled:opacity-60',
  {
    variants: {
      variant: {
        give: 'bg-poppy text-on-poppy hover:bg-poppy-hover',
        band: 'bg-band-ink text-white hover:opacity-90 dark:bg-poppy dark:text-on-poppy',
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

type ButtonProps = VariantProps<typeof button> &
  (
    | (ComponentProps<'button'> & { asChild?: false })
    // A link that looks like a button.
    | { asChild: true; className?: string; children: ReactElement<{ className?: string }> }
  )

export function Button({ className, variant, size, ...props }: ButtonProps) {
  const classes = cn(button({ variant, size: variant === 'link' ? 'inline' : size }), className)
  if (props.asChild === true) return cloneElement(props.children, { className: classes })
  const own = { ...props }
  delete own.asChild
  return <button type="button" className={classes} {...own} />
}
