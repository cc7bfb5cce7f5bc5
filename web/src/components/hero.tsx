// SPDX-License-Identifier: Apache-2.0
import { t } from '@/i18n'
import quilt from '@/images/quilt.svg'
import { Button } from './ui/button'
import { Icon } from './ui/icon'

/** What the first page begins with. */
export function Hero() {
  return (
    <section className="bg-band text-band-ink overflow-hidden">
      <div className="mx-auto grid max-w-6xl items-center gap-x-12 gap-y-8 px-4 pt-10 pb-0 sm:px-6 md:grid-cols-[1.15fr_1fr] md:py-16">
        <div className="grid justify-items-start gap-6">
          <h1 className="text-hero font-extrabold tracking-[-0.04em] rtl:tracking-normal">{t('landing.heading')}</h1>
          <p className="max-w-[34ch] text-xl leading-snug">{t('landing.lead')}</p>
          <Button asChild variant="band" size="lg">
            <a href="#campaigns">
              {t('landing.action')}
              <Icon name="arrow" className="rotate-90 rtl:-rotate-90" />
            </a>
          </Button>
        </div>
        <img
          src={quilt}
          alt=""
          width={500}
          height={400}
          fetchPriority="high"
          className="-mx-4 block w-full max-w-none max-md:w-[calc(100%+2rem)] md:mx-0 md:rounded-2xl"
        />
      </div>
    </section>
  )
}
