// SPDX-License-Identifier: Apache-2.0
import { loadAreas } from '@/i18n'

await loadAreas('site', 'extra', 'account', 'waiting', 'admin')

// jsdom knows the element, but not how to open it.
Object.assign(HTMLDialogElement.prototype, {
  showModal(this: HTMLDialogElement) {
    this.open = true
  },
  close(this: HTMLDialogElement) {
    this.open = false
  },
})
