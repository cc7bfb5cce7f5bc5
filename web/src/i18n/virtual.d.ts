// SPDX-License-Identifier: Apache-2.0
declare module 'virtual:messages/*' {
  import type { Messages } from '@lingui/core'
  const messages: Messages
  export default messages
}
