// SPDX-License-Identifier: Apache-2.0
// Tasks: exports, and changes of many pledges at once, that the server works on by itself.
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { call } from './call'
import type { components, paths } from './schema'

type Schemas = components['schemas']
export type Task = Schemas['Task']
export type TaskRequest = Schemas['TaskRequest']
export type TaskFilters = Schemas['TaskFilters']
export type TaskPreview = Schemas['TaskPreview']
export type TasksQuery = NonNullable<paths['/api/v1/tasks']['get']['parameters']['query']>

const OPEN_EVERY_MS = 1_000
const LIST_EVERY_MS = 15_000

// Among what a change of these pages reads anew.
const root = ['admin', 'ops', 'tasks'] as const

export function isOver({ state }: Task): boolean {
  return state === 'done' || state === 'failed' || state === 'stopped'
}

export function tasksQuery(query: TasksQuery) {
  return queryOptions({
    queryKey: [...root, 'list', query],
    queryFn: async ({ signal }) => (await call('get', '/api/v1/tasks', { query, signal })).data,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (state.data?.items.every(isOver) === false ? OPEN_EVERY_MS : LIST_EVERY_MS),
  })
}

export function taskQuery(id: string) {
  return queryOptions({
    queryKey: [...root, 'one', id],
    queryFn: async ({ signal }) => (await call('get', '/api/v1/tasks/{id}', { path: { id }, signal })).data,
    refetchInterval: ({ state }) => (state.data !== undefined && isOver(state.data) ? false : OPEN_EVERY_MS),
  })
}

/** What came of the rows; read anew as long as there are more to come. */
export function taskItemsQuery(task: Task, outcome: string, cursor: string) {
  return queryOptions({
    queryKey: [...root, 'items', task.id, outcome, cursor, task.done],
    queryFn: async ({ signal }) => {
      const query = { limit: 25, ...(outcome === '' ? {} : { outcome }), ...(cursor === '' ? {} : { cursor }) }
      return (await call('get', '/api/v1/tasks/{id}/items', { path: { id: task.id }, query, signal })).data
    },
    placeholderData: keepPreviousData,
  })
}

export function previewQuery(body: TaskRequest) {
  return queryOptions({
    queryKey: [...root, 'preview', body],
    queryFn: () => previewTask(body),
    gcTime: 0,
  })
}

export async function previewTask(body: TaskRequest): Promise<TaskPreview> {
  return (await call('post', '/api/v1/task-preview', { body })).data
}

export async function askTask(body: TaskRequest): Promise<Task> {
  return (await call('post', '/api/v1/tasks', { body })).data
}

export async function stopTask(id: string): Promise<Task> {
  return (await call('post', '/api/v1/tasks/{id}/stop', { path: { id } })).data
}
