// SPDX-License-Identifier: Apache-2.0
// Tasks: asking for one, and waiting for what comes of it.
import type { Answer, Http } from "./http.ts";
import { until } from "./until.ts";

export interface Task extends Record<string, unknown> {
  id: string;
  kind: string;
  state: "queued" | "running" | "stopping" | "done" | "failed" | "stopped";
  total: number;
  done: number;
  outcomes: Record<string, number>;
  error: string | null;
  file: { size: number; sha256: string; rows: number; has_emails: boolean; expires_at: string; is_expired: boolean } | null;
}

export const askTask = <T = Task>(http: Http, json: unknown): Promise<Answer<T>> => http.call<T>("POST", "/api/v1/tasks", { json });

/** Waits until a task is over. */
export async function taskOver(http: Http, id: string): Promise<Task> {
  return until(`task ${id} to be over`, async () => {
    const { body } = await http.get<Task>(`/api/v1/tasks/${id}`);
    return ["done", "failed", "stopped"].includes(body.state) ? body : null;
  });
}

/** Asks for a task, and waits until it is over. */
export async function runTask(http: Http, json: unknown): Promise<Task> {
  const asked = await askTask(http, json);
  if (asked.status !== 202) throw new Error(`the task was refused: ${asked.text}`);
  return taskOver(http, asked.body.id);
}

/** Exports, and downloads the file. */
export async function exported<T = Record<string, unknown>>(http: Http, json: Record<string, unknown>): Promise<Answer<T>> {
  const task = await runTask(http, json);
  if (task.state !== "done") throw new Error(`the export ${task.state}: ${task.error ?? ""}`);
  return http.get<T>(`/api/v1/tasks/${task.id}/file`);
}
