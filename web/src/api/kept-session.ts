// SPDX-License-Identifier: Apache-2.0
import { useSession, type SessionState } from './session'

/**
 * Who is logged in, or whose session has just ended: the pages of an account stay as they
 * are, with all that was entered, until there is a new log-in.
 */
export function useKeptSession(): SessionState {
  const session = useSession()
  return { ...session, account: session.account ?? session.over }
}
