// SPDX-License-Identifier: Apache-2.0
import type { ComponentProps } from 'react'
import { cn } from '@/lib/cn'

export function Card({ className, ...props }: ComponentProps<'section'>) {
  return <section className={cn('border-line bg-paper rounded-patch grid content-start gap-4 border-2 p-5 sm:p-6', className)} {...props} />
}

export function CardTitle({ className, children, ...props }: ComponentProps<'h2'>) {
  return (
    <h2 className={cn('text-xl leading-tight', className)} {...props}>
      {children}
    </h2>
  )
}
