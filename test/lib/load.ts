// SPDX-License-Identifier: Apache-2.0
// Donors who pledge one after the other while things break, each with a key that it
// keeps until it knows the outcome, and the comparison of what they were told with
// what is stored.
import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import type { Context } from "./context.ts";
import { makeCampaign } from "./fixtures.ts";
import { pledgeBody } from "./http.ts";
import { sleep, until } from "./until.ts";

export interface Load {
  campaign: string;
  /** Pledge ids by the key that made them. */
  made: Map<string, string>;
  refused: number;
  errors: number;
  stop: () => Promise<void>;
}

export interface LoadOptions {
  donors?: number;
  cap?: number | null;
  /** Milliseconds that a donor rests after a pledge. */
  rest?: () => number;
  /** Whether a donor tries to cancel what it has just pledged. */
  cancels?: () => boolean;
  /** Told of each pledge that is acknowledged, and how long after it was first asked for. */
  acknowledged?: (ms: number) => void;
}

/** Asks to cancel; whether it comes in time is nobody's promise. */
async function cancel(context: Context, id: string, token: string): Promise<void> {
  await context.http
    .call("POST", `/api/v1/pledges/${id}/cancel`, { headers: { "Pledge-Token": token } })
    .catch(() => undefined);
}

/** Donors who pledge one after the other and retry with the same key until they know. */
export async function startLoad(context: Context, options: LoadOptions = {}): Promise<Load> {
  const campaign = await makeCampaign(context.sql, { cap: options.cap ?? null });
  const load = { campaign, made: new Map<string, string>(), refused: 0, errors: 0 };
  let running = true;
  const attempt = async (key: string, began: number): Promise<boolean> => {
    const answer = await context.http.pledge(campaign, pledgeBody(), key).catch(() => null);
    if (answer?.status === 201) {
      load.made.set(key, answer.body.id);
      options.acknowledged?.(performance.now() - began);
      if (options.cancels?.()) await cancel(context, answer.body.id, answer.body.token);
      return true;
    }
    if (answer?.status === 409 && answer.text.includes("limit-reached")) {
      load.refused++;
      return true;
    }
    // Failures are allowed here, 5xx other than 503 are not.
    if (answer && ![503, 409].includes(answer.status)) {
      throw new Error(`unexpected answer ${answer.status}: ${answer.text}`);
    }
    load.errors++;
    return false;
  };
  const donor = async (): Promise<void> => {
    while (running) {
      const key = randomUUID();
      const began = performance.now();
      await until("an answer to a pledge", () => attempt(key, began), 120_000);
      await sleep(options.rest?.() ?? 5);
    }
  };
  const donorsDone = Promise.all(Array.from({ length: options.donors ?? 4 }, donor));
  // An error is for whoever stops the load.
  donorsDone.catch(() => undefined);
  return Object.assign(load, {
    stop: async () => {
      running = false;
      await donorsDone;
    },
  });
}

/** Every acknowledged pledge is there, and none besides. */
export async function answersWereTrue(context: Context, load: Load): Promise<void> {
  const stored = await context.sql.rows<{ id: string }>(
    "SELECT id::text FROM careforall.pledges WHERE campaign_id = $1",
    [load.campaign],
  );
  expect(new Set(load.made.values()).size).toBe(load.made.size);
  expect(new Set(stored.map((row) => row.id))).toEqual(new Set(load.made.values()));
}

/** Waits until some more pledges got through than now. */
export async function progress(load: Load, more = 20): Promise<void> {
  const goal = load.made.size + load.refused + more;
  await until(`${more} more pledges to be answered`, () => load.made.size + load.refused >= goal, 120_000);
}
