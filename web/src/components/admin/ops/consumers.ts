// SPDX-License-Identifier: Apache-2.0
import type { AdminConsumer } from '@/api/admin-ops'

/** What a process reports of itself while nothing hinders it; all else is for people who read its log. */
const UNHINDERED: Record<string, string> = { relay: 'flowing', projector: 'following', payments: 'consuming' }

export function isUnhindered({ name, state }: Pick<AdminConsumer, 'name' | 'state'>): boolean {
  return state === UNHINDERED[name]
}
