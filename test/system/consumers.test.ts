// SPDX-License-Identifier: Apache-2.0
// Goal: a paused consumer stops and says so, even across a restart, and a resumed one
// catches up with nothing lost. Method: pause by the administrators' functions, make
// pledges, and look at the provider, the stream and the read model.
import { afterEach, describe, expect, test } from "vitest";
import { useStack } from "../lib/context.ts";
import { makeCampaign, sqlPledge } from "../lib/fixtures.ts";
import { assertInvariants, published } from "../lib/invariants.ts";
import { scrape } from "../lib/metrics.ts";
import { pledgeIs, storedPledge } from "../lib/pledge.ts";
import type { Part } from "../lib/stack.ts";
import { refusal } from "../lib/sql.ts";
import { sleep, until } from "../lib/until.ts";

const context = useStack();

type Consumer = "relay" | "projector" | "payments";

interface Status {
  status: string;
  state: string;
  stream_seq: number | null;
  behind: number;
  lag: { milliseconds?: number; seconds?: number };
  running: number;
}

const exporters = { relay: "RELAY", projector: "PROJECTOR", payments: "PAYMENTS" } as const;

const status = (consumer: Consumer): Promise<Status> =>
  context.sql.row<Status & Record<string, unknown>>(
    "SELECT status, state, stream_seq, behind, lag, running FROM careforall.consumers_status WHERE consumer = $1",
    [consumer],
  );

const set = async (consumer: Consumer, word: "pause" | "resume", reason = "for a test"): Promise<string> => {
  const [row] = await context.sql.rowsAs<{ result: string }>(
    "admin",
    `SELECT careforall.consumer_${word}($1, $2) AS result`,
    [consumer, reason],
  );
  return row?.result ?? "";
};

const pausedMetric = async (consumer: Consumer): Promise<number | undefined> =>
  (await scrape(context.stack, exporters[consumer])).get(`careforall_${consumer}_paused`);

const isReady = async (consumer: Consumer): Promise<string> => {
  const response = await fetch(`${context.stack.url(exporters[consumer])}/readyz`);
  return `${response.status} ${(await response.text()).trim()}`;
};

async function pause(consumer: Consumer): Promise<void> {
  expect(await set(consumer, "pause")).toBe("paused");
  await until(`${consumer} to be paused`, async () => (await status(consumer)).status === "paused");
}

async function resume(consumer: Consumer): Promise<void> {
  await set(consumer, "resume");
  await until(`${consumer} to run`, async () => (await status(consumer)).status === "running");
}

async function restart(part: Part & Consumer): Promise<void> {
  const before = await context.stack.kill(part, "SIGTERM");
  await until(`${part} to be back`, async () => (await context.stack.pid(part)) !== before);
  await until(`${part} to report`, async () => (await status(part)).status === "paused");
}

const onStream = async (pledge: string): Promise<string[]> =>
  (await context.stream.read()).filter((event) => event.aggregate === pledge).map((event) => event.type);

const pledge = async (campaign: string): Promise<string> => (await sqlPledge(context.sql, campaign)).pledge_id ?? "";

afterEach(async () => {
  for (const consumer of ["relay", "projector", "payments"] as const) await resume(consumer);
});

