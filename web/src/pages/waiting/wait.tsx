// SPDX-License-Identifier: Apache-2.0
// Joins a waiting list with a name and an address.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useEffect, useRef, useState, type SubmitEvent } from 'react'
import { ApiError } from '@/api/http'
import { campaignQuery, keys } from '@/api/queries'
import { currentSession } from '@/api/session'
import type { Account, Campaign, Reward } from '@/api/types'
import { joinWaiting, keepEntry, keptEntry } from '@/api/waiting'
import { WaitLink } from '@/components/waiting/wait-link'
import { Button } from '@/components/ui/button'
import { Field, fieldProps, Input } from '@/components/ui/field'
import { Icon } from '@/components/ui/icon'
import { Notice } from '@/components/ui/notice'
import { Skeleton } from '@/components/ui/skeleton'
import { t } from '@/i18n'
import { isSoldOut, openness } from '@/lib/campaign'
import { useNow } from '@/lib/hooks'
import { textLength } from '@/lib/text'
import { LoadErrorPage } from '../error'

const NAME_MAX = 120
const EMAIL_MAX = 254

export function WaitPage() {
  const { slug = '' } = useParams({ strict: false })
  const { reward: rewardId = null } = useSearch({ from: '/campaigns/$slug/wait' })
  const query = useQuery(campaignQuery(slug, false))
  if (query.data === undefined) {
    if (query.isError) return <LoadErrorPage error={query.error} retry={() => void query.refetch()} />
    return (
      <div className="mx-auto grid max-w-xl gap-6 px-4 pt-10 sm:px-6">
        <p role="status" className="sr-only">
          {t('action.loading')}
        </p>
        <Skeleton className="h-72" />
      </div>
    )
  }
  const campaign = query.data
  const reward = campaign.rewards.find(({ id }) => id === rewardId) ?? null
  return (
    <div className="mx-auto grid max-w-xl grid-cols-1 gap-6 px-4 pt-10 sm:px-6">
      <title>{`${t('waiting.title')} · ${campaign.title} · ${t('site.name')}`}</title>
      <Link
        to="/campaigns/$slug"
        params={{ slug: campaign.slug }}
        className="inline-flex items-center gap-2 justify-self-start py-1 underline decoration-2 underline-offset-4"
      >
        <Icon name="back" />
        {t('give.back')}
      </Link>
      <div className="grid gap-2">
        <h1 className="text-title">{t('waiting.title')}</h1>
        <p className="text-muted wrap-anywhere" dir="auto">
          {reward === null ? campaign.title : `${reward.title} · ${campaign.title}`}
        </p>
      </div>
      <Queue key={reward?.id ?? ''} campaign={campaign} reward={reward} isUnknown={rewardId !== null && reward === null} />
    </div>
  )
}

function Queue({ campaign, reward, isUnknown }: { campaign: Campaign; reward: Reward | null; isUnknown: boolean }) {
  const state = openness(campaign, useNow())
  const isFree = state === 'open' && (reward === null || !isSoldOut(reward))
  const isWaited = state === 'open' || state === 'full' || state === 'paused'
  if (isUnknown) return <Notice tone="warn">{t('waiting.unknown')}</Notice>
  if (keptEntry(campaign.id, reward?.id ?? null) !== null) {
    return <Notice tone="good" actions={<WaitLink campaign={campaign} reward={reward} />}>{t('waiting.already')}</Notice>
  }
  if (isFree) {
    return (
      <Notice
        tone="good"
        actions={
          <Button asChild variant="give">
            <Link to="/campaigns/$slug" params={{ slug: campaign.slug }}>
              {t('waiting.give')}
            </Link>
          </Button>
        }
      >
        {t('waiting.free')}
      </Notice>
    )
  }
  if (!isWaited) return <Notice tone="warn">{t(`campaign.state_${state}`, { date: '' })}</Notice>
  return <WaitForm campaign={campaign} reward={reward} account={currentSession().account} />
}

