// SPDX-License-Identifier: Apache-2.0
// From a refused request to the form that sent it.
import type { FieldValues, Path, UseFormReturn } from 'react-hook-form'
import { ApiError } from '@/api/http'
import { fieldText } from './problem-text'

/**
 * Puts what the API says of single members beside their fields, the first of which gets the focus.
 * `fields` names the field of each JSON pointer. False if something is left that only the form as a whole can say.
 */
export function showFieldErrors<Values extends FieldValues>(
  form: UseFormReturn<Values>,
  error: unknown,
  fields: Record<string, Path<Values>>,
): boolean {
  const errors = error instanceof ApiError ? (error.problem.errors ?? []) : []
  let isFirst = true
  for (const fault of errors) {
    const { pointer, code } = fault
    const field = fields[pointer]
    if (field === undefined) continue
    form.setError(field, { type: code, message: fieldText(fault) }, { shouldFocus: isFirst })
    isFirst = false
  }
  return errors.length > 0 && errors.every(({ pointer }) => fields[pointer] !== undefined)
}
