// SPDX-License-Identifier: Apache-2.0
// What a donor needs to give and to see what became of it, in one file.
export { GiftDialog } from '@/components/gift/gift-dialog'
export { GivePage } from './give'
export { PledgePage } from './pledge'
export { ReceiptPage } from './receipt'
