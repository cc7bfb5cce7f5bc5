// SPDX-License-Identifier: Apache-2.0
import { cn } from '@/lib/cn'

type ProgressProps = { label: string; value: number; max?: number; text?: string; className?: string }

/** How far something is; a campaign's own bar is components/campaign/progress.tsx. */
export function Progress({ label, value, max = 100, text, className }: ProgressProps) {
  const share = max === 0 ? 0 : Math.min(1, Math.max(0, value / max))
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={max}
      aria-valuenow={Math.min(max, Math.max(0, value))}
      aria-valuetext={text}
      className={cn('border-line-strong bg-paper h-3 overflow-hidden rounded-full border-2', className)}
    >
      <div className="bg-ink h-full" style={{ width: `${share * 100}%` }} />
    </div>
  )
}
