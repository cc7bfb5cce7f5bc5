// SPDX-License-Identifier: Apache-2.0
import { useRef, useState } from 'react'
import { download, saveFile } from '@/api/download'
import { Button } from '@/components/ui/button'
import { errorText } from '@/components/ui/states'
import { toast } from '@/components/ui/toast'
import { formatNumber, t } from '@/i18n'

const FORMATS = ['csv', 'json'] as const
const BYTES_PER_KB = 1000

/** All of a short list that fits its filters, as a file that the API sends at once. */
export function DirectExport({ path, query }: { path: string; query: Record<string, string> }) {
  const [bytes, setBytes] = useState<number | null>(null)
  const running = useRef<AbortController | null>(null)
  const start = async (format: (typeof FORMATS)[number]) => {
    if (running.current !== null) return
    const control = new AbortController()
    running.current = control
    setBytes(0)
    try {
      const search = new URLSearchParams({ format, ...query })
      saveFile(await download(`${path}?${search}`, control.signal, setBytes))
      toast(t('admin.export.done'))
    } catch (error) {
      if (!control.signal.aborted) toast(t('admin.export.failed', { why: errorText(error) }), 'bad')
    } finally {
      running.current = null
      setBytes(null)
    }
  }
  return (
    <div className="flex flex-wrap items-center gap-3">
      {bytes === null ? (
        FORMATS.map((format) => (
          <Button key={format} variant="outline" onClick={() => void start(format)}>
            {t(`admin.export.${format}`)}
          </Button>
        ))
      ) : (
        <>
          <p role="status" className="figures text-muted">
            {t('admin.export.running', { size: formatNumber(Math.ceil(bytes / BYTES_PER_KB)) })}
          </p>
          <Button variant="quiet" onClick={() => running.current?.abort()}>
            {t('action.cancel')}
          </Button>
        </>
      )}
    </div>
  )
}
