// SPDX-License-Identifier: Apache-2.0
// What few donors see comes by itself; when it cannot be loaded nothing is shown, or what stands for it.
import { lazy, Suspense, type ComponentType } from 'react'
import { loadAreas } from '@/i18n'
import type { ExtraProps } from './extra'

const Parts = lazy(() =>
  Promise.all([import('./extra'), loadAreas('extra')])
    .then(([parts]): { default: ComponentType<ExtraProps> } => parts)
    .catch(() => ({ default: ({ otherwise }: ExtraProps) => otherwise })),
)

export function Extra(props: ExtraProps) {
  return (
    <Suspense>
      <Parts {...props} />
    </Suspense>
  )
}
