// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from 'react'
import { PageHeader } from '../ui/page-header'

/** A page that is one form. */
export function NarrowPage({ title, lead, children }: { title: string; lead?: ReactNode; children: ReactNode }) {
  return (
    <div className="mx-auto grid max-w-xl grid-cols-1 gap-6 px-4 pt-10 sm:px-6">
      <PageHeader title={title}>{lead}</PageHeader>
      <div className="bg-paper border-ink rounded-patch grid gap-6 border-2 p-5 sm:p-7">{children}</div>
    </div>
  )
}
