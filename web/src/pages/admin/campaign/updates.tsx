// SPDX-License-Identifier: Apache-2.0
// News of a campaign, for everybody or for those who gave.
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { z } from 'zod/mini'
import { campaignKeys, editUpdate, makeUpdate, readUpdate, removeUpdate, updatesQuery, type Update } from '@/api/admin-campaigns'
import { ApiError } from '@/api/http'
import { EntryDialog } from '@/components/admin/campaign/entry-dialog'
import { problemText } from '@/components/admin/campaign/problems'
import { useManaged } from '@/components/admin/campaign/use-managed'
import { Story } from '@/components/campaign/story'
import { textLength } from '@/lib/text'
import { Badge } from '@/components/ui/badge'
import { Button } from '@/components/ui/button'
import { ConfirmDialog } from '@/components/ui/confirm-dialog'
import { Field, fieldProps, Input, Textarea } from '@/components/ui/field'
import { Icon } from '@/components/ui/icon'
import { LoadMore } from '@/components/ui/load-more'
import { Notice } from '@/components/ui/notice'
import { Skeleton } from '@/components/ui/skeleton'
import { EmptyState, ErrorState, ErrorText } from '@/components/ui/states'
import { toast } from '@/components/ui/toast'
import { formatDateTime, t } from '@/i18n'

type UpdateValues = { title: string; body: string; visibility: string }

const TITLE_MAX = 140
const BODY_MAX = 10_000
const VISIBILITIES = ['public', 'backers'] as const
const EMPTY: UpdateValues = { title: '', body: '', visibility: 'public' }

const schema = z.object({
  title: z.string().check(z.refine((text) => text.trim() !== '', 'required'), z.refine((text) => textLength(text.trim()) <= TITLE_MAX, 'too_long')),
  body: z.string().check(z.refine((text) => text.trim() !== '', 'required'), z.refine((text) => textLength(text.trim()) <= BODY_MAX, 'too_long')),
  visibility: z.enum(VISIBILITIES),
})

