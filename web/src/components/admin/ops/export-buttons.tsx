// SPDX-License-Identifier: Apache-2.0
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useId, useState, type SyntheticEvent } from 'react'
import { askTask, previewQuery, type TaskRequest } from '@/api/tasks'
import { Button } from '@/components/ui/button'
import { Dialog, DialogTitle } from '@/components/ui/dialog'
import { formatNumber, t } from '@/i18n'
import { QueryView } from './list'
import { Problem } from './problem'

const FORMATS = ['csv', 'json'] as const
type Format = (typeof FORMATS)[number]

/** All of a list that fits its filters, as a file that the server makes. */
export function ExportButtons({ task }: { task: TaskRequest }) {
  const [format, setFormat] = useState<Format | null>(null)
  return (
    <>
      {FORMATS.map((one) => (
        <Button key={one} variant="outline" onClick={() => setFormat(one)}>
          {t(`admin.export.${one}`)}
        </Button>
      ))}
      {format !== null && <ExportDialog task={{ ...task, format }} format={format} onClose={() => setFormat(null)} />}
    </>
  )
}

function ExportDialog({ task, format, onClose }: { task: TaskRequest; format: Format; onClose: () => void }) {
  const id = useId()
  const navigate = useNavigate()
  const query = useQuery(previewQuery(task))
  const [isBusy, setIsBusy] = useState(false)
  const [failure, setFailure] = useState<unknown>(null)
  const isReady = query.data?.is_too_large === false
  const submit = async (event: SyntheticEvent) => {
    event.preventDefault()
    if (isBusy || !isReady) return
    setIsBusy(true)
    setFailure(null)
    try {
      const { id: made } = await askTask(task)
      await navigate({ to: '/admin/tasks/$id', params: { id: made } })
    } catch (error) {
      setFailure(error)
      setIsBusy(false)
    }
  }
  return (
    <Dialog header={<DialogTitle className="text-heading">{t(`admin.export.${format}`)}</DialogTitle>} onClose={() => !isBusy && onClose()} aria-describedby={id}>
      <form onSubmit={(event) => void submit(event)} className="grid gap-4">
        <div id={id} className="grid gap-2">
          <p>{t('admin.export.text')}</p>
          <QueryView query={query} skeleton="h-8">
            {({ total, is_too_large }) => (
              <p role="status" className="font-bold" data-preview={total}>
                {is_too_large ? t('admin.export.too_large', { rows: formatNumber(total) }) : t('admin.export.rows', { count: total })}
              </p>
            )}
          </QueryView>
        </div>
        {failure !== null && <Problem error={failure} />}
        <div className="flex flex-wrap justify-end gap-3 pt-1">
          <Button variant="outline" aria-disabled={isBusy} onClick={() => !isBusy && onClose()}>
            {t('action.cancel')}
          </Button>
          <Button type="submit" aria-disabled={isBusy || !isReady}>
            {isBusy ? t('action.working') : t('admin.export.start')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
