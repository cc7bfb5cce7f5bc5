// SPDX-License-Identifier: Apache-2.0
// Asks before something that cannot be taken back: the consequence in words, a reason
// where one is kept, and the focus on the harmless answer.
import { useId, useRef, useState, type ReactNode } from 'react'
import { t } from '@/i18n'
import { Button } from './button'
import { DialogTitle, Modal } from './dialog'
import { Field, fieldProps, Input, Textarea } from './field'

type ConfirmDialogProps = {
  title: string
  /** What will happen, and what can be undone. */
  children?: ReactNode
  confirmLabel: string
  /** Label of a reason that has to be given. */
  reasonLabel?: string
  reasonHint?: string
  reasonMax?: number
  /** A word to be typed before the act, for what concerns much at once. */
  typed?: string
  tone?: 'solid' | 'give'
  /** Stays open with the error until this has succeeded. */
  onConfirm: (reason: string) => Promise<unknown>
  onClose: () => void
  /** Text for a failure; the dialog shows it and keeps what was entered. */
  explain: (error: unknown) => ReactNode
}

/** Mounted while it is open. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { title, children, confirmLabel, reasonLabel, reasonHint, reasonMax = 500, typed, tone = 'give' } = props
  const [reason, setReason] = useState('')
  const [word, setWord] = useState('')
  const [isBusy, setIsBusy] = useState(false)
  const [failure, setFailure] = useState<unknown>(null)
  const [isChecked, setIsChecked] = useState(false)
  const id = useId()
  const reasonRef = useRef<HTMLTextAreaElement>(null)
  const wordRef = useRef<HTMLInputElement>(null)
  const harmlessRef = useRef<HTMLButtonElement>(null)
  const reasonError = isChecked && reasonLabel !== undefined && reason.trim() === '' ? t('confirm.reason_empty') : undefined
  const wordError = isChecked && typed !== undefined && word !== typed ? t('confirm.typed_wrong', { word: typed }) : undefined

  const confirm = async () => {
    setIsChecked(true)
    if (isBusy) return
    if (reasonLabel !== undefined && reason.trim() === '') return reasonRef.current?.focus()
    if (typed !== undefined && word !== typed) return wordRef.current?.focus()
    setIsBusy(true)
    setFailure(null)
    try {
      await props.onConfirm(reason.trim())
      props.onClose()
    } catch (error) {
      setFailure(error)
    } finally {
      setIsBusy(false)
    }
  }

  const close = () => !isBusy && props.onClose()

  return (
    <Modal
      role="alertdialog"
      aria-describedby={`${id}-text`}
      firstFocus={harmlessRef}
      onClose={close}
      className="place-items-center p-4"
    >
      <div className="animate-sheet-in bg-paper shadow-card grid w-full max-w-lg gap-4 rounded-2xl p-5 sm:p-7">
        <DialogTitle className="text-heading font-display font-bold">{title}</DialogTitle>
        <div id={`${id}-text`} className="grid gap-2">
          {children}
        </div>
        {reasonLabel !== undefined && (
          <Field id={`${id}-reason`} label={reasonLabel} hint={reasonHint} error={reasonError}>
            <Textarea
              ref={reasonRef}
              {...fieldProps(`${id}-reason`, reasonError, reasonHint !== undefined)}
              value={reason}
              maxLength={reasonMax}
              required
              onChange={(event) => setReason(event.target.value)}
            />
          </Field>
        )}
        {typed !== undefined && (
          <Field id={`${id}-word`} label={t('confirm.typed', { word: typed })} error={wordError}>
            <Input
              ref={wordRef}
              {...fieldProps(`${id}-word`, wordError, false)}
              value={word}
              autoComplete="off"
              onChange={(event) => setWord(event.target.value)}
            />
          </Field>
        )}
        {failure !== null && <div role="alert">{props.explain(failure)}</div>}
        <div className="flex flex-wrap justify-end gap-3 pt-1">
          <Button ref={harmlessRef} variant="outline" aria-disabled={isBusy} onClick={close}>
            {t('action.cancel')}
          </Button>
          <Button variant={tone} aria-disabled={isBusy} onClick={() => void confirm()}>
            {isBusy ? t('action.working') : confirmLabel}
          </Button>
        </div>
      </div>
    </Modal>
  )
}
