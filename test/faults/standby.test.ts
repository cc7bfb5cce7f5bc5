// SPDX-License-Identifier: Apache-2.0
// I1 with synchronous standbys. Goal: what only the primary has is not acknowledged,
// neither when it is made nor when it is asked for again. Method: a standby is wanted
// that does not exist, so every commit waits; the waits are cancelled, which the server
// reports as a success with a warning.
import { randomUUID } from "node:crypto";
import { afterEach, expect, test } from "vitest";
import { useStack } from "../lib/context.ts";
import { makeCampaign } from "../lib/fixtures.ts";
import { type Answer, type CreatedPledge, pledgeBody } from "../lib/http.ts";
import { sleep } from "../lib/until.ts";

const all = useStack();

async function wantStandbys(names: string): Promise<void> {
  await all.sql.rows(`ALTER SYSTEM SET synchronous_standby_names = '${names}'`);
  await all.sql.rows("SELECT pg_reload_conf()");
}

afterEach(() => wantStandbys(""));

/** The answer to a pledge, all of whose waits are cancelled; and how many those were. */
async function cancelled(pledge: Promise<Answer<CreatedPledge>>): Promise<{ status: number; waits: number }> {
  let answer: Answer<CreatedPledge> | undefined;
  let waits = 0;
  void pledge.then((one) => { answer = one; });
  while (!answer) {
    waits += (await all.sql.rows(
      "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE usename = 'cfa_api' AND wait_event = 'SyncRep'")).length;
    await sleep(20);
  }
  return { status: answer.status, waits };
}

test("a commit that no standby has is not acknowledged, and its replay is not", async () => {
  const campaign = await makeCampaign(all.sql);
  const key = randomUUID();
  await wantStandbys("nobody");
  for (let round = 0; round < 2; round++) {
    const { status, waits } = await cancelled(all.http.pledge(campaign, pledgeBody(), key));
    expect(waits).toBeGreaterThan(0);
    expect(status).toBe(503);
    const stored = await all.sql.value<number>("SELECT count(*) FROM careforall.pledges WHERE campaign_id = $1", [campaign]);
    expect(stored).toBe(1);
  }
  await wantStandbys("");
  const answer = await all.http.pledge(campaign, pledgeBody(), key);
  expect(answer.status).toBe(201);
  expect(answer.body.id).toBe(
    await all.sql.value<string>("SELECT id::text FROM careforall.pledges WHERE campaign_id = $1", [campaign]));
});
