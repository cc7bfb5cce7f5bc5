// SPDX-License-Identifier: Apache-2.0
// A change that needs a reason: first what would happen, as the server says it, then
// the confirmation. What concerns much at once has to be typed.
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useId, useRef, useState, type SyntheticEvent, type ReactNode, type RefObject } from 'react'
import { readOpsAgain } from '@/api/admin-ops'
import { Button } from '@/components/ui/button'
import { Dialog, DialogTitle } from '@/components/ui/dialog'
import { Field, fieldProps, Input, Textarea } from '@/components/ui/field'
import { toast } from '@/components/ui/toast'
import { t } from '@/i18n'
import { fieldProblem, Problem } from './problem'

const REASON_MIN = 3
const REASON_MAX = 500
/** From so many on the number has to be typed. */
const TYPED_FROM = 20

export type Preview = {
  /** What will happen, in words. */
  lines: ReactNode[]
  /** How many things it concerns; with 0 there is nothing to do. */
  count: number
  /** What has to be typed; else the count, where it concerns much at once. */
  typed?: string
  body?: ReactNode
}

export type ActDialogProps = {
  title: string
  text: ReactNode
  confirmLabel: (count: number) => string
  /** Further fields, above the reason; `inputs` changes with what is in them. */
  fields?: ReactNode
  inputs?: string
  /** What the reason is where the audit log is not all that keeps it. */
  reasonField?: { label: string; hint: string; isOptional?: boolean }
  /** Whether the further fields can be sent; else their faults are shown and nothing happens. */
  check?: () => boolean
  preview?: (reason: string) => Promise<Preview>
  run: (reason: string) => Promise<string>
  onClose: () => void
  /** After it is done, instead of closing. */
  onDone?: () => void
  tone?: 'give' | 'solid'
}

/** Mounted while it is open. */
export function ActDialog(props: ActDialogProps) {
  const { title, text, fields, inputs = '', preview, run, onClose, tone = 'solid' } = props
  const client = useQueryClient()
  const id = useId()
  const [reason, setReason] = useState('')
  const [typed, setTyped] = useState('')
  const [isChecked, setIsChecked] = useState(false)
  const [isBusy, setIsBusy] = useState(false)
  const [failure, setFailure] = useState<unknown>(null)
  const [seen, setSeen] = useState<{ inputs: string; preview: Preview } | null>(null)
  const reasonRef = useRef<HTMLTextAreaElement>(null)
  const typedRef = useRef<HTMLInputElement>(null)
  const previewRef = useRef<HTMLDivElement>(null)

  const shown = seen !== null && seen.inputs === inputs ? seen.preview : null
  const isReady = preview === undefined || (shown !== null && shown.count > 0)
  const toType = shown === null ? undefined : (shown.typed ?? (shown.count >= TYPED_FROM ? String(shown.count) : undefined))
  const { label, hint, isOptional = false } = props.reasonField ?? { label: t('admin.act.reason'), hint: t('admin.act.reason_hint') }
  const isReason = reason.trim().length >= REASON_MIN || (isOptional && reason.trim() === '')
  const isReasonBad = isChecked && !isReason
  const reasonError = isReasonBad ? t('admin.act.reason_error', { least: REASON_MIN }) : fieldProblem(failure, '/reason')
  const typedFault = toType !== undefined && typed.trim() !== toType ? t('confirm.typed_wrong', { word: toType }) : undefined
  const typedError = isChecked ? typedFault : undefined

  useEffect(() => {
    if (shown !== null) previewRef.current?.focus()
  }, [shown])

  const attempt = async (work: () => Promise<void>) => {
    setIsBusy(true)
    setFailure(null)
    try {
      await work()
    } catch (error) {
      setFailure(error)
    } finally {
      setIsBusy(false)
    }
  }

  const look = () =>
    attempt(async () => {
      if (preview !== undefined) setSeen({ inputs, preview: await preview(reason.trim()) })
      setIsChecked(false)
    })

  const act = () =>
    attempt(async () => {
      const done = await run(reason.trim())
      await readOpsAgain(client)
      toast(done, 'good')
      if (props.onDone === undefined) onClose()
      else props.onDone()
    })

  const submit = (event: SyntheticEvent) => {
    event.preventDefault()
    if (isBusy) return
    setIsChecked(true)
    if (props.check?.() === false) return
    if (!isReason) return reasonRef.current?.focus()
    if (preview !== undefined && shown === null) return void look()
    if (!isReady) return
    if (typedFault !== undefined) return typedRef.current?.focus()
    void act()
  }

  return (
    <Dialog
      header={<DialogTitle className="text-heading">{title}</DialogTitle>}
      onClose={() => !isBusy && onClose()}
      aria-describedby={`${id}-text`}
    >
      <form onSubmit={submit} noValidate className="grid gap-4">
        <div id={`${id}-text`} className="grid gap-2">
          {text}
        </div>
        {fields}
        <Field id={`${id}-reason`} label={label} hint={hint} error={reasonError}>
          <Textarea
            ref={reasonRef}
            {...fieldProps(`${id}-reason`, reasonError)}
            value={reason}
            maxLength={REASON_MAX}
            required={!isOptional}
            dir="auto"
            onChange={(event) => setReason(event.target.value)}
          />
        </Field>
        {shown !== null && <PreviewBox preview={shown} boxRef={previewRef} />}
        {toType !== undefined && (
          <Field id={`${id}-typed`} label={t('confirm.typed', { word: toType })} error={typedError}>
            <Input
              ref={typedRef}
              {...fieldProps(`${id}-typed`, typedError, false)}
              value={typed}
              autoComplete="off"
              onChange={(event) => setTyped(event.target.value)}
            />
          </Field>
        )}
        {failure !== null && <Problem error={failure} reload={() => void readOpsAgain(client).then(onClose)} />}
        <div className="flex flex-wrap justify-end gap-3 pt-1">
          <Button variant="outline" aria-disabled={isBusy} onClick={() => !isBusy && onClose()}>
            {t('action.cancel')}
          </Button>
          <Button type="submit" variant={isReady ? tone : 'solid'} aria-disabled={isBusy || (shown !== null && !isReady)}>
            {isBusy
              ? t('action.working')
              : preview !== undefined && shown === null
                ? t('admin.act.preview')
                : props.confirmLabel(shown?.count ?? 1)}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

function PreviewBox({ preview, boxRef }: { preview: Preview; boxRef: RefObject<HTMLDivElement | null> }) {
  return (
    <div
      ref={boxRef}
      tabIndex={-1}
      role="group"
      aria-label={t('admin.act.what_happens')}
      data-preview={preview.count}
      className="border-line-strong bg-sunk rounded-patch grid gap-2 border-2 border-dashed px-4 py-3"
    >
      <p className="font-bold">{t(preview.count === 0 ? 'admin.act.nothing' : 'admin.act.what_happens')}</p>
      {preview.lines.length > 0 && (
        <ul className="ms-5 grid list-disc gap-1">
          {preview.lines.map((line, index) => (
            <li key={index}>{line}</li>
          ))}
        </ul>
      )}
      {preview.body}
    </div>
  )
}
