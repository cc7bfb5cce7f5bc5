// SPDX-License-Identifier: Apache-2.0
type Kind<Options, Format> = new (locale: string, options: Options) => Format

const made = new Map<string, unknown>()

/** A format of Intl, made once: that takes a thousand times as long as to use it. */
export function formatOf<Options, Format>(kind: Kind<Options, Format>, locale: string, options: Options): Format {
  const key = kind.name + locale + JSON.stringify(options)
  const format = (made.get(key) ?? new kind(locale, options)) as Format
  made.set(key, format)
  return format
}
