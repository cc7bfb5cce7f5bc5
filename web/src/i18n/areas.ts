// SPDX-License-Identifier: Apache-2.0
// The texts that donors do not load.
import type { Area, Load } from '.'

export const LATER: Record<Area, Record<string, Load>> = {
  // Not for readers: `?lang=en-XA` shows texts that are cut off or not translated, `?lang=ar-XB` the mirrored page.
  site: {
    'en-XA': () => import('virtual:messages/en-XA/site'),
    'ar-XB': () => import('virtual:messages/ar-XB/site'),
  },
  extra: {
    en: () => import('virtual:messages/en/extra'),
    de: () => import('virtual:messages/de/extra'),
    ar: () => import('virtual:messages/ar/extra'),
    'en-XA': () => import('virtual:messages/en-XA/extra'),
    'ar-XB': () => import('virtual:messages/ar-XB/extra'),
  },
  account: {
    en: () => import('virtual:messages/en/account'),
    de: () => import('virtual:messages/de/account'),
    ar: () => import('virtual:messages/ar/account'),
    'en-XA': () => import('virtual:messages/en-XA/account'),
    'ar-XB': () => import('virtual:messages/ar-XB/account'),
  },
  waiting: {
    en: () => import('virtual:messages/en/waiting'),
    de: () => import('virtual:messages/de/waiting'),
    ar: () => import('virtual:messages/ar/waiting'),
    'en-XA': () => import('virtual:messages/en-XA/waiting'),
    'ar-XB': () => import('virtual:messages/ar-XB/waiting'),
  },
  admin: {
    en: () => import('virtual:messages/en/admin'),
    de: () => import('virtual:messages/de/admin'),
    ar: () => import('virtual:messages/ar/admin'),
    'en-XA': () => import('virtual:messages/en-XA/admin'),
    'ar-XB': () => import('virtual:messages/ar-XB/admin'),
  },
}
