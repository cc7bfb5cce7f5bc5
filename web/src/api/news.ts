// SPDX-License-Identifier: Apache-2.0
import { call } from './call'
import type { Pledge } from './types'

/** By the private link, or without its token by the account that has the gift. Again changes nothing. */
export async function withdrawNews(id: string, token: string): Promise<Pledge> {
  const headers = token === '' ? {} : { 'Pledge-Token': token }
  return (await call('delete', '/api/v1/pledges/{id}/news', { path: { id }, headers })).data
}
