// SPDX-License-Identifier: Apache-2.0
// The donation as a plain page with an address of its own.
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { Suspense, useState } from 'react'
import { campaignQuery } from '@/api/queries'
import type { Campaign } from '@/api/types'
import { GiftFlow, GiftHeading, type HeadingProps } from '@/components/gift/gift-flow'
import { useGiftFlow } from '@/components/gift/use-gift-flow'
import { Button } from '@/components/ui/button'
import { Icon } from '@/components/ui/icon'
import { Notice } from '@/components/ui/notice'
import { Skeleton } from '@/components/ui/skeleton'
import { formatDateTime, t } from '@/i18n'
import { openness, type Openness } from '@/lib/campaign'
import { loadDraft } from '@/lib/gift-draft'
import { useNow } from '@/lib/hooks'
import { useIsLive, useLiveCampaign } from '@/live/hooks'
import { LoadErrorPage } from './error'
import { NextStep } from './load-waiting'

export function GivePage() {
  const { slug } = useParams({ strict: false })
  const query = useQuery(campaignQuery(slug ?? '', useIsLive()))
  useLiveCampaign(query.data, ignoreGift)
  if (query.data !== undefined) return <GiveView key={query.data.id} campaign={query.data} />
  if (query.isError) return <LoadErrorPage error={query.error} retry={() => void query.refetch()} />
  return (
    <div className="mx-auto max-w-xl px-4 pt-10">
      <Skeleton className="h-128" />
    </div>
  )
}

function GiveView({ campaign }: { campaign: Campaign }) {
  const state = openness(campaign, useNow())
  // A gift that was begun may be ended: the server has the last word.
  const [hasDraft] = useState(() => loadDraft(campaign.id, sessionStorage)?.attempt != null)
  return (
    <div className="mx-auto grid max-w-xl grid-cols-1 gap-6 px-4 pt-8 sm:px-6">
      <Link
        to="/campaigns/$slug"
        params={{ slug: campaign.slug }}
        className="inline-flex items-center gap-2 justify-self-start py-1 underline decoration-2 underline-offset-4"
      >
        <Icon name="back" />
        {t('give.back')}
      </Link>
      {state === 'open' || hasDraft ? <GivePanel campaign={campaign} /> : <NotOpen campaign={campaign} state={state} />}
    </div>
  )
}

function NotOpen({ campaign, state }: { campaign: Campaign; state: Openness }) {
  return (
    <>
      <title>{`${t('give.title', { title: campaign.title })} · ${t('site.name')}`}</title>
      <h1 className="text-title" dir="auto">
        {campaign.title}
      </h1>
      <Notice tone="warn">{t(`campaign.state_${state}`, { date: formatDateTime(campaign.starts_at) })}</Notice>
      <Suspense>
        <NextStep campaign={campaign} state={state} />
      </Suspense>
      <Button asChild variant="outline" className="justify-self-start">
        <Link to="/" hash="campaigns">
          {t('campaign.others')}
        </Link>
      </Button>
    </>
  )
}

function GivePanel({ campaign }: { campaign: Campaign }) {
  const flow = useGiftFlow(campaign)
  const navigate = useNavigate()
  const finish = () => {
    flow.forget()
    void navigate({ to: '/campaigns/$slug', params: { slug: campaign.slug } })
  }
  const view = flow.result === null ? t(`gift.step_${flow.step}`) : t('gift.result')
  return (
    <div className="bg-paper border-ink rounded-patch border-2">
      <title>{`${view} · ${t('give.title', { title: campaign.title })} · ${t('site.name')}`}</title>
      <div className="border-line border-b px-5 py-4 sm:px-7">
        <GiftHeading flow={flow} as={Heading} />
      </div>
      <div className="p-5 sm:p-7">
        <GiftFlow flow={flow} onDone={finish} />
      </div>
    </div>
  )
}

function Heading(props: HeadingProps) {
  // eslint-disable-next-line jsx-a11y/heading-has-content -- the caller gives the content
  return <h1 {...props} />
}

function ignoreGift(): void {
  return
}
