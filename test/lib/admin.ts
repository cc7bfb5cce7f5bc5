// SPDX-License-Identifier: Apache-2.0
// The API for administrators as the tests call it.
import type { Context } from "./context.ts";
import type { Answer, Http } from "./http.ts";

export type Doc = Record<string, unknown>;

export interface Page<T = Doc> {
  items: T[];
  next_cursor: string | null;
}

/** A POST under /api/v1/admin; a reason is added unless one is given. */
export const act = <T = Doc>(http: Http, path: string, json: Doc = {}): Promise<Answer<T>> =>
  http.call<T>("POST", `/api/v1/admin/${path}`, { json: { reason: "for a test", ...json } });

export const look = <T = Doc>(http: Http, path: string): Promise<Answer<T>> => http.get<T>(`/api/v1/admin/${path}`);

/** All items of a list, page by page. */
export async function all<T = Doc>(http: Http, path: string, limit = 100): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const more: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const answer: Answer<Page<T>> = await look<Page<T>>(http, `${path}${path.includes("?") ? "&" : "?"}limit=${limit}${more}`);
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.text}`);
    items.push(...answer.body.items);
    cursor = answer.body.next_cursor;
  } while (cursor !== null);
  return items;
}

export interface AuditRow extends Record<string, unknown> {
  actor: string;
  acts_for: string;
  reason: string;
}

/** The newest audit row of an action on a target. */
export const audited = (context: Context, action: string, target: string): Promise<AuditRow> =>
  context.sql.row<AuditRow>(
    `SELECT actor, detail ->> 'acts_for' AS acts_for, reason FROM careforall.audit_log
      WHERE action = $1 AND target_id = $2 ORDER BY id DESC LIMIT 1`,
    [action, target],
  );

/** How many audit rows there are: a dry run adds none. */
export const auditCount = (context: Context): Promise<number> =>
  context.sql.value<number>("SELECT count(*) FROM careforall.audit_log");
