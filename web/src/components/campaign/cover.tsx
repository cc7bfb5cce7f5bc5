// SPDX-License-Identifier: Apache-2.0
import { useState } from 'react'
import type { Campaign } from '@/api/types'
import { cn } from '@/lib/cn'

type CoverProps = { campaign: Campaign; isFirst?: boolean; className?: string }

/** The campaign's picture with a sewn edge; patches where there is none. */
export function Cover({ campaign, isFirst = false, className }: CoverProps) {
  const [isBroken, setIsBroken] = useState(false)
  const image = isOwnImage(campaign.image?.url) && !isBroken ? campaign.image : null
  return (
    <div className={cn('stitched rounded-patch aspect-8/5 overflow-hidden bg-[#1b2466]', className)}>
      {image === null ? (
        <Patches seed={campaign.id} />
      ) : (
        <img
          src={image.url}
          alt={image.alt}
          width={800}
          height={500}
          loading={isFirst ? 'eager' : 'lazy'}
          fetchPriority={isFirst ? 'high' : 'auto'}
          onError={() => setIsBroken(true)}
          className="size-full object-cover"
        />
      )}
    </div>
  )
}

/** Pictures come from this site only, whatever the document says. */
function isOwnImage(url: string | undefined): boolean {
  return url !== undefined && /^\/(?!\/)/.test(url)
}

const INKS = ['#1b2466', '#ff5a45', '#ffcf3f', '#8fd5b5', '#bfe0ff', '#fff8ec']
const COLUMNS = 8
const ROWS = 5

function Patches({ seed }: { seed: string }) {
  const digits = seed.replaceAll('-', '')
  const cells = Array.from({ length: COLUMNS * ROWS }, (_, index) => {
    const digit = parseInt(digits[(index * 7) % digits.length] ?? '0', 16)
    return { x: index % COLUMNS, y: Math.floor(index / COLUMNS), fill: INKS[(digit + index) % INKS.length], digit }
  })
  return (
    <svg viewBox="0 0 8 5" aria-hidden="true" className="size-full">
      {cells.map(({ x, y, fill, digit }) => (
        <g key={`${x} ${y}`} transform={`translate(${x} ${y})`}>
          <rect width="1.01" height="1.01" fill={fill} />
          {digit % 3 === 0 && <circle cx=".5" cy=".5" r=".32" fill={INKS[digit % INKS.length]} />}
          {digit % 3 === 1 && <path d="M0 1L1 0V1z" fill={INKS[(digit + 3) % INKS.length]} />}
        </g>
      ))}
    </svg>
  )
}
