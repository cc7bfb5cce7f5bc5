// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from 'react'

/** The width of an element in pixels, now and whenever it changes; 0 before it is known. */
export function useWidth(): [ref: (element: HTMLElement | null) => void, width: number] {
  const [element, ref] = useState<HTMLElement | null>(null)
  const [width, setWidth] = useState(0)
  useEffect(() => {
    if (element === null) return
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)))
    observer.observe(element)
    return () => observer.disconnect()
  }, [element])
  return [ref, width]
}
