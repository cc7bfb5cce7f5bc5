// SPDX-License-Identifier: Apache-2.0
// The pages of the account and of the ways into it, each in a file of its own. Donors do not load this list.

export const pages = {
  LoginPage: () => import('./login'),
  RegisterPage: () => import('./register'),
  FirstAdminPage: () => import('./first-admin'),
  AccountLayout: () => import('./layout'),
  MyGiftsPage: () => import('./gifts'),
  SettingsPage: () => import('./settings'),
}
