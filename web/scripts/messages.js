// SPDX-License-Identifier: Apache-2.0
// The catalogues of src/i18n/messages: read, checked against each other and the sources,
// compiled for Lingui, and their keys written down as types. Run as a program it checks
// and writes the types; the build uses the rest (vite-messages.ts).
// @ts-check
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { compileMessageOrThrow } from '@lingui/message-utils/compileMessage'
import { parse } from '@messageformat/parser'

/** @typedef {{ key: string, text: string, area: string, file: string }} Message */
/** @typedef {import('@messageformat/parser').Token[]} Tokens */

export const web = join(dirname(fileURLToPath(import.meta.url)), '..')

export const messagesDir = join(web, 'src/i18n/messages')
export const typesFile = join(web, 'src/i18n/keys.d.ts')
export const SOURCE = 'en'
export const LANGUAGES = ['en', 'de', 'ar']
export const AREAS = ['site', 'extra', 'account', 'waiting', 'admin']

/** Languages made from the source for tests: half as long again, accented, one of them from right to left. */
export const PSEUDO = ['en-XA', 'ar-XB']

/**
 * Which areas the code of a folder may use; each page loads those of its folder.
 * @type {[RegExp, string[]][]}
 */
const AREAS_OF_SOURCES = [
  [/^src\/(pages|components)\/admin\/|^src\/api\/admin/, ['site', 'account', 'admin']],
  [/^src\/components\/extra\//, ['site', 'extra']],
  [/^src\/(pages|components)\/account\/|^src\/api\/account/, ['site', 'account']],
  [/^src\/(pages|components)\/waiting\/|^src\/lib\/calendar/, ['site', 'waiting']],
  // Parts that accounts and the dashboard have in common; no donor loads them.
  [/^src\/components\/(ui\/(breadcrumbs|confirm-dialog|states)|require-account)|^src\/lib\/(form|problem-text)/, ['site', 'account']],
]

/** @param {string} path of a source, from the folder of the web */
export function areasOf(path) {
  return AREAS_OF_SOURCES.find(([folder]) => folder.test(path))?.[1] ?? ['site']
}

/**
 * @param {string} language
 * @returns {Message[]}
 */
export function readMessages(language) {
  return AREAS.flatMap((area) =>
    filesOf(language, area).flatMap((file) => {
      /** @type {Record<string, string>} */
      const entries = JSON.parse(readFileSync(join(messagesDir, language, area, file), 'utf8'))
      return Object.entries(entries).map(([key, text]) => ({ key, text, area, file }))
    }),
  )
}

/**
 * The messages of one area as Lingui's runtime takes them.
 * @param {string} language
 * @param {string} area
 */
export function compileArea(language, area) {
  const isPseudo = PSEUDO.includes(language)
  const mapText = isPseudo ? (/** @type {string} */ text) => pseudo(text, language === 'ar-XB') : undefined
  return Object.fromEntries(
    readMessages(isPseudo ? SOURCE : language)
      .filter((message) => message.area === area)
      .map(({ key, text }) => [key, compileMessageOrThrow(text, mapText)]),
  )
}

/** @param {string} language @param {string} area */
export function filesOf(language, area) {
  return readdirSync(join(messagesDir, language, area)).filter((name) => name.endsWith('.json')).sort()
}

/** Everything that is wrong with the catalogues, in words. */
export function findProblems() {
  const source = readMessages(SOURCE)
  return [
    ...LANGUAGES.flatMap((language) => problemsOfTexts(language, readMessages(language))),
    ...LANGUAGES.slice(1).flatMap((language) => differences(language, source, readMessages(language))),
    ...problemsOfUse(source, readSources()),
  ]
}

/** @param {string} language @param {Message[]} messages */
export function problemsOfTexts(language, messages) {
  const seen = new Set()
  const problems = []
  for (const { key, text } of messages) {
    if (seen.has(key)) problems.push(`${language} ${key}: is there twice`)
    seen.add(key)
    try {
      if (text.trim() === '') problems.push(`${language} ${key}: is empty`)
      // Which digits a reader of Arabic gets is for the browser to say, alike in the whole page.
      if (/[\u0660-\u0669\u06f0-\u06f9]/.test(text)) problems.push(`${language} ${key}: has digits of one region only`)
      for (const missing of missingCases(language, parse(text))) {
        problems.push(`${language} ${key}: the plural lacks "${missing}"`)
      }
    } catch (error) {
      problems.push(`${language} ${key}: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`)
    }
  }
  return problems
}

/** @param {string} language @param {Message[]} source @param {Message[]} translated */
export function differences(language, source, translated) {
  const byKey = new Map(translated.map((message) => [message.key, message]))
  const known = new Set(source.map(({ key }) => key))
  const problems = translated
    .filter(({ key }) => !known.has(key))
    .map(({ key }) => `${language} ${key}: ${SOURCE} has no such key`)
  for (const { key, text, area, file } of source) {
    const other = byKey.get(key)
    if (other === undefined) problems.push(`${language} ${key}: is missing`)
    else if (other.area !== area || other.file !== file) {
      problems.push(`${language} ${key}: belongs into ${area}/${file}`)
    } else if (signature(other.text) !== signature(text)) {
      problems.push(`${language} ${key}: has {${signature(other.text)}}, ${SOURCE} has {${signature(text)}}`)
    }
  }
  return problems
}

/**
 * Keys that no source names, and keys that a page would name without having loaded them.
 * Keys are named by string literals, or by templates with a fixed beginning.
 * @param {Message[]} messages
 * @param {{ path: string, text: string }[]} sources
 */
export function problemsOfUse(messages, sources) {
  const problems = []
  const used = new Set()
  for (const { path, text } of sources) {
    const areas = areasOf(path)
    const named = keysNamed(text)
    for (const { key, area } of messages) {
      if (!named(key)) continue
      used.add(key)
      if (!areas.includes(area)) problems.push(`${path}: uses ${key}, but does not load ${area}`)
    }
  }
  const unused = messages.filter(({ key }) => !used.has(key)).map(({ key }) => `${SOURCE} ${key}: is used nowhere`)
  return [...problems, ...unused]
}

/** The type of every key's values. */
export function typesText() {
  const lines = readMessages(SOURCE)
    .sort((one, other) => (one.key < other.key ? -1 : 1))
    .map(({ key, text }) => {
      const members = [...argumentsOf(parse(text))].map(([name, kind]) => `${name}: ${typeOf(kind)}`)
      return `  '${key}': ${members.length === 0 ? 'null' : `{ ${members.join('; ')} }`}`
    })
  return `// Made by scripts/messages.js from the English catalogue.\nexport interface Messages {\n${lines.join('\n')}\n}\n`
}

/** @param {string} text */
function keysNamed(text) {
  const literals = new Set([...text.matchAll(/'([\w.-]+)'|"([\w.-]+)"/g)].map((match) => match[1] ?? match[2]))
  const templates = [...text.matchAll(/`([\w-]+\.[\w.-]*)\$\{[^`]*?\}([\w.-]*)`/g)]
  return (/** @type {string} */ key) =>
    literals.has(key) ||
    templates.some(
      ([, start = '', end = '']) =>
        key.startsWith(start) && key.endsWith(end) && key.length > start.length + end.length,
    )
}

/** @returns {{ path: string, text: string }[]} */
function readSources() {
  const root = join(web, 'src')
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /(?<!\.d)\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path: relative(web, path), text: readFileSync(path, 'utf8') }))
}

/**
 * Name and kind of each argument; the cases of a select belong to its kind, those of a plural to the language.
 * @param {Tokens} tokens
 * @returns {Map<string, string>}
 */
function argumentsOf(tokens, found = new Map()) {
  for (const token of tokens) {
    if (token.type === 'argument') found.set(token.arg, found.get(token.arg) ?? 'text')
    if (token.type === 'function') found.set(token.arg, token.key)
    if (token.type !== 'plural' && token.type !== 'select' && token.type !== 'selectordinal') continue
    const cases = token.cases.map(({ key }) => key).sort()
    found.set(token.arg, token.type === 'select' ? `select ${cases.join(' ')}` : 'number')
    for (const { tokens: inner } of token.cases) argumentsOf(inner, found)
  }
  return found
}

/** @param {string} kind */
function typeOf(kind) {
  if (kind === 'number') return 'number'
  if (!kind.startsWith('select ')) return 'string'
  const cases = kind.split(' ').slice(1)
  return [...cases.filter((name) => name !== 'other').map((name) => `'${name}'`), '(string & {})'].join(' | ')
}

/** @param {string} text */
function signature(text) {
  try {
    return [...argumentsOf(parse(text))].map(([name, kind]) => `${name}: ${kind}`).sort().join(', ')
  } catch {
    return 'unreadable'
  }
}

/**
 * Each plural has a text for every form of the language; "=1" stands in for "one" only where "one" is no more than 1.
 * @param {string} language
 * @param {Tokens} tokens
 * @returns {string[]}
 */
function missingCases(language, tokens) {
  return tokens.flatMap((token) => {
    if (token.type !== 'plural' && token.type !== 'select' && token.type !== 'selectordinal') return []
    const inner = token.cases.flatMap((one) => missingCases(language, one.tokens))
    if (token.type === 'select') return token.cases.some(({ key }) => key === 'other') ? inner : ['other', ...inner]
    const type = token.type === 'plural' ? 'cardinal' : 'ordinal'
    const rules = new Intl.PluralRules(language, { type })
    const exact = new Map(token.cases.map(({ key }) => [key, key.startsWith('=') ? rules.select(Number(key.slice(1))) : key]))
    const has = new Set(exact.values())
    return [...rules.resolvedOptions().pluralCategories.filter((category) => !has.has(category)), ...inner]
  })
}

const PLAIN = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
const ACCENTED = 'åƀçđéƒĝĥîĵķļɱñöþɋŕšţûṽŵẋýžÅƁÇĐÉƑĜĤÎĴĶĻṀÑÖÞǪŔŠŢÛṼŴẊÝŽ'

/**
 * @param {string} text
 * @param {boolean} isMirrored
 */
function pseudo(text, isMirrored) {
  if (!/\p{L}/u.test(text)) return text
  // U+202E makes the letters run from right to left, U+202C ends that.
  if (isMirrored) return text.replace(/\S+/g, (word) => `\u202e${word}\u202c`)
  const accented = [...text].map((letter) => ACCENTED[PLAIN.indexOf(letter)] ?? letter).join('')
  return `${accented}${'~'.repeat(Math.ceil(text.length * 0.4))}`
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const problems = findProblems()
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) process.exit(1)
  writeFileSync(typesFile, typesText())
}
