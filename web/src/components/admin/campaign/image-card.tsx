// SPDX-License-Identifier: Apache-2.0
// The cover image. Nothing is shown without words for those who cannot see it, so the
// description comes first.
import { useQueryClient } from '@tanstack/react-query'
import { useId, useRef, useState } from 'react'
import { editCampaign, putImage, readManaged, removeImage, take, type ManagedCampaign, type Tagged } from '@/api/admin-campaigns'
import { ApiError } from '@/api/http'
import { textLength } from '@/lib/text'
import { Button } from '@/components/ui/button'
import { ConfirmDialog } from '@/components/ui/confirm-dialog'
import { Field, fieldProps, Input } from '@/components/ui/field'
import { Notice } from '@/components/ui/notice'
import { errorText } from '@/components/ui/states'
import { toast } from '@/components/ui/toast'
import { t } from '@/i18n'
import { ALT_MAX, imageProblem, measureImage } from './image-rules'

export function ImageCard({ managed }: { managed: Tagged<ManagedCampaign> }) {
  const { data: campaign } = managed
  const client = useQueryClient()
  const id = useId()
  const altRef = useRef<HTMLInputElement>(null)
  const fileRef = useRef<HTMLInputElement>(null)
  const [typed, setTyped] = useState<string | null>(null)
  const [altFault, setAltFault] = useState<string>()
  const [fileFault, setFileFault] = useState<string>()
  const [isBusy, setIsBusy] = useState(false)
  const [isRemoving, setIsRemoving] = useState(false)
  const alt = typed ?? campaign.image_alt
  const isAltChanged = alt.trim() !== campaign.image_alt

  /** The tag of the campaign with the description as it is typed. */
  const saveAlt = async (): Promise<string> => {
    if (!isAltChanged) return (await readManaged(client, campaign.id)).etag
    const saved = await editCampaign(campaign.id, managed.etag, { image_alt: alt.trim() })
    await take(client, saved)
    setTyped(null)
    return saved.etag
  }

  const isAltGood = (): boolean => {
    const fault = alt.trim() === '' ? t('admin.image.alt_required') : textLength(alt.trim()) > ALT_MAX ? t('admin.entry.too_long', { max: ALT_MAX }) : undefined
    setAltFault(fault)
    if (fault !== undefined) altRef.current?.focus()
    return fault === undefined
  }

  const attempt = async (work: () => Promise<void>) => {
    if (isBusy) return
    setIsBusy(true)
    setFileFault(undefined)
    try {
      await work()
      await readManaged(client, campaign.id)
    } catch (error) {
      setFileFault(refusalText(error))
      if (error instanceof ApiError && error.status === 412) await readManaged(client, campaign.id).catch(() => undefined)
    } finally {
      setIsBusy(false)
    }
  }

  const upload = async () => {
    const file = fileRef.current?.files?.[0]
    if (!isAltGood()) return
    if (file === undefined) {
      setFileFault(t('admin.image.file_required'))
      fileRef.current?.focus()
      return
    }
    const fault = imageProblem(file, await measureImage(file))
    if (fault !== null) { setFileFault(t(`admin.image.${fault}`)); return; }
    await attempt(async () => {
      await putImage(campaign.id, await saveAlt(), file)
      if (fileRef.current !== null) fileRef.current.value = ''
      toast(t('admin.image.saved'))
    })
  }

  const describe = async () => {
    if (!isAltGood()) return
    await attempt(async () => {
      await saveAlt()
      toast(t('admin.image.alt_saved'))
    })
  }

  return (
    <fieldset className="border-line bg-paper rounded-patch grid min-w-0 gap-5 border-2 p-4 sm:p-5" data-image={campaign.image?.url ?? ''}>
      <legend className="font-display px-1 text-xl font-bold">{t('admin.image.heading')}</legend>
      {campaign.image === null ? (
        <p className="text-muted">{t('admin.image.none')}</p>
      ) : (
        <img src={campaign.image.url} alt={campaign.image.alt} width={320} height={200} className="rounded-patch aspect-8/5 w-full max-w-80 object-cover" />
      )}
      <Field id={`${id}-alt`} label={t('admin.image.alt')} hint={t('admin.image.alt_hint')} error={altFault}>
        <Input ref={altRef} {...fieldProps(`${id}-alt`, altFault)} value={alt} dir="auto" autoComplete="off" onChange={(event) => setTyped(event.target.value)} />
      </Field>
      <Field id={`${id}-file`} label={t(campaign.image === null ? 'admin.image.file' : 'admin.image.file_other')} hint={t('admin.image.file_hint')} error={fileFault}>
        <Input ref={fileRef} {...fieldProps(`${id}-file`, fileFault)} type="file" accept="image/jpeg,image/png,image/webp" className="file:text-ink text-muted file:me-3 file:font-semibold" />
      </Field>
      <div className="flex flex-wrap gap-3">
        <Button variant="outline" aria-disabled={isBusy} onClick={() => void upload()}>
          {isBusy ? t('action.working') : t('admin.image.upload')}
        </Button>
        {campaign.image !== null && isAltChanged && (
          <Button variant="outline" aria-disabled={isBusy} onClick={() => void describe()}>
            {t('admin.image.save_alt')}
          </Button>
        )}
        {campaign.image !== null && (
          <Button variant="quiet" onClick={() => setIsRemoving(true)}>
            {t('admin.image.remove')}
          </Button>
        )}
      </div>
      {isRemoving && (
        <ConfirmDialog
          title={t('admin.image.remove_ask')}
          confirmLabel={t('admin.image.remove')}
          explain={(error) => <Notice tone="bad">{errorText(error)}</Notice>}
          onConfirm={async () => {
            await removeImage(campaign.id, managed.etag)
            await readManaged(client, campaign.id)
            toast(t('admin.image.removed'))
          }}
          onClose={() => setIsRemoving(false)}
        >
          <p>{t('admin.image.remove_text')}</p>
        </ConfirmDialog>
      )}
    </fieldset>
  )
}

function refusalText(error: unknown): string {
  if (error instanceof ApiError && error.status === 413) return t('admin.image.too_big')
  if (error instanceof ApiError && error.status === 415) return t('admin.image.not_image')
  return errorText(error)
}
