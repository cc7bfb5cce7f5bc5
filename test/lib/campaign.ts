// SPDX-License-Identifier: Apache-2.0
// Campaigns made and run over the API.
import type { Person } from "./account.ts";
import type { Answer } from "./http.ts";

export interface Managed extends Record<string, unknown> {
  id: string;
  slug: string;
  revision: number;
  right: string;
  state: string;
  actions: string[];
  title: string;
  rewards: { id: string; title: string; quantity: number | null; pool_id: string | null }[];
  pools: { id: string; name: string; capacity: number | null }[];
  image: { url: string; alt: string } | null;
}

let made = 0;

export function campaignBody(more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    title: `Campaign ${process.pid} ${Date.now()} ${made++}`,
    category: "health",
    currency: "EUR",
    goal: { amount: 500_000, currency: "EUR" },
    ...more,
  };
}

/** A draft of this person. */
export async function draftOf(person: Person, more: Record<string, unknown> = {}): Promise<Managed> {
  const answer = await person.http.call<Managed>("POST", "/api/v1/campaigns", { json: campaignBody(more) });
  if (answer.status !== 201) throw new Error(`no draft: ${answer.text}`);
  return answer.body;
}

/** A campaign of this person that everybody sees. */
export async function publishedOf(person: Person, more: Record<string, unknown> = {}): Promise<Managed> {
  const { id } = await draftOf(person, more);
  const answer = await move(person, id, "publish");
  if (answer.status !== 200) throw new Error(`not published: ${answer.text}`);
  return answer.body;
}

export const move = (person: Person, id: string, action: string, reason = "for a test"): Promise<Answer<Managed>> =>
  person.http.call<Managed>("POST", `/api/v1/campaigns/${id}/${action}`, { json: { reason } });

export const manage = (person: Person, id: string): Promise<Answer<Managed>> =>
  person.http.get<Managed>(`/api/v1/campaigns/${id}/manage`);

/** PATCH of a path under /api/v1/campaigns/ with an If-Match, `*` unless given. */
export const patch = <T = Record<string, unknown>>(
  person: Person,
  path: string,
  json: unknown,
  ifMatch: string | null = "*",
): Promise<Answer<T>> =>
  person.http.call<T>("PATCH", `/api/v1/campaigns/${path}`, {
    json,
    headers: { "Content-Type": "application/merge-patch+json", ...(ifMatch === null ? {} : { "If-Match": ifMatch }) },
  });
