// SPDX-License-Identifier: Apache-2.0
// Names for the shapes of the API and of the live feed; schema.d.ts is made
// from kore-app/openapi.yaml by `npm run types`.
import type { components } from './schema'

type Schemas = components['schemas']

export type Money = Schemas['Money']
export type CampaignState = Schemas['CampaignState']
export type PledgeState = Schemas['PledgeState']
export type DisplayLevel = Schemas['Display']
export type Totals = Schemas['Totals']
export type Reward = Schemas['Reward']
export type Campaign = Schemas['Campaign']
export type Gift = Schemas['Gift']
export type Page<Item> = { items: Item[]; next_cursor: string | null }
export type PledgeRequest = Schemas['PledgeRequest']
export type PledgeCreated = Schemas['PledgeCreated']
export type Pledge = Schemas['Pledge']
export type PledgeEvent = Schemas['PledgeEvent']
export type Account = Schemas['Account']
export type Session = Schemas['Session']
export type Refund = Schemas['Refund']
export type RefundRequest = Schemas['RefundRequest']
export type Fee = Schemas['FeeList']['items'][number]
export type Update = Schemas['Update']
export type LiveFrame = Schemas['LiveFrame']
export type TotalsFrame = Schemas['LiveTotals']
export type CampaignFrame = Schemas['LiveCampaign']

/** Errors may also come from something between us and the API, so no member is certain. */
export type Problem = Partial<Schemas['Problem']>