export function UpdatesPage() {
  const { data: campaign } = useManaged()
  const client = useQueryClient()
  const query = useInfiniteQuery(updatesQuery(campaign.id))
  const [open, setOpen] = useState<{ values: UpdateValues; etag: string; id: string | null } | null>(null)
  const [removing, setRemoving] = useState<Update | null>(null)
  const canEdit = campaign.right !== 'view'
  const updates = query.data?.pages.flatMap((page) => page.items) ?? []
  const readAll = () => client.invalidateQueries({ queryKey: campaignKeys.updates(campaign.id) })
  const edit = async (id: string) => {
    try {
      const { data, etag } = await readUpdate(campaign.id, id)
      setOpen({ values: valuesOf(data), etag, id })
    } catch {
      toast(t('admin.entry.gone'), 'bad')
      await readAll()
    }
  }
  return (
    <section aria-labelledby="updates-heading" className="grid min-w-0 gap-5">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <h2 id="updates-heading" className="text-heading">
          {t('admin.update.heading')}
        </h2>
        {canEdit && (
          <Button onClick={() => setOpen({ values: EMPTY, etag: '', id: null })}>
            <Icon name="plus" />
            {t('admin.update.make')}
          </Button>
        )}
      </div>
      {query.isPending && <Skeleton className="h-64" />}
      {query.isError && updates.length === 0 && <ErrorState error={query.error} retry={() => query.refetch()} />}
      {query.isSuccess && updates.length === 0 && <EmptyState heading={t('admin.update.none')}>{t('admin.update.none_text')}</EmptyState>}
      <ol className="grid max-w-3xl gap-5">
        {updates.map((update) => (
          <li key={update.id} className="border-line bg-paper rounded-patch grid min-w-0 gap-3 border-2 p-4 sm:p-5">
            <div className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1">
              <h3 className="min-w-0 text-xl wrap-anywhere" dir="auto">
                {update.title}
              </h3>
              <Badge tone={update.visibility === 'public' ? 'good' : 'warn'}>{t(`admin.update.for_${update.visibility}`)}</Badge>
            </div>
            <p className="text-muted text-sm">
              <time dateTime={update.created_at}>{formatDateTime(update.created_at)}</time>
              {update.version > 1 && ` · ${t('admin.update.edited', { time: formatDateTime(update.updated_at) })}`}
            </p>
            <div className="wrap-anywhere [&>div]:text-base" dir="auto">
              <Story text={update.body} />
            </div>
            {canEdit && (
              <div className="flex flex-wrap gap-2">
                <Button variant="outline" aria-label={t('admin.reward.edit_named', { title: update.title })} onClick={() => void edit(update.id)}>
                  {t('admin.reward.edit_short')}
                </Button>
                <Button variant="quiet" aria-label={t('admin.update.remove_named', { title: update.title })} onClick={() => setRemoving(update)}>
                  {t('admin.update.remove')}
                </Button>
              </div>
            )}
          </li>
        ))}
      </ol>
      <LoadMore query={query} />
      {open !== null && (
        <EntryDialog<UpdateValues>
          title={t(open.id === null ? 'admin.update.make' : 'admin.update.edit')}
          submitLabel={t(open.id === null ? 'admin.update.send' : 'admin.edit.save')}
          initial={open}
          fields={['title', 'body', 'visibility']}
          schema={schema}
          members={{ title: 'title', body: 'body', visibility: 'visibility' }}
          labelOf={(field) => t(`admin.update.${field}`)}
          entryText={(field, value) => (field === 'visibility' ? t(`admin.update.for_${value as 'public'}`) : value)}
          same={(_, one, other) => one.trim() === other.trim()}
          save={async (values, etag) => {
            const body = { title: values.title.trim(), body: values.body.replaceAll('\r\n', '\n').trim(), visibility: values.visibility as Update['visibility'] }
            if (open.id === null) await makeUpdate(campaign.id, body)
            else await editUpdate(campaign.id, open.id, etag, body)
            await readAll()
            toast(t(open.id === null ? 'admin.update.sent' : 'admin.edit.saved'))
          }}
          readAgain={async () => {
            if (open.id === null) return null
            const fresh = await readUpdate(campaign.id, open.id)
            return { values: valuesOf(fresh.data), etag: fresh.etag }
          }}
          onClose={() => setOpen(null)}
        >
          {({ register, formState: { errors } }, values) => {
            const title = problemText(errors.title?.message, { max: TITLE_MAX })
            const body = problemText(errors.body?.message, { max: BODY_MAX })
            return (
              <>
                <Field id="update-title" label={t('admin.update.title')} error={title}>
                  <Input {...register('title')} {...fieldProps('update-title', title, false)} dir="auto" autoComplete="off" />
                </Field>
                <Field
                  id="update-body"
                  label={t('admin.update.body')}
                  hint={
                    <>
                      {t('admin.edit.story_hint')} <span className="figures">{t('admin.edit.left', { left: BODY_MAX - textLength(values.body) })}</span>
                    </>
                  }
                  error={body}
                >
                  <Textarea {...register('body')} {...fieldProps('update-body', body)} dir="auto" rows={9} />
                </Field>
                <fieldset className="grid gap-1">
                  <legend className="mb-1 font-semibold">{t('admin.update.visibility')}</legend>
                  {VISIBILITIES.map((visibility) => (
                    <label key={visibility} className="flex min-h-9 items-center gap-3">
                      <input type="radio" value={visibility} {...register('visibility')} className="accent-poppy size-4.5 shrink-0" />
                      {t(`admin.update.for_${visibility}`)}
                    </label>
                  ))}
                </fieldset>
              </>
            )
          }}
        </EntryDialog>
      )}
      {removing !== null && (
        <ConfirmDialog
          title={t('admin.update.remove_ask', { title: removing.title })}
          confirmLabel={t('admin.update.remove')}
          explain={(error) => (
            <Notice tone="bad">{error instanceof ApiError && error.status === 404 ? t('admin.entry.gone') : <ErrorText error={error} />}</Notice>
          )}
          onConfirm={async () => {
            const { etag } = await readUpdate(campaign.id, removing.id)
            await removeUpdate(campaign.id, removing.id, etag)
            await readAll()
            toast(t('admin.update.removed'))
          }}
          onClose={() => setRemoving(null)}
        >
          <p>{t('admin.update.remove_text')}</p>
        </ConfirmDialog>
      )}
    </section>
  )
}

function valuesOf({ title, body, visibility }: Update): UpdateValues {
  return { title, body, visibility }
}
