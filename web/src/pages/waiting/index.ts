// SPDX-License-Identifier: Apache-2.0
// What there is to do about a campaign or reward that takes no gifts now. Few donors load it.
import { loadAreas } from '@/i18n'

export const pages = {
  NextStep: () => withTexts(import('@/components/waiting/next-step')),
  WaitPage: () => withTexts(import('./wait')),
  EntryPage: () => withTexts(import('./entry')),
}

async function withTexts<Module>(loading: Promise<Module>): Promise<Module> {
  const [module] = await Promise.all([loading, loadAreas('waiting')])
  return module
}
