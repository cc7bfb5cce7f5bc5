// SPDX-License-Identifier: Apache-2.0
// Makes or edits a campaign: the form, the public page beside it, and what happens when
// somebody else saves meanwhile. Only what was changed is sent, against the revision that
// the form began with.
import { zodResolver } from '@hookform/resolvers/zod'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useEffectEvent, useState, type ReactNode } from 'react'
import { useForm, useWatch } from 'react-hook-form'
import type { ManagedCampaign, Tagged } from '@/api/admin-campaigns'
import { ApiError } from '@/api/http'
import { campaignQuery } from '@/api/queries'
import { Button } from '@/components/ui/button'
import { Notice } from '@/components/ui/notice'
import { ErrorText } from '@/components/ui/states'
import { locale, t } from '@/i18n'
import { cn } from '@/lib/cn'
import { formatMoney } from '@/lib/money'
import { merged, threeWay, type Side } from '@/lib/three-way'
import { LeaveGuard } from '../leave-guard'
import { Conflict, VersionText } from './conflict'
import { ErrorSummary } from './error-summary'
import { CampaignFields, fieldId, fieldLabel } from './fields'
import { CAMPAIGN_FIELDS, campaignSchema, fieldOfPointer, isChanged, MAX_LENGTHS, sameEntry, valuesOf, type CampaignField, type CampaignValues } from './form'
import { Preview } from './preview'
import { faultsOf, isConflict, problemText } from './problems'
import { categoryText } from './words'

type EditorProps = {
  /** What the form begins with. */
  initial: CampaignValues
  /** Null while the campaign is being made. */
  known: Tagged<ManagedCampaign> | null
  /** Of which the new campaign is a copy. */
  original?: ManagedCampaign | null
  submitLabel: string
  /** Sends what the form has; gives what is saved now, or null to stay as it is. */
  save: (base: CampaignValues, mine: CampaignValues, etag: string) => Promise<Tagged<ManagedCampaign> | null>
  /** The newest version after a conflict. */
  readAgain?: () => Promise<Tagged<ManagedCampaign>>
  children?: ReactNode
}

type Base = { values: CampaignValues; known: Tagged<ManagedCampaign> | null }
type Clash = { mine: CampaignValues; theirs: CampaignValues; fresh: Tagged<ManagedCampaign>; chosen: Partial<Record<CampaignField, Side>> }

