// SPDX-License-Identifier: Apache-2.0
import { cn } from '@/lib/cn'

/** Holds the place of something that is still on its way. */
export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden="true" data-skeleton className={cn('bg-sunk rounded-patch motion-safe:animate-pulse', className)} />
}
