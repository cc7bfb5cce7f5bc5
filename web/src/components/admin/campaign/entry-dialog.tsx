// SPDX-License-Identifier: Apache-2.0
// A small form in a dialog, for what belongs to a campaign: it keeps its entries when the
// API refuses, and meets what somebody else has saved meanwhile.
import { zodResolver } from '@hookform/resolvers/zod'
import { useId, useState, type ReactNode } from 'react'
import { useForm, useWatch, type DefaultValues, type FieldValues, type Path, type Resolver, type UseFormReturn } from 'react-hook-form'
import type { z } from 'zod/mini'
import { ApiError } from '@/api/http'
import { Button } from '@/components/ui/button'
import { Dialog, DialogTitle } from '@/components/ui/dialog'
import { Notice } from '@/components/ui/notice'
import { ErrorText } from '@/components/ui/states'
import { t } from '@/i18n'
import { merged, threeWay, type Side } from '@/lib/three-way'
import { Conflict, VersionText } from './conflict'
import { faultsOf, isConflict } from './problems'

export type Versioned<Values> = { values: Values; etag: string }

type Texts = Record<string, string>

type EntryDialogProps<Values extends Texts> = {
  title: string
  submitLabel: string
  initial: Versioned<Values>
  fields: readonly (keyof Values & string)[]
  schema: z.core.$ZodType<unknown, FieldValues>
  /** Member of the API's document, by which its faults are named, for each field. */
  members: Record<keyof Values & string, string>
  labelOf: (field: keyof Values & string) => string
  entryText?: (field: keyof Values & string, value: string) => string
  same: (field: keyof Values, one: string, other: string) => boolean
  /** Sends the entries against the tag. */
  save: (values: Values, etag: string) => Promise<void>
  /** The newest version after a conflict; null if it is gone. */
  readAgain: () => Promise<Versioned<Values> | null>
  /** The field that a limit in use belongs to. */
  limitField?: keyof Values & string
  onClose: () => void
  children: (form: UseFormReturn<Values>, values: Values) => ReactNode
}

type Clash<Values> = { mine: Values; theirs: Versioned<Values>; chosen: Partial<Record<keyof Values, Side>> }

export function EntryDialog<Values extends Texts>(props: EntryDialogProps<Values>) {
  const { title, submitLabel, fields, labelOf, entryText = (_: string, value: string) => value, onClose, children } = props
  const [base, setBase] = useState(props.initial)
  const [clash, setClash] = useState<Clash<Values> | null>(null)
  const [failure, setFailure] = useState<ReactNode>(null)
  const [isSaving, setIsSaving] = useState(false)
  const formId = useId()
  const form = useForm<Values>({
    defaultValues: props.initial.values as DefaultValues<Values>,
    resolver: zodResolver(props.schema) as unknown as Resolver<Values>,
  })
  const values = useWatch({ control: form.control }) as Values

  const send = async (from: Versioned<Values>, mine: Values) => {
    if (isSaving) return
    setIsSaving(true)
    setFailure(null)
    try {
      await props.save(mine, from.etag)
      onClose()
    } catch (error) {
      if (isConflict(error)) await meet(from, mine)
      else refuse(error)
    } finally {
      setIsSaving(false)
    }
  }

  const meet = async (from: Versioned<Values>, mine: Values) => {
    try {
      const theirs = await props.readAgain()
      if (theirs === null) { setFailure(t('admin.entry.gone')); return; }
      const rows = rowsOf(from.values, from.values, theirs.values)
      if (rows.length > 0) { setClash({ mine, theirs, chosen: {} }); return; }
      // Another part of the campaign was changed: nothing to choose from.
      await props.save(mine, theirs.etag)
      onClose()
    } catch (error) {
      refuse(error)
    }
  }

  const refuse = (error: unknown) => {
    setClash(null)
    if (error instanceof ApiError && error.code === 'limit-in-use' && props.limitField !== undefined) {
      form.setError(props.limitField as unknown as Path<Values>, { message: `in_use:${error.problem.used ?? ''}` }, { shouldFocus: true })
      return
    }
    const faults = faultsOf(error)
    let isShown = faults.length > 0
    for (const { pointer, code } of faults) {
      const member = pointer.split('/')[1] ?? ''
      const field = fields.find((name) => props.members[name] === member)
      if (field === undefined) isShown = false
      else form.setError(field as unknown as Path<Values>, { message: code }, { shouldFocus: true })
    }
    if (!isShown) setFailure(<ErrorText error={error} />)
  }

  const rowsOf = (from: Values, mine: Values, theirs: Values) =>
    threeWay<Values>(fields, from, mine, theirs, (field, one, other) => props.same(field, one, other))

  const rows = clash === null ? [] : rowsOf(base.values, clash.mine, clash.theirs.values)
  const take = (mine: Values | null): Versioned<Values> | null => {
    if (clash === null) return null
    setBase(clash.theirs)
    form.reset(mine ?? clash.theirs.values)
    setClash(null)
    return clash.theirs
  }

  return (
    <Dialog
      className="sm:max-w-2xl"
      header={<DialogTitle className="text-heading font-display font-bold">{title}</DialogTitle>}
      onClose={() => !isSaving && onClose()}
    >
      {clash !== null ? (
        <Conflict
          rows={rows.map(({ field, change }) => ({ field: field as string, change }))}
          chosen={clash.chosen}
          labelOf={labelOf}
          showMine={(field) => <VersionText text={entryText(field, textOf(clash.mine, field))} />}
          showTheirs={(field) => <VersionText text={entryText(field, textOf(clash.theirs.values, field))} />}
          onChoose={(field, side) => setClash({ ...clash, chosen: { ...clash.chosen, [field]: side } })}
          onSave={() => {
            const mine = merged(rows, clash.mine, clash.theirs.values, clash.chosen)
            const from = take(mine)
            if (from !== null) void send(from, mine)
          }}
          onEdit={() => take(merged(rows, clash.mine, clash.theirs.values, clash.chosen))}
          onDiscard={() => take(null)}
          isSaving={isSaving}
        />
      ) : (
        <form id={formId} noValidate className="grid gap-5" onSubmit={(event) => void form.handleSubmit((mine) => send(base, mine))(event)}>
          {failure !== null && (
            <Notice tone="bad" role="alert">
              {failure}
            </Notice>
          )}
          {children(form, values)}
          <div className="flex flex-wrap justify-end gap-3">
            <Button variant="outline" onClick={onClose}>
              {t('action.cancel')}
            </Button>
            <Button type="submit" aria-disabled={isSaving}>
              {isSaving ? t('action.working') : submitLabel}
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  )
}

function textOf(values: Texts, field: string): string {
  return values[field] ?? ''
}
