// SPDX-License-Identifier: Apache-2.0
// Stands in for react-remove-scroll, which Radix's dialog uses: stops the page
// behind a dialog from scrolling by a class instead of a <style> element.
import { Slot } from '@radix-ui/react-slot'
import { useEffect, type ReactNode } from 'react'

let locks = 0

export function RemoveScroll({ children }: { children?: ReactNode }) {
  useEffect(() => {
    locks += 1
    document.documentElement.classList.add('is-scroll-locked')
    return () => {
      locks -= 1
      if (locks === 0) document.documentElement.classList.remove('is-scroll-locked')
    }
  }, [])
  return <Slot>{children}</Slot>
}
