// SPDX-License-Identifier: Apache-2.0
import { lazy } from 'react'

/** What there is to do where nobody can give now. */
export const loadWaiting = async () => (await import('./waiting')).pages

/** The page lacks nothing else without it. */
export const NextStep = lazy(() =>
  loadWaiting()
    .then((pages) => pages.NextStep())
    .catch(() => ({ default: () => null })),
)
