// SPDX-License-Identifier: Apache-2.0
// Goal: whatever the API refuses, a page says why in the reader's language. Method: the codes
// as docs/reference/errors.md lists them and as the API's sources use them, in every language.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { ApiError } from '@/api/http'
import type { Problem } from '@/api/types'
import { LANGUAGES, setLanguage, tMaybe, type Language } from '@/i18n'
import { fieldText, problemText } from '@/lib/problem-text'

const root = join(import.meta.dirname, '../..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')

/** Of requests that no page sends. */
const NOT_OF_PAGES = [
  'expectation-failed', 'headers-too-large', 'http-version-not-supported', 'idempotency-key-invalid', 'idempotency-key-missing',
  'length-required', 'method-not-allowed', 'not-acceptable', 'not-implemented', 'precondition-required', 'signature-expired',
  'signature-invalid', 'upgrade-required',
]
/** Of members that no form has, or whose control cannot give such a value. */
const NOT_OF_FORMS = ['boolean_required', 'invalid_id', 'not_expected', 'object_required', 'unknown_member']

const codes = [...read('docs/reference/errors.md').matchAll(/^\| <a id="[\w-]+"><\/a>`([\w-]+)` \| (\d+)/gm)].map(([, code = '', status]) => ({ code, status: Number(status) }))

const PATTERNS = [
  /\badd_error\(\s*c,\s*\w+,\s*"(\w+)"/g,
  /\bcfa_refuse_field\(\s*[^",]+,\s*"[^"]*",\s*"(\w+)"/g,
  /\\"code\\":(?:\\"|"\s*"\\")(\w+)\\"/g,
  /\bcode = "(\w+)";/g,
  /json_error\([^,]+,\s*'(\w+)'/g,
  /"code":"(\w+)"/g,
]
const sources = ['kore-app/src/core', 'kore-app/src/handlers', 'sql/functions'].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => /\.(c|sql)$/.test(name))
    .map((name) => read(join(folder, name))),
)
const fieldCodes = [...new Set(sources.flatMap((text) => PATTERNS.flatMap((pattern) => [...text.matchAll(pattern)].map(([, code = '']) => code))))].sort()

const refusal = (code: string, status: number) =>
  new ApiError(status, { code, detail: 'SERVER DETAIL', title: 'SERVER TITLE' } as Problem, new Headers())

afterEach(() => setLanguage('en'))

test('the lists are found', () => {
  expect(codes.length).toBeGreaterThan(40)
  expect(fieldCodes).toEqual(expect.arrayContaining(['required', 'length_out_of_range', 'too_weak', 'taken', 'wrong', 'reward_required', 'animated_image', 'unknown_pool', 'blank']))
  expect(codes.map(({ code }) => code)).toEqual(expect.arrayContaining(NOT_OF_PAGES))
  expect(fieldCodes).toEqual(expect.arrayContaining(NOT_OF_FORMS))
})

describe.each(Object.keys(LANGUAGES) as Language[])('in %s', (language) => {
  test.each(codes.filter(({ code }) => !NOT_OF_PAGES.includes(code)))('$code has a text', async ({ code, status }) => {
    await setLanguage(language)
    expect(problemText(refusal(code, status))).not.toMatch(/SERVER|problem\./)
  })

  test.each(fieldCodes.filter((code) => !NOT_OF_FORMS.includes(code)))('a member that is %s has a text', async (code) => {
    await setLanguage(language)
    expect(tMaybe(`field.${code}`) ?? tMaybe(`admin.entry.${code}`)).not.toBeNull()
  })
})

test('what is wrong with the members is said once each', () => {
  const errors = ['blank', 'required', 'too_weak'].map((code, index) => ({ pointer: `/${index}`, code, detail: 'SERVER' }))
  const said = problemText(new ApiError(422, { code: 'validation-failed', errors }, new Headers()))
  expect(said).toBe('Something was not accepted. Please look at your entries. Please fill this in. This password is guessed first, or is your name or address. Please choose another one.')
})

test('the sentence of the API is shown where its code is not known', () => {
  expect(problemText(refusal('quite-new', 409))).toBe('SERVER DETAIL')
  expect(problemText(refusal('quite-new', 500))).not.toContain('SERVER')
  expect(fieldText({ code: 'quite_new', detail: 'Must be new.' })).toBe('Must be new.')
  expect(fieldText({ code: 'blank', detail: 'Must not be blank.' })).toBe('Please fill this in.')
})
