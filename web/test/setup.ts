// SPDX-License-Identifier: Apache-2.0
import { loadAreas } from '@/i18n'

await loadAreas('site', 'account', 'admin')

// jsdom knows the element, but not how to open it.
HTMLDialogElement.prototype.showModal ??= function () {
  this.open = true
}
HTMLDialogElement.prototype.close ??= function () {
  this.open = false
}
