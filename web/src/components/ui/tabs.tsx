// SPDX-License-Identifier: Apache-2.0
import * as Primitive from '@radix-ui/react-tabs'
import type { ComponentProps } from 'react'
import { language } from '@/i18n'
import { cn } from '@/lib/cn'

export function Tabs(props: ComponentProps<typeof Primitive.Root>) {
  return <Primitive.Root dir={language.startsWith('ar') ? 'rtl' : 'ltr'} {...props} />
}

export function TabList({ className, ...props }: ComponentProps<typeof Primitive.List>) {
  return (
    <Primitive.List
      className={cn('border-line flex gap-1 overflow-x-auto border-b-2 [scrollbar-width:thin]', className)}
      {...props}
    />
  )
}

export function Tab({ className, ...props }: ComponentProps<typeof Primitive.Trigger>) {
  return (
    <Primitive.Trigger
      className={cn(
        'text-muted hover:text-ink data-[state=active]:border-poppy data-[state=active]:text-ink -mb-0.5 min-h-11 border-b-4 border-transparent px-4 font-semibold whitespace-nowrap focus-visible:outline-offset-[-3px]',
        className,
      )}
      {...props}
    />
  )
}

export function TabPanel({ className, ...props }: ComponentProps<typeof Primitive.Content>) {
  return <Primitive.Content className={cn('pt-5', className)} {...props} />
}
