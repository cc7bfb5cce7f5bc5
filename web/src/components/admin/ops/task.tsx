// SPDX-License-Identifier: Apache-2.0
import type { Task } from '@/api/tasks'
import { Badge } from '@/components/ui/badge'
import { Progress } from '@/components/ui/progress'
import { formatNumber, t } from '@/i18n'

const TONES = { queued: 'plain', running: 'warn', stopping: 'warn', done: 'good', failed: 'bad', stopped: 'plain' } as const

export function TaskState({ task }: { task: Task }) {
  return (
    <span className="flex flex-wrap gap-1" data-state={task.state}>
      <Badge tone={TONES[task.state]}>{t(`admin.task_state.${task.state}`)}</Badge>
      {task.dry_run && <Badge>{t('admin.tasks.dry_run')}</Badge>}
    </span>
  )
}

export function TaskProgress({ task }: { task: Task }) {
  const text = t('admin.tasks.done_of', { done: formatNumber(task.done), total: formatNumber(task.total) })
  return (
    <div className="grid gap-1">
      <Progress
        label={t('admin.tasks.progress')}
        value={task.total === 0 && task.state === 'done' ? 1 : task.done}
        max={Math.max(task.total, 1)}
        text={text}
      />
      <span className="figures text-muted text-sm">{text}</span>
    </div>
  )
}
