// SPDX-License-Identifier: Apache-2.0
// The own gifts, newest first, with those of one state on demand.
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { myGiftsQuery } from '@/api/account'
import { GiftState } from '@/components/account/gift-state'
import { Button } from '@/components/ui/button'
import { Select } from '@/components/ui/field'
import { LoadMore } from '@/components/ui/load-more'
import { Notice } from '@/components/ui/notice'
import { PageHeader } from '@/components/ui/page-header'
import { Skeleton } from '@/components/ui/skeleton'
import { EmptyState, ErrorState, errorText } from '@/components/ui/states'
import { formatDate, locale, t } from '@/i18n'
import { GIFT_STATES } from '@/lib/gift-states'
import { formatMoney } from '@/lib/money'

export function MyGiftsPage() {
  const { state = null } = useSearch({ from: '/account/' })
  const query = useInfiniteQuery(myGiftsQuery(state))
  const gifts = query.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <section className="grid gap-6">
      <PageHeader title={t('account.gifts.title')} actions={<StateFilter state={state} />} />
      {query.isPending && (
        <div className="grid gap-3">
          {[1, 2, 3].map((row) => (
            <Skeleton key={row} className="h-24" />
          ))}
        </div>
      )}
      {query.isError && gifts.length === 0 && <ErrorState error={query.error} retry={query.refetch} />}
      {query.isRefetchError && gifts.length > 0 && <Notice tone="warn">{errorText(query.error)}</Notice>}
      {query.isSuccess && gifts.length === 0 && <NoGifts isFiltered={state !== null} />}
      <ul className="grid gap-3">
        {gifts.map((gift) => (
          <li
            key={gift.id}
            data-gift={gift.id}
            className="border-line bg-paper rounded-patch has-hover:border-ink relative grid gap-1 border-2 p-4 sm:px-5"
          >
            <div className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1">
              <h2 className="min-w-0 text-xl leading-tight wrap-anywhere">
                <Link
                  to="/pledges/$id"
                  params={{ id: gift.id }}
                  dir="auto"
                  className="decoration-poppy decoration-2 underline-offset-4 hover:underline after:absolute after:inset-0"
                >
                  {gift.campaign.title}
                </Link>
              </h2>
              <strong className="figures text-lg">{formatMoney(gift.amount, locale)}</strong>
            </div>
            <div className="text-muted flex flex-wrap items-center gap-x-4 gap-y-1">
              <GiftState state={gift.state} />
              <time dateTime={gift.created_at}>{formatDate(gift.created_at)}</time>
              {gift.refunded.amount > 0 && (
                <span className="figures">{t('account.gifts.refunded', { amount: formatMoney(gift.refunded, locale) })}</span>
              )}
              {(gift.state === 'confirmed' || gift.state === 'refunded') && (
                <Link
                  to="/pledges/$id/receipt"
                  params={{ id: gift.id }}
                  className="text-ink relative z-1 ms-auto py-1 underline decoration-2 underline-offset-4"
                >
                  {t('receipt.open')}
                  <span className="sr-only">
                    {' '}
                    {gift.campaign.title}
                  </span>
                </Link>
              )}
            </div>
          </li>
        ))}
      </ul>
      <LoadMore query={query} label={t('account.gifts.more')} />
      {query.isSuccess && <p className="text-muted">{t('account.gifts.guest')}</p>}
    </section>
  )
}

function StateFilter({ state }: { state: string | null }) {
  const navigate = useNavigate()
  return (
    <Select
      aria-label={t('account.gifts.filter')}
      value={state ?? ''}
      onChange={(event) => {
        const next = GIFT_STATES.find((one) => one === event.target.value)
        void navigate({ to: '/account', search: next === undefined ? {} : { state: next }, replace: true })
      }}
    >
      <option value="">{t('account.gifts.all')}</option>
      {GIFT_STATES.map((one) => (
        <option key={one} value={one}>
          {t(`account.state.${one}`)}
        </option>
      ))}
    </Select>
  )
}

function NoGifts({ isFiltered }: { isFiltered: boolean }) {
  if (isFiltered) return <EmptyState heading={t('account.gifts.none_such')} />
  return (
    <EmptyState
      heading={t('account.gifts.none')}
      actions={
        <Button asChild>
          <Link to="/" hash="campaigns">
            {t('landing.action')}
          </Link>
        </Button>
      }
    >
      {t('account.gifts.none_text')}
    </EmptyState>
  )
}
