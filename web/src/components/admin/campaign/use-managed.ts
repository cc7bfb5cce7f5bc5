// SPDX-License-Identifier: Apache-2.0
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { managedQuery, type ManagedCampaign, type Tagged } from '@/api/admin-campaigns'

/** The campaign of the address, which the layout of its pages has loaded. */
export function useManaged(): Tagged<ManagedCampaign> {
  const { id = '' } = useParams({ strict: false })
  const { data } = useQuery(managedQuery(id))
  if (data === undefined) throw new Error('the campaign is not loaded')
  return data
}
