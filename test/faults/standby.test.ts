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
import { sleep, until } from "../lib/until.ts";

const all = useStack();

/** Whether a commit waits for standbys now. */
async function commitsWait(): Promise<boolean> {
  const client = await all.sql.client();
  try {
    const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
    let isOver = false;
    const commit = client.query("SELECT pg_logical_emit_message(true, 'test', 'a commit')").then(() => {
      isOver = true;
    });
    const isWaiting = await until("the commit to end or to wait", async () =>
      isOver ? "over" : (await all.sql.rows(
        "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'SyncRep'", [rows[0]?.pid])).length > 0);
    await commit;
    return isWaiting === true;
  } finally {
    await client.end();
  }
}

/** The server's processes take a new setting when they come to it. */
async function wantStandbys(names: string): Promise<void> {
  await all.sql.rows(`ALTER SYSTEM SET synchronous_standby_names = '${names}'`);
  await all.sql.rows("SELECT pg_reload_conf()");
  await until("the setting to be in force", async () => (await commitsWait()) === (names !== ""));
}

afterEach(() => wantStandbys(""));

/** The answer to a pledge, all of whose waits are cancelled; and how many those were. */
async function cancelled(pledge: Promise<Answer<CreatedPledge>>): Promise<{ status: number; waits: number }> {
  let answer: Answer<CreatedPledge> | undefined;
  let failure: unknown;
  let waits = 0;
  pledge.then((one) => { answer = one; }, (error: unknown) => { failure = error; });
  while (!answer) {
    waits += (await all.sql.rows(
      "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE usename = 'cfa_api' AND wait_event = 'SyncRep'")).length;
    await sleep(20);
    if (failure !== undefined) throw failure as Error;
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
