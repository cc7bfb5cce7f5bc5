// SPDX-License-Identifier: Apache-2.0
// The picture of the landing page: many patches, one quilt.
import { cn } from '@/lib/cn'

const INK = '#1b2466'
const POPPY = '#ff5a45'
const SUN = '#ffcf3f'
const MINT = '#8fd5b5'
const SKY = '#bfe0ff'
const CREAM = '#fff8ec'

const HEART = 'M50 84S18 64 18 40a17 17 0 0 1 32-8 17 17 0 0 1 32 8c0 24-32 44-32 44z'
const LEAF = 'M18 82C14 40 40 16 84 18c2 44-22 70-66 64zM18 82l40-40'
const DROP = 'M50 14c14 20 26 32 26 48a26 26 0 0 1-52 0c0-16 12-28 26-48z'
const STAR = 'M50 12l11 27 27 11-27 11-11 27-11-27-27-11 27-11z'
const HOUSE = 'M20 84V46l30-26 30 26v38H60V60H40v24z'
const BOOK = 'M14 26c14-6 26-4 36 4 10-8 22-10 36-4v48c-14-6-26-4-36 4-10-8-22-10-36-4z'
const HALF = 'M0 100A100 100 0 0 1 100 0v100z'
const TRIANGLE = 'M0 100L100 0v100z'
const RAYS = 'M50 50L0 20V0h10zM50 50L40 0h20zM50 50L90 0h10v20zM50 50l50-10v20zM50 50l50 30v20H90zM50 50l10 50H40zM50 50l-40 50H0V80zM50 50L0 60V40z'

type Patch = { ground: string; shape: string; ink: string; turn?: number }

const PATCHES: Patch[] = [
  { ground: INK, shape: HALF, ink: SKY },
  { ground: CREAM, shape: HEART, ink: POPPY },
  { ground: MINT, shape: TRIANGLE, ink: INK },
  { ground: POPPY, shape: RAYS, ink: SUN },
  { ground: SKY, shape: BOOK, ink: INK },
  { ground: POPPY, shape: TRIANGLE, ink: CREAM, turn: 90 },
  { ground: INK, shape: LEAF, ink: MINT },
  { ground: SUN, shape: HOUSE, ink: INK },
  { ground: SKY, shape: HALF, ink: POPPY, turn: 180 },
  { ground: CREAM, shape: DROP, ink: INK },
  { ground: CREAM, shape: RAYS, ink: MINT },
  { ground: INK, shape: STAR, ink: SUN },
  { ground: MINT, shape: HEART, ink: INK },
  { ground: POPPY, shape: HALF, ink: INK, turn: 270 },
  { ground: SKY, shape: STAR, ink: POPPY },
  { ground: INK, shape: TRIANGLE, ink: CREAM, turn: 180 },
  { ground: MINT, shape: HALF, ink: CREAM, turn: 90 },
  { ground: SUN, shape: DROP, ink: POPPY },
  { ground: CREAM, shape: HOUSE, ink: INK },
  { ground: POPPY, shape: LEAF, ink: CREAM },
]
const COLUMNS = 5
const SIZE = 100

export function Quilt({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 500 400" aria-hidden="true" className={cn('block w-full md:rounded-2xl', className)}>
      {PATCHES.map(({ ground, shape, ink, turn = 0 }, index) => (
        <g
          key={index}
          transform={`translate(${(index % COLUMNS) * SIZE} ${Math.floor(index / COLUMNS) * SIZE})`}
        >
          <rect width="100.5" height="100.5" fill={ground} />
          <path d={shape} fill={ink} transform={`rotate(${turn} 50 50)`} />
          <rect
            x="5"
            y="5"
            width="90"
            height="90"
            rx="4"
            fill="none"
            stroke={ground === INK || ground === POPPY ? CREAM : INK}
            strokeWidth="1.6"
            strokeDasharray="6 5"
            opacity=".55"
          />
        </g>
      ))}
    </svg>
  )
}
