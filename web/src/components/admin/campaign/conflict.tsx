// SPDX-License-Identifier: Apache-2.0
// Somebody else has saved meanwhile: both versions field by field. What only one side
// changed is taken over; where both did, one chooses.
import { useEffect, useId, useRef, useState, type ReactNode } from 'react'
import { Button } from '@/components/ui/button'
import { Icon } from '@/components/ui/icon'
import { t } from '@/i18n'
import { cn } from '@/lib/cn'
import { undecided, type Side, type ThreeWayRow } from '@/lib/three-way'

type ConflictProps<Field extends string> = {
  rows: ThreeWayRow<Field>[]
  chosen: Partial<Record<Field, Side>>
  labelOf: (field: Field) => string
  showMine: (field: Field) => ReactNode
  showTheirs: (field: Field) => ReactNode
  onChoose: (field: Field, side: Side) => void
  onSave: () => void
  onEdit: () => void
  onDiscard: () => void
  isSaving: boolean
}

export function Conflict<Field extends string>({ rows, chosen, labelOf, showMine, showTheirs, ...props }: ConflictProps<Field>) {
  const open = undecided(rows, chosen)
  const heading = useRef<HTMLHeadingElement>(null)
  const id = useId()
  useEffect(() => heading.current?.focus(), [])
  return (
    <section aria-labelledby={id} className="border-warn bg-paper rounded-patch grid min-w-0 gap-5 border-2 p-4 sm:p-6" data-conflict>
      <div className="grid gap-2">
        <h2 id={id} ref={heading} tabIndex={-1} className="text-heading">
          {t('admin.conflict.heading')}
        </h2>
        <p className="max-w-prose">{t('admin.conflict.text')}</p>
      </div>
      <ul className="grid gap-4">
        {rows.map(({ field, change }) => (
          <li key={field} className="border-line grid min-w-0 gap-2 border-t-2 border-dashed pt-4">
            <h3 className="flex flex-wrap items-baseline gap-x-3 font-sans text-base font-bold">
              {labelOf(field)}
              <span className="text-muted text-sm font-normal">{t(`admin.conflict.change_${change}`)}</span>
            </h3>
            <div
              role={change === 'both' ? 'radiogroup' : undefined}
              aria-label={change === 'both' ? labelOf(field) : undefined}
              className="grid min-w-0 gap-3 md:grid-cols-2"
            >
              {(['mine', 'theirs'] as const).map((side) => (
                <Version
                  key={side}
                  side={side}
                  name={`${id}-${field}`}
                  isChoice={change === 'both'}
                  isTaken={isTaken(change, side, chosen[field])}
                  onChoose={() => props.onChoose(field, side)}
                >
                  {side === 'mine' ? showMine(field) : showTheirs(field)}
                </Version>
              ))}
            </div>
          </li>
        ))}
      </ul>
      <p role="status" className="text-muted">
        {open.length > 0 && t('admin.conflict.open', { count: open.length })}
      </p>
      <div className="flex flex-wrap gap-3">
        <Button onClick={() => open.length === 0 && props.onSave()} aria-disabled={open.length > 0 || props.isSaving}>
          {props.isSaving ? t('action.working') : t('admin.conflict.save')}
        </Button>
        <Button variant="outline" onClick={() => open.length === 0 && props.onEdit()} aria-disabled={open.length > 0}>
          {t('admin.conflict.edit')}
        </Button>
        <Button variant="quiet" onClick={props.onDiscard}>
          {t('admin.conflict.discard')}
        </Button>
      </div>
    </section>
  )
}

type VersionProps = {
  side: Side
  name: string
  isChoice: boolean
  isTaken: boolean
  onChoose: () => void
  children: ReactNode
}

function Version({ side, name, isChoice, isTaken, onChoose, children }: VersionProps) {
  const title = t(side === 'mine' ? 'admin.conflict.mine' : 'admin.conflict.theirs')
  return (
    <div className={cn('rounded-patch grid min-w-0 content-start gap-1 border-2 px-4 py-3', isTaken ? 'border-ink bg-sunk' : 'border-line')}>
      {isChoice ? (
        <label className="flex min-h-8 items-center gap-2.5 font-semibold">
          <input type="radio" name={name} checked={isTaken} onChange={onChoose} className="accent-poppy size-4.5 shrink-0" />
          {title}
        </label>
      ) : (
        <p className="text-muted flex min-h-8 items-center gap-2 text-sm font-semibold">
          {isTaken && <Icon name="check" className="size-4" />}
          {title}
        </p>
      )}
      {children}
    </div>
  )
}

const LONG_TEXT = 500

/** A version's text; the rest of a long one is shown when it is asked for. */
export function VersionText({ text }: { text: string }) {
  const [isWhole, setIsWhole] = useState(false)
  const isLong = text.length > LONG_TEXT
  return (
    <>
      <p className="wrap-anywhere whitespace-pre-line" dir="auto">
        {text === '' ? <span className="text-muted">{t('admin.conflict.empty')}</span> : isLong && !isWhole ? `${text.slice(0, LONG_TEXT)}…` : text}
      </p>
      {isLong && (
        <Button variant="link" className="justify-self-start text-sm" aria-expanded={isWhole} onClick={() => setIsWhole(!isWhole)}>
          {t(isWhole ? 'admin.conflict.less' : 'admin.conflict.more')}
        </Button>
      )}
    </>
  )
}

function isTaken(change: ThreeWayRow<string>['change'], side: Side, chosen: Side | undefined): boolean {
  if (change === 'same') return true
  return change === 'both' ? chosen === side : change === side
}
