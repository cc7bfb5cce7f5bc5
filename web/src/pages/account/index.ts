// SPDX-License-Identifier: Apache-2.0
// The pages of the account and of the ways into it, each in a file of its own, and what other
// pages show to whoever is logged in. Donors do not load this list.
import { loadAreas } from '@/i18n'

export const pages = {
  LoginPage: () => withTexts(import('./login')),
  RegisterPage: () => withTexts(import('./register')),
  FirstAdminPage: () => withTexts(import('./first-admin')),
  AccountLayout: () => withTexts(import('./layout')),
  MyGiftsPage: () => withTexts(import('./gifts')),
  SettingsPage: () => withTexts(import('./settings')),
  ClaimGift: () => withTexts(import('@/components/account/claim')),
}

async function withTexts<Module>(loading: Promise<Module>): Promise<Module> {
  const [module] = await Promise.all([loading, loadAreas('account')])
  return module
}
