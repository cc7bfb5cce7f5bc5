// SPDX-License-Identifier: Apache-2.0
import { cva, type VariantProps } from 'class-variance-authority'
import type { ComponentProps, ReactNode } from 'react'
import { cn } from '@/lib/cn'
import { Icon, type IconName } from './icon'

const notice = cva('rounded-patch flex items-start gap-3 border-s-4 px-4 py-3', {
  variants: {
    tone: {
      info: 'border-line-strong bg-sunk',
      good: 'border-good bg-good-soft',
      warn: 'border-warn bg-warn-soft',
      bad: 'border-bad bg-bad-soft',
    },
  },
  defaultVariants: { tone: 'info' },
})

const ICONS: Record<'info' | 'good' | 'warn' | 'bad', IconName> = {
  info: 'info',
  good: 'check',
  warn: 'clock',
  bad: 'alert',
}

type NoticeProps = ComponentProps<'div'> &
  VariantProps<typeof notice> & { heading?: string; actions?: ReactNode }

export function Notice({ tone, heading, actions, className, children, ...props }: NoticeProps) {
  return (
    <div className={cn(notice({ tone }), className)} {...props}>
      <Icon name={ICONS[tone ?? 'info']} className="mt-1" />
      <div className="grid min-w-0 gap-1 wrap-anywhere">
        {heading !== undefined && <p className="font-bold">{heading}</p>}
        <div>{children}</div>
        {actions !== undefined && <div className="mt-2 flex flex-wrap gap-3">{actions}</div>}
      </div>
    </div>
  )
}
