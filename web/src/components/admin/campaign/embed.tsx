// SPDX-License-Identifier: Apache-2.0
// The campaign for other sites: HTML to copy, of a frame and of a picture. Nothing in it
// needs a script or a cookie (docs/howto/embed.md).
import { useId, useState, type ReactNode } from 'react'
import type { ManagedCampaign } from '@/api/admin-campaigns'
import { CopyLink } from '@/components/copy-link'
import { Dialog, DialogTitle } from '@/components/ui/dialog'
import { Field, fieldProps, Select, Textarea } from '@/components/ui/field'
import { LANGUAGES, t } from '@/i18n'
import { buttonCode, embedAddress, frameCode, THEMES, type EmbedChoice } from '@/lib/embed'

type EmbedDialogProps = { campaign: Pick<ManagedCampaign, 'slug' | 'title'>; onClose: () => void }

export function EmbedDialog({ campaign, onClose }: EmbedDialogProps) {
  const id = useId()
  const [choice, setChoice] = useState<EmbedChoice>({ language: '', theme: '' })
  const site = location.origin
  const button = buttonCode(site, campaign, choice, t('admin.embed.alt', { title: campaign.title }))
  return (
    <Dialog className="sm:max-w-2xl" header={<DialogTitle className="text-heading">{t('admin.embed.title')}</DialogTitle>} onClose={onClose}>
      <div className="grid gap-5">
        <p>{t('admin.embed.text')}</p>
        <div className="grid gap-4 sm:grid-cols-2">
          <Field id={`${id}-language`} label={t('admin.embed.language')}>
            <Select
              {...fieldProps(`${id}-language`, undefined, false)}
              className="w-full"
              value={choice.language}
              onChange={({ target }) => setChoice({ ...choice, language: target.value as EmbedChoice['language'] })}
            >
              <option value="">{t('admin.embed.language_any')}</option>
              {Object.entries(LANGUAGES).map(([tag, name]) => (
                <option key={tag} value={tag} lang={tag}>
                  {name}
                </option>
              ))}
            </Select>
          </Field>
          <Field id={`${id}-theme`} label={t('admin.embed.theme')}>
            <Select
              {...fieldProps(`${id}-theme`, undefined, false)}
              className="w-full"
              value={choice.theme}
              onChange={({ target }) => setChoice({ ...choice, theme: target.value as EmbedChoice['theme'] })}
            >
              {THEMES.map((theme) => (
                <option key={theme} value={theme}>
                  {t(`admin.embed.theme_${theme === '' ? 'auto' : theme}`)}
                </option>
              ))}
            </Select>
          </Field>
        </div>
        <Code id={`${id}-frame`} label={t('admin.embed.frame')} hint={t('admin.embed.frame_hint')} code={frameCode(site, campaign, choice)}>
          <a
            href={embedAddress(site, campaign.slug, '', choice)}
            target="_blank"
            rel="noopener"
            className="text-ink inline-flex min-h-11 items-center underline decoration-2 underline-offset-4"
          >
            {t('admin.embed.open')}
          </a>
        </Code>
        <Code id={`${id}-button`} label={t('admin.embed.button')} hint={t('admin.embed.button_hint')} code={button}>
          <img
            src={embedAddress('', campaign.slug, '/button.svg', choice)}
            width={320}
            height={72}
            alt={t('admin.embed.alt', { title: campaign.title })}
            className="max-w-full"
          />
        </Code>
      </div>
    </Dialog>
  )
}

type CodeProps = { id: string; label: string; hint: string; code: string; children: ReactNode }

function Code({ id, label, hint, code, children }: CodeProps) {
  return (
    <div className="grid gap-2">
      <Field id={id} label={label} hint={hint}>
        <Textarea
          {...fieldProps(id, undefined)}
          readOnly
          dir="ltr"
          rows={5}
          className="font-mono text-sm break-all"
          value={code}
          onFocus={(event) => event.currentTarget.select()}
        />
      </Field>
      <div className="flex flex-wrap items-center gap-3">
        <CopyLink url={code} label={t('admin.embed.copy')} />
        {children}
      </div>
    </div>
  )
}
