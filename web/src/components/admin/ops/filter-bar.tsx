// SPDX-License-Identifier: Apache-2.0
// A form of filters over a list, the link to what it shows, and views under a name.
import { useId, useState, type ComponentProps, type SyntheticEvent, type ReactNode } from 'react'
import { Button } from '@/components/ui/button'
import { Field, fieldProps, Input, Select } from '@/components/ui/field'
import { Icon } from '@/components/ui/icon'
import { t } from '@/i18n'
import { addView, readViews, writeViews } from '@/lib/ops/views'
import { CopyButton } from './bits'
import { PlainLink } from './list'

type FilterBarProps = {
  label: string
  /** How many filters are set. */
  count: number
  onSubmit: (form: FormData) => void
  onReset: () => void
  children: ReactNode
  /** Name and address of the list for saved views; without them there are none. */
  views?: { list: string; query: string; open: (query: string) => void }
  note?: ReactNode
}

export function FilterBar({ label, count, onSubmit, onReset, children, views, note }: FilterBarProps) {
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault()
    onSubmit(new FormData(event.currentTarget))
  }
  return (
    <search className="border-line bg-paper rounded-patch block border-2 p-4">
      <form onSubmit={submit} aria-label={label} className="grid gap-4">
        <div className="grid grid-cols-2 items-start gap-x-3 gap-y-3 max-sm:[&>:has([type=date])]:col-span-2 sm:gap-x-4 lg:grid-cols-4">{children}</div>
        {note}
        <div className="flex flex-wrap items-center gap-3">
          <Button type="submit">{t('admin.ops.search')}</Button>
          {count > 0 && (
            <Button variant="quiet" onClick={onReset}>
              {t('admin.ops.reset', { count })}
            </Button>
          )}
          {views !== undefined && <Views {...views} />}
        </div>
      </form>
    </search>
  )
}

function Views({ list, query, open }: NonNullable<FilterBarProps['views']>) {
  const [views, setViews] = useState(() => readViews(localStorage, list))
  const [isNaming, setIsNaming] = useState(false)
  const [name, setName] = useState('')
  const id = useId()
  const keep = (next: typeof views) => {
    setViews(next)
    writeViews(localStorage, list, next)
  }
  const save = () => {
    keep(addView(views, { name, query }))
    setName('')
    setIsNaming(false)
  }
  return (
    <div className="ms-auto flex flex-wrap items-center gap-2">
      {views.map((view) => (
        <span key={view.name} className="bg-sunk inline-flex items-center rounded-full ps-3">
          <PlainLink
            href={linkTo(view.query)}
            onFollow={() => open(view.query)}
            aria-current={view.query === query ? 'true' : undefined}
            className="min-h-8 content-center font-semibold underline-offset-4 hover:underline aria-[current=true]:underline"
            dir="auto"
          >
            {view.name}
          </PlainLink>
          <button
            type="button"
            aria-label={t('admin.ops.view_remove', { name: view.name })}
            onClick={() => keep(views.filter((other) => other.name !== view.name))}
            className="hover:bg-line grid size-8 place-items-center rounded-full"
          >
            <Icon name="close" className="size-3.5" />
          </button>
        </span>
      ))}
      {isNaming ? (
        <span className="flex items-center gap-2">
          <label htmlFor={id} className="sr-only">
            {t('admin.ops.view_name')}
          </label>
          <input
            id={id}
            value={name}
            maxLength={60}
            // The form of the name opens by a button; this is where one goes on.
            // eslint-disable-next-line jsx-a11y/no-autofocus
            autoFocus
            placeholder={t('admin.ops.view_name')}
            onChange={(event) => setName(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === 'Escape') setIsNaming(false)
              if (event.key !== 'Enter') return
              event.preventDefault()
              save()
            }}
            className="border-line-strong bg-paper min-h-10 w-44 rounded-full border-2 px-4"
          />
          <Button variant="outline" onClick={save}>
            {t('admin.ops.view_keep')}
          </Button>
        </span>
      ) : (
        <Button variant="quiet" onClick={() => setIsNaming(true)}>
          {t('admin.ops.view_save')}
        </Button>
      )}
      <span className="inline-flex items-center gap-1 text-sm">
        {t('admin.ops.view_link')}
        <CopyButton value={linkTo(query)} label={t('admin.ops.view_copy')} />
      </span>
    </div>
  )
}

function linkTo(query: string): string {
  return `${location.origin}${location.pathname}${query === '' ? '' : `?${query}`}`
}

type FilterFieldProps = { label: string; name: string; error?: string | undefined; hint?: string }

export function FilterInput({ label, name, error, hint, ...props }: FilterFieldProps & ComponentProps<'input'>) {
  const id = useId()
  return (
    <Field id={id} label={label} error={error} hint={hint} isSmall>
      <Input
        {...fieldProps(id, error, hint !== undefined)}
        name={name}
        autoComplete="off"
        spellCheck={false}
        {...props}
      />
    </Field>
  )
}

export function FilterSelect({ label, name, error, hint, className, ...props }: FilterFieldProps & ComponentProps<'select'>) {
  const id = useId()
  return (
    <Field id={id} label={label} error={error} hint={hint} isSmall>
      <Select {...fieldProps(id, error, hint !== undefined)} name={name} className={className ?? 'w-full'} {...props} />
    </Field>
  )
}

/** The text of a field of a submitted form. */
export function fieldText(form: FormData, name: string): string {
  const value = form.get(name)
  return typeof value === 'string' ? value.trim() : ''
}