type Faults = { name?: string; email?: string }

function faultsOf(name: string, email: string): Faults {
  const faults: Faults = {}
  if (name === '' || textLength(name) > NAME_MAX) faults.name = t('waiting.name_fault')
  if (!/^[^\s@]+@[^\s@]+$/.test(email) || email.length > EMAIL_MAX) faults.email = t('waiting.email_fault')
  return faults
}

function WaitForm({ campaign, reward, account }: { campaign: Campaign; reward: Reward | null; account: Account | null }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const [name, setName] = useState(account?.name ?? '')
  const [email, setEmail] = useState(account?.email ?? '')
  const [faults, setFaults] = useState<Faults>({})
  const [failure, setFailure] = useState<string | null>(null)
  const [isBusy, setIsBusy] = useState(false)
  const form = useRef<HTMLFormElement>(null)
  useEffect(() => form.current?.querySelector<HTMLInputElement>('[aria-invalid="true"]')?.focus(), [faults])
  const send = async () => {
    setIsBusy(true)
    setFailure(null)
    try {
      const body = { name: name.trim(), email: email.trim(), ...(reward === null ? {} : { reward_id: reward.id }) }
      const entry = await joinWaiting(campaign.id, body)
      keepEntry(campaign.id, reward?.id ?? null, { id: entry.id, token: entry.token ?? '' })
      await navigate({ to: '/waiting/$id', params: { id: entry.id }, hash: entry.token ?? '', replace: true })
    } catch (error) {
      setFailure(failureText(error))
      const pointers = error instanceof ApiError ? (error.problem.errors ?? []).map(({ pointer }) => pointer) : []
      setFaults({
        ...(pointers.includes('/name') ? { name: t('waiting.name_fault') } : {}),
        ...(pointers.includes('/email') ? { email: t('waiting.email_fault') } : {}),
      })
      // A place may have come free, or the campaign has changed.
      if (error instanceof ApiError && error.status === 409) await client.invalidateQueries({ queryKey: keys.campaign(campaign.slug) })
    } finally {
      setIsBusy(false)
    }
  }
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    if (isBusy) return
    const found = faultsOf(name.trim(), email.trim())
    setFaults(found)
    if (Object.keys(found).length === 0) void send()
  }
  return (
    <form
      ref={form}
      noValidate
      onSubmit={submit}
      className="bg-paper border-ink rounded-patch grid grid-cols-1 gap-6 border-2 p-5 sm:p-7"
    >
      <p>{t('waiting.lead', { owner: campaign.owner.name })}</p>
      <Field id="wait-name" label={t('waiting.name')} error={faults.name}>
        <Input
          {...fieldProps('wait-name', faults.name, false)}
          name="name"
          value={name}
          onChange={(event) => setName(event.target.value)}
          autoComplete="name"
          dir="auto"
        />
      </Field>
      <Field id="wait-email" label={t('waiting.email')} hint={t('waiting.email_hint')} error={faults.email}>
        <Input
          {...fieldProps('wait-email', faults.email)}
          name="email"
          type="email"
          value={email}
          onChange={(event) => setEmail(event.target.value)}
          autoComplete="email"
          spellCheck={false}
          dir="ltr"
          className="rtl:text-end"
        />
      </Field>
      {failure !== null && (
        <Notice tone="bad" role="alert">
          {failure}
        </Notice>
      )}
      <Button type="submit" size="lg" className="justify-self-start" aria-disabled={isBusy}>
        {t(isBusy ? 'waiting.working' : 'waiting.join')}
      </Button>
    </form>
  )
}

function failureText(error: unknown): string {
  if (!navigator.onLine) return t('offline.text')
  if (!(error instanceof ApiError)) return t('waiting.failed')
  if (error.status === 409) return t('waiting.refused')
  return t(error.status === 429 ? 'waiting.busy' : error.status === 422 ? 'waiting.fields' : 'waiting.failed')
}
