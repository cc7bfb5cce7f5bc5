// SPDX-License-Identifier: Apache-2.0
import * as Primitive from '@radix-ui/react-tooltip'
import type { ReactNode } from 'react'

/** More about a control or a figure that can take the focus; never the only place of an information. */
export function Tooltip({ text, children }: { text: ReactNode; children: ReactNode }) {
  return (
    <Primitive.Provider delayDuration={300}>
      <Primitive.Root>
        <Primitive.Trigger asChild>{children}</Primitive.Trigger>
        <Primitive.Portal>
          <Primitive.Content
            sideOffset={6}
            collisionPadding={8}
            className="bg-ink text-page z-50 max-w-80 rounded-lg px-3 py-1.5 text-sm"
          >
            {text}
          </Primitive.Content>
        </Primitive.Portal>
      </Primitive.Root>
    </Primitive.Provider>
  )
}
