// SPDX-License-Identifier: Apache-2.0
// What accounts ask for, by the rules of docs/reference/auth.md; the API has the last word.
import { t } from '@/i18n'

export const NAME_MAX = 120
export const EMAIL_MAX = 254
export const PASSWORD_MIN = 8
export const PASSWORD_MAX = 256

export function checkEmail(text: string): string | true {
  if (!/^[^\s@]+@[^\s@]+$/.test(text.trim())) return t('field.invalid_email')
  return text.trim().length <= EMAIL_MAX || t('field.length_out_of_range')
}

export function checkName(text: string): string | true {
  if (text.trim() === '') return t('account.name_empty')
  return Array.from(text.trim()).length <= NAME_MAX || t('field.length_out_of_range')
}

/** Length in characters, as the API counts; a password is taken as it is, spaces and all. */
export function checkNewPassword(text: string): string | true {
  const length = Array.from(text).length
  if (length < PASSWORD_MIN) return t('account.password_short', { min: PASSWORD_MIN })
  return length <= PASSWORD_MAX || t('account.password_long', { max: PASSWORD_MAX })
}

export function checkPassword(text: string): string | true {
  return text !== '' || t('account.password_empty')
}
