// SPDX-License-Identifier: Apache-2.0
import type { ComponentProps, ReactNode } from 'react'
import { cn } from '@/lib/cn'
import { Icon } from './icon'

const CONTROL =
  'w-full min-h-12 rounded-patch border-2 border-line-strong bg-paper px-4 py-2.5 text-ink placeholder:text-muted hover:border-ink aria-invalid:border-bad'

type FieldProps = {
  id: string
  label: ReactNode
  hint?: ReactNode
  error?: string | undefined
  /** Beside others in a bar. */
  isSmall?: boolean
  children: ReactNode
}

/** A label, a control and what is to be said about it; see `fieldProps`. */
export function Field({ id, label, hint, error, isSmall = false, children }: FieldProps) {
  return (
    <div className={cn('grid min-w-0 content-start', isSmall ? 'gap-1' : 'gap-1.5')}>
      <label htmlFor={id} className={cn('font-semibold', isSmall && 'text-sm')}>
        {label}
      </label>
      {children}
      {hint !== undefined && (
        <p id={`${id}-hint`} className="text-muted text-sm">
          {hint}
        </p>
      )}
      <FieldError id={id} error={error} />
    </div>
  )
}

export function FieldError({ id, error }: { id: string; error: string | undefined }) {
  if (error === undefined) return null
  return (
    <p id={`${id}-error`} className="text-bad flex items-start gap-1.5 text-sm font-semibold">
      <Icon name="alert" className="mt-0.5 size-4" />
      {error}
    </p>
  )
}

/** Ties a control to the hint and the error of its field. */
export function fieldProps(id: string, error: string | undefined, hasHint = true) {
  const described = [hasHint && `${id}-hint`, error !== undefined && `${id}-error`].filter(Boolean)
  return {
    id,
    'aria-invalid': error !== undefined,
    'aria-describedby': described.length > 0 ? described.join(' ') : undefined,
  }
}

export function Input({ className, ...props }: ComponentProps<'input'>) {
  return <input className={cn(CONTROL, className)} {...props} />
}

export function Textarea({ className, ...props }: ComponentProps<'textarea'>) {
  return <textarea className={cn(CONTROL, 'min-h-24 resize-y', className)} {...props} />
}

export function Select({ className, ...props }: ComponentProps<'select'>) {
  return <select className={cn(CONTROL, 'w-auto ps-3 pe-1 text-ellipsis', className)} {...props} />
}
