// SPDX-License-Identifier: Apache-2.0
// What few donors see, in a script of its own.
import type { ReactNode } from 'react'
import type { ApiError } from '@/api/client'
import type { Pledge } from '@/api/types'
import type { GiftFlow } from '@/components/gift/use-gift-flow'
import { LinkExpired, LinkUntil } from './link'
import { NewsChoice, NewsRow, NewsState } from './news'
import { ReceiptIssue } from './receipt'
import { AskRefund, RequestState } from './refund'

const OF_GIFTS = { NewsChoice, NewsRow }
const OF_PLEDGES = { AskRefund, LinkUntil, NewsState, ReceiptIssue, RequestState }

export type ExtraProps = { otherwise?: ReactNode } & (
  | { part: keyof typeof OF_GIFTS; flow: GiftFlow }
  | { part: keyof typeof OF_PLEDGES; pledge: Pledge; token: string }
  | { part: 'LinkExpired'; id: string; token: string; error: ApiError }
)

export default function Parts(props: ExtraProps) {
  if ('flow' in props) {
    const Part = OF_GIFTS[props.part]
    return <Part flow={props.flow} />
  }
  if ('error' in props) return <LinkExpired {...props} />
  const Part = OF_PLEDGES[props.part]
  return <Part pledge={props.pledge} token={props.token} />
}
