// SPDX-License-Identifier: Apache-2.0
/** What is only for whoever has an account or wants one. */
export const loadAccount = async () => (await import('./account')).pages
