// SPDX-License-Identifier: Apache-2.0
// Consent to news by e-mail: asked for beside the address by a box that is not ticked, shown
// once more before the gift is sent, withdrawn on the page of the gift.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { withdrawNews } from '@/api/news'
import { keys } from '@/api/queries'
import type { Pledge } from '@/api/types'
import { Row } from '@/components/gift/step-review'
import type { GiftFlow } from '@/components/gift/use-gift-flow'
import { Button } from '@/components/ui/button'
import { Notice } from '@/components/ui/notice'
import { formatDateTime, t } from '@/i18n'

export function NewsChoice({ flow }: { flow: GiftFlow }) {
  const { values, set } = flow.form
  return (
    <div className="grid gap-1">
      <label htmlFor="gift-news" className="flex cursor-pointer items-start gap-3">
        <input
          id="gift-news"
          type="checkbox"
          checked={values.news === true}
          onChange={(event) => set({ news: event.target.checked })}
          aria-describedby="gift-news-hint"
          className="accent-poppy mt-1 size-5 shrink-0"
        />
        <span className="font-semibold">{t('news.label', { owner: flow.campaign.owner.name })}</span>
      </label>
      <p id="gift-news-hint" className="text-muted ms-8 text-sm">
        {t('news.hint')}
      </p>
    </div>
  )
}

export function NewsRow({ flow }: { flow: GiftFlow }) {
  return (
    <Row flow={flow} label="news.row" step={2}>
      {t('news.row_value', { owner: flow.campaign.owner.name })}
    </Row>
  )
}

export function NewsState({ pledge, token }: { pledge: Pledge; token: string }) {
  const client = useQueryClient()
  const ref = useRef<HTMLDivElement>(null)
  const stop = useMutation({
    mutationFn: () => withdrawNews(pledge.id, token),
    onSuccess: (read) => client.setQueryData(keys.pledge(pledge.id), read),
  })
  // The button that had the focus is gone.
  useEffect(() => {
    if (stop.isSuccess) ref.current?.focus()
  }, [stop.isSuccess])
  const { news } = pledge
  if (news === null) return null
  if (news.withdrawn_at !== null) {
    return (
      <Notice ref={ref} tabIndex={-1} role="status" className="no-print" heading={t('news.stopped')} data-news="withdrawn">
        {t('news.stopped_text', { date: formatDateTime(news.withdrawn_at) })}
      </Notice>
    )
  }
  return (
    <Notice
      className="no-print"
      heading={t('news.wanted')}
      data-news="wanted"
      actions={
        <Button variant="outline" aria-disabled={stop.isPending} onClick={() => !stop.isPending && stop.mutate()}>
          {t(stop.isPending ? 'action.sending' : 'news.stop')}
        </Button>
      }
    >
      {t('news.wanted_text', { date: formatDateTime(news.given_at) })}
      {stop.isError && (
        <p role="alert" className="text-bad mt-2 font-semibold">
          {t('news.failed')}
        </p>
      )}
    </Notice>
  )
}
