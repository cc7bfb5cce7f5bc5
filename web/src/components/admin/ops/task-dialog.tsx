// SPDX-License-Identifier: Apache-2.0
import { useNavigate } from '@tanstack/react-router'
import { useRef, type ReactNode } from 'react'
import { askTask, previewTask, type TaskPreview, type TaskRequest } from '@/api/tasks'
import { formatNumber, t } from '@/i18n'
import { ActDialog, type ActDialogProps } from './act-dialog'

type TaskDialogProps = Pick<ActDialogProps, 'title' | 'text' | 'fields' | 'inputs' | 'confirmLabel' | 'tone' | 'onClose'> & {
  task: TaskRequest
  /** What will happen, if there is anything to do. */
  lines: (preview: TaskPreview) => ReactNode[]
}

/** A change of many things: how many it would be, then a task, whose page is opened. */
export function TaskDialog({ task, lines, ...props }: TaskDialogProps) {
  const navigate = useNavigate()
  const made = useRef('')
  return (
    <ActDialog
      {...props}
      preview={async () => {
        const preview = await previewTask(task)
        if (preview.is_too_large) return { count: 0, lines: [t('admin.export.too_large', { rows: formatNumber(preview.total) })] }
        return { count: preview.total, lines: preview.total === 0 ? [] : lines(preview) }
      }}
      run={async (reason) => {
        made.current = (await askTask({ ...task, reason })).id
        return t('admin.bulk.started')
      }}
      onDone={() => void navigate({ to: '/admin/tasks/$id', params: { id: made.current } })}
    />
  )
}