describe("pausing", () => {
  test("payments: no new payment, also after a restart; resuming catches up", async () => {
    const campaign = await makeCampaign(context.sql);
    await pause("payments");
    const first = await pledge(campaign);
    await published(context);
    await restart("payments");
    const second = await pledge(campaign);
    await published(context);
    await sleep(2_500);
    for (const id of [first, second]) {
      expect(await storedPledge(context.sql, id)).toMatchObject({ state: "pending", payment_id: null });
    }
    expect(await status("payments")).toMatchObject({ status: "paused", state: "paused" });
    expect((await status("payments")).behind).toBeGreaterThanOrEqual(2);
    expect(await pausedMetric("payments")).toBe(1);
    expect(await isReady("payments")).toMatch(/^200 .*paused/);

    await resume("payments");
    await pledgeIs(context.sql, first, "confirmed");
    await pledgeIs(context.sql, second, "confirmed");
    await until("no work to wait", async () => (await status("payments")).behind === 0);
    expect(await pausedMetric("payments")).toBe(0);
    await assertInvariants(context);
  });

  test("relay: nothing reaches the stream, also after a restart; resuming catches up in order", async () => {
    const campaign = await makeCampaign(context.sql);
    await published(context);
    await pause("relay");
    const first = await pledge(campaign);
    await restart("relay");
    const second = await pledge(campaign);
    await sleep(2_500);
    expect(await onStream(first)).toEqual([]);
    expect(await onStream(second)).toEqual([]);
    expect((await status("relay")).behind).toBeGreaterThanOrEqual(2);
    expect(await pausedMetric("relay")).toBe(1);
    expect(await isReady("relay")).toMatch(/^200 .*paused/);

    await resume("relay");
    await pledgeIs(context.sql, first, "confirmed");
    await pledgeIs(context.sql, second, "confirmed");
    await published(context);
    for (const id of [first, second]) {
      const types = (await onStream(id)).map((type) => type.replace(/^.*pledge\./, "").replace(/\.v1$/, ""));
      // The provider may tell of its payment before the worker has noted it.
      expect(types.filter((type) => type !== "payment_attached")).toEqual(["created", "confirmed"]);
    }
    await assertInvariants(context);
  });

  test("projector: the read model stands still and is served; resuming catches up", async () => {
    const campaign = await makeCampaign(context.sql);
    await published(context);
    const confirmed = async (): Promise<number> =>
      (await context.http.get<{ totals: { confirmed_count: number } }>(`/api/v1/campaigns/${campaign}`)).body.totals
        .confirmed_count;
    await until("the campaign to be in the read model", async () => (await context.redis.exists(`cfa:campaign:${campaign}`)) === 1);
    await pause("projector");
    const id = await pledge(campaign);
    await pledgeIs(context.sql, id, "confirmed");
    await restart("projector");
    await until("the relay to be done", async () => (await status("relay")).behind === 0);
    await sleep(1_500);
    expect(await confirmed()).toBe(0);
    expect(await context.redis.get("cfa:ready")).toBe("1");
    const now = await until("its position to be known", async () => {
      const seen = await status("projector");
      return seen.stream_seq !== null ? seen : null;
    });
    expect(now.behind).toBeGreaterThanOrEqual(3);
    expect(await pausedMetric("projector")).toBe(1);
    expect(await isReady("projector")).toMatch(/^200 .*paused/);

    await resume("projector");
    await until("the model to catch up", async () => (await confirmed()) === 1);
    await until("the position to be reported", async () => (await status("projector")).behind === 0);
  });
});

describe("who pauses and why", () => {
  test("a second time changes nothing; each change leaves an audit row", async () => {
    expect(await set("projector", "pause", "first of all")).toBe("paused");
    expect(await set("projector", "pause", "once more")).toBe("same");
    expect(await set("projector", "resume", "second thoughts")).toBe("resumed");
    expect(await set("projector", "resume", "once more")).toBe("same");
    const rows = await context.sql.rows<{ action: string; reason: string }>(
      "SELECT action, reason FROM careforall.audit_log WHERE target_type = 'consumer' ORDER BY id DESC LIMIT 2",
    );
    expect(rows).toEqual([
      { action: "consumer.resume", reason: "second thoughts" },
      { action: "consumer.pause", reason: "first of all" },
    ]);
  });

  test("health tells who is paused", async () => {
    const check = (): Promise<{ status: string; value: string; hint: string | null }> =>
      context.sql.row("SELECT status, value, hint FROM careforall.health WHERE \"check\" = 'paused consumers'");
    expect(await check()).toEqual({ status: "ok", value: "none", hint: null });
    await set("payments", "pause", "the provider asked for it");
    const seen = await check();
    expect(seen).toMatchObject({ status: "warn", value: "payments" });
    expect(seen.hint).toContain("the provider asked for it");
  });

  test("an unknown consumer, an empty reason and any other role are refused", async () => {
    expect(await refusal(context.sql.rowsAs("admin", "SELECT careforall.consumer_pause('api', 'for a test')"))).toMatchObject({ code: "PL005" });
    expect(await refusal(context.sql.rowsAs("admin", "SELECT careforall.consumer_pause('relay', ' ')"))).toMatchObject({ code: "22023" });
    for (const login of ["api", "relay", "payments", "support", "readonly"] as const) {
      expect(await refusal(context.sql.rowsAs(login, "SELECT careforall.consumer_pause('relay', 'for a test')"))).toMatchObject({
        code: "42501",
      });
    }
    expect((await status("relay")).status).toBe("running");
  });
});