export function CampaignEditor({ initial, known, original = null, submitLabel, save, readAgain, children }: EditorProps) {
  const [base, setBase] = useState<Base>({ values: initial, known })
  const [clash, setClash] = useState<Clash | null>(null)
  const [failure, setFailure] = useState<unknown>(null)
  const [round, setRound] = useState(0)
  const [isSaving, setIsSaving] = useState(false)
  const [isPreview, setIsPreview] = useState(false)
  const isNew = known === null
  const form = useForm<CampaignValues>({
    defaultValues: initial,
    resolver: zodResolver(campaignSchema(locale, isNew)),
    reValidateMode: 'onChange',
    shouldFocusError: false,
  })
  const values = useWatch({ control: form.control }) as CampaignValues
  const isDirty = () => isChanged(base.values, form.getValues(), locale)
  const newest = known !== null && base.known !== null && known.data.revision > base.known.data.revision ? known : null

  const rebase = (fresh: Tagged<ManagedCampaign>, mine?: CampaignValues) => {
    const freshValues = valuesOf(fresh.data, locale)
    setBase({ values: freshValues, known: fresh })
    form.reset(mine ?? freshValues)
  }

  // What others saved while nothing was typed here is simply shown; what touches none of
  // these fields (an image, a reward) is no news.
  const follow = useEffectEvent(() => {
    if (newest === null || clash !== null || isSaving) return
    if (!isDirty()) rebase(newest)
    else if (!isChanged(base.values, valuesOf(newest.data, locale), locale)) setBase({ ...base, known: newest })
  })
  const revision = known?.data.revision
  useEffect(() => {
    const timer = setTimeout(() => follow())
    return () => clearTimeout(timer)
  }, [revision])

  const send = async (from: Base, mine: CampaignValues) => {
    setIsSaving(true)
    setFailure(null)
    try {
      const saved = await save(from.values, mine, from.known?.etag ?? '')
      setClash(null)
      if (saved !== null) rebase(saved)
    } catch (error) {
      if (isConflict(error) && readAgain !== undefined) await meet(mine, error)
      else refuse(error)
    } finally {
      setIsSaving(false)
    }
  }

  const meet = async (mine: CampaignValues, cause: unknown) => {
    try {
      const fresh = readAgain === undefined ? null : await readAgain()
      if (fresh === null) throw cause
      const theirs = valuesOf(fresh.data, locale)
      if (isChanged(base.values, theirs, locale)) setClash({ mine, theirs, fresh, chosen: {} })
      else await send({ values: base.values, known: fresh }, mine)
    } catch (error) {
      setFailure(error)
    }
  }

  const refuse = (error: unknown) => {
    setClash(null)
    const used = error instanceof ApiError && error.code === 'limit-in-use' ? error.problem.used : undefined
    if (used !== undefined) {
      form.setError('cap', { message: `in_use:${formatMoney({ amount: used, currency: values.currency }, locale)}` })
    }
    const faults = faultsOf(error).flatMap(({ pointer, code }) => {
      const field = fieldOfPointer(pointer)
      return field === null ? [] : [{ field, code }]
    })
    for (const { field, code } of faults) form.setError(field, { message: code })
    if (faults.length === 0 && used === undefined) setFailure(error)
    setRound((count) => count + 1)
  }

  if (clash !== null) {
    const rows = threeWay<CampaignValues>(CAMPAIGN_FIELDS, base.values, clash.mine, clash.theirs, (field, one, other) =>
      sameEntry(field, one, other, clash.mine.currency, locale),
    )
    const resolved = () => merged(rows, clash.mine, clash.theirs, clash.chosen)
    return (
      <>
        <LeaveGuard isDirty={() => true} />
        <Conflict
          rows={rows}
          chosen={clash.chosen}
          labelOf={(field) => fieldLabel(field, values.currency)}
          showMine={(field) => <VersionText text={entryText(field, clash.mine)} />}
          showTheirs={(field) => <VersionText text={entryText(field, clash.theirs)} />}
          onChoose={(field, side) => setClash({ ...clash, chosen: { ...clash.chosen, [field]: side } })}
          onSave={() => {
            const mine = resolved()
            const from = { values: clash.theirs, known: clash.fresh }
            rebase(clash.fresh, mine)
            void send(from, mine)
          }}
          onEdit={() => {
            rebase(clash.fresh, resolved())
            setClash(null)
          }}
          onDiscard={() => {
            rebase(clash.fresh)
            setClash(null)
          }}
          isSaving={isSaving}
        />
      </>
    )
  }

  const faults = CAMPAIGN_FIELDS.flatMap((field) => {
    const code = form.formState.errors[field]?.message
    if (code === undefined) return []
    const text = problemText(code, { max: field in MAX_LENGTHS ? MAX_LENGTHS[field as keyof typeof MAX_LENGTHS] : 0, currency: values.currency })
    return [{ id: fieldId(field), text: t('admin.edit.fault', { field: fieldLabel(field, values.currency), text: text ?? '' }) }]
  })
  const submit = form.handleSubmit(
    (mine) => void send(base, mine),
    () => setRound((count) => count + 1),
  )

  return (
    <div className="grid min-w-0 gap-6 xl:grid-cols-[minmax(0,1.2fr)_minmax(0,1fr)] xl:items-start xl:gap-10">
      <LeaveGuard isDirty={() => !isSaving && isDirty()} />
      <div role="group" aria-label={t('admin.edit.view')} className="bg-sunk flex justify-self-start rounded-full p-1 xl:hidden">
        {[false, true].map((preview) => (
          <button
            key={String(preview)}
            type="button"
            aria-pressed={isPreview === preview}
            onClick={() => setIsPreview(preview)}
            className="aria-pressed:bg-ink aria-pressed:text-page min-h-10 rounded-full px-5 font-semibold"
          >
            {t(preview ? 'admin.edit.preview' : 'admin.edit.form')}
          </button>
        ))}
      </div>
      <form onSubmit={(event) => void submit(event)} noValidate className={cn('grid min-w-0 gap-8', isPreview && 'max-xl:hidden')}>
        {newest !== null && (
          <Notice tone="warn" role="status">
            {t('admin.edit.newer')}
          </Notice>
        )}
        <ErrorSummary faults={faults} round={round} />
        {failure !== null && (
          <Notice tone="bad" role="alert" heading={t('admin.edit.failed')}>
            <ErrorText error={failure} />
          </Notice>
        )}
        {children}
        <CampaignFields form={form} values={values} state={base.known?.data.state ?? null} isCopy={original !== null} />
        <div className="bg-page/95 border-line sticky bottom-0 z-10 -mx-4 flex flex-wrap items-center gap-3 border-t px-4 py-3 sm:mx-0 sm:px-0">
          <Button type="submit" aria-disabled={isSaving}>
            {isSaving ? t('action.working') : submitLabel}
          </Button>
          {!isNew && isChanged(base.values, values, locale) && (
            <Button variant="quiet" onClick={() => form.reset(base.values)}>
              {t('admin.edit.undo')}
            </Button>
          )}
        </div>
      </form>
      <div className={cn('min-w-0 xl:sticky xl:top-6 xl:block', !isPreview && 'max-xl:hidden')}>
        <LivePreview values={values} campaign={base.known?.data ?? null} original={original} />
      </div>
    </div>
  )
}

/** With the money that is there already, once the campaign is public; a copy has the image of its original, and no money. */
function LivePreview({ values, campaign, original }: { values: CampaignValues; campaign: ManagedCampaign | null; original: ManagedCampaign | null }) {
  const isPublic = campaign !== null && campaign.state !== 'draft'
  const { data } = useQuery({ ...campaignQuery(campaign?.slug ?? '', true), enabled: isPublic, refetchInterval: false })
  return <Preview values={values} campaign={campaign ?? original} totals={isPublic ? (data?.totals ?? null) : null} />
}

function entryText(field: CampaignField, values: CampaignValues): string {
  const value = values[field]
  if (typeof value === 'boolean') return t(value ? 'admin.edit.yes' : 'admin.edit.no')
  if (field === 'category') return categoryText(value)
  if (field === 'startsAt' || field === 'endsAt') return value.replace('T', ' ')
  return value
}
