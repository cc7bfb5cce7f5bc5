// SPDX-License-Identifier: Apache-2.0
import * as Primitive from '@radix-ui/react-dropdown-menu'
import type { ComponentProps } from 'react'
import { Icon } from '@/components/ui/icon'

export { Menu, MenuContent, MenuTrigger } from '@/components/ui/menu'

/** An entry that is on or off; the menu stays open for the next one. */
export function MenuCheck({ children, ...props }: ComponentProps<typeof Primitive.CheckboxItem>) {
  return (
    <Primitive.CheckboxItem
      onSelect={(event) => event.preventDefault()}
      className="data-highlighted:bg-sunk flex min-h-10 cursor-pointer items-center gap-2.5 rounded-lg px-3 py-1.5"
      {...props}
    >
      <span aria-hidden="true" className="border-line-strong grid size-5 place-items-center rounded-md border-2">
        <Primitive.ItemIndicator>
          <Icon name="check" className="size-3.5" />
        </Primitive.ItemIndicator>
      </span>
      {children}
    </Primitive.CheckboxItem>
  )
}
