// SPDX-License-Identifier: Apache-2.0
// Stands in for src/i18n where a beginning is drawn: one language at a time, texts
// without arguments.
import { readMessages } from './messages.js'

let texts = new Map<string, string>()

export function speak(language: string): void {
  texts = new Map(readMessages(language).map(({ key, text }) => [key, text]))
}

export function t(key: string): string {
  const text = texts.get(key)
  if (text === undefined || /[{}']/.test(text)) throw new Error(`${key} has no plain text`)
  return text
}
