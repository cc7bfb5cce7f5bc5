// SPDX-License-Identifier: Apache-2.0
// Formats the part of ICU MessageFormat that the catalogues use: {name} and
// {name, plural, =0 {...} one {...} other {# ...}}. "#" is the number in the
// reader's own digits.

export type MessageValues = Record<string, string | number>

const ARGUMENT = /^\s*(\w+)\s*(?:,\s*plural\s*,([\s\S]*))?$/

export function formatMessage(message: string, values: MessageValues, locale: string): string {
  let out = ''
  let at = 0
  while (at < message.length) {
    const open = message.indexOf('{', at)
    if (open < 0) break
    const close = closingBrace(message, open)
    out += message.slice(at, open) + formatArgument(message.slice(open + 1, close), values, locale)
    at = close + 1
  }
  return out + message.slice(at)
}

function formatArgument(source: string, values: MessageValues, locale: string): string {
  const match = ARGUMENT.exec(source)
  const name = match?.[1]
  if (name === undefined) throw new Error(`invalid message argument "${source}"`)
  const value = values[name]
  if (value === undefined) throw new Error(`message value "${name}" is missing`)
  if (match?.[2] === undefined) return typeof value === 'number' ? formatNumber(value, locale) : value
  const branches = pluralBranches(match[2])
  const count = Number(value)
  const branch =
    branches.get(`=${count}`) ??
    branches.get(new Intl.PluralRules(locale).select(count)) ??
    branches.get('other') ??
    ''
  return formatMessage(branch.replaceAll('#', formatNumber(count, locale)), values, locale)
}

function pluralBranches(source: string): Map<string, string> {
  const branches = new Map<string, string>()
  let at = 0
  for (;;) {
    const open = source.indexOf('{', at)
    if (open < 0) return branches
    const close = closingBrace(source, open)
    branches.set(source.slice(at, open).trim(), source.slice(open + 1, close))
    at = close + 1
  }
}

function closingBrace(text: string, open: number): number {
  let depth = 0
  for (let at = open; at < text.length; at++) {
    if (text[at] === '{') depth++
    if (text[at] === '}' && --depth === 0) return at
  }
  throw new Error(`unbalanced braces in message "${text}"`)
}

function formatNumber(value: number, locale: string): string {
  return new Intl.NumberFormat(locale).format(value)
}
