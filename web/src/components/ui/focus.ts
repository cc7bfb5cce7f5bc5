// SPDX-License-Identifier: Apache-2.0
import { useState } from 'react'

/** For a dialog without a trigger of its own: gives the focus back to what had it before. */
export function useFocusGivenBack(): (event: Event) => void {
  const [opener] = useState(() => document.activeElement)
  return (event) => {
    if (!(opener instanceof HTMLElement) || !opener.isConnected) return
    event.preventDefault()
    opener.focus()
  }
}
