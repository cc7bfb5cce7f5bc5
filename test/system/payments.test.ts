// SPDX-License-Identifier: Apache-2.0
// Goal: one payment for each pledge whatever happens, outages are waited for, and what
// the provider refuses for good is kept for a decision. Method: the mock provider is
// taken away, fails and forgets; its ledger is the truth.
import { describe, expect, test } from "vitest";
import { useStack } from "../lib/context.ts";
import { makeCampaign, sqlPledge } from "../lib/fixtures.ts";
import { assertInvariants, drained } from "../lib/invariants.ts";
import { scrape, sum } from "../lib/metrics.ts";
import { pledgeIs, storedPledge } from "../lib/pledge.ts";
import { pool, until } from "../lib/until.ts";

const context = useStack();

async function paymentsOf(pledges: string[]): Promise<number[]> {
  const { payment_intents: intents } = await context.provider.ledger();
  return pledges.map((id) => intents.filter((one) => one.metadata["pledge_id"] === id).length);
}

/** Pledges by SQL of amounts that mean nothing to the mock provider. */
async function manyPledges(campaign: string, count: number): Promise<string[]> {
  const rows = await pool(
    8,
    Array.from({ length: count }, (_, index) => () =>
      sqlPledge(context.sql, campaign, { amount: 1000 + index * 100 }),
    ),
  );
  return rows.map((row) => row.pledge_id ?? "");
}

describe("payments", () => {
  test("one payment for each pledge though the worker is killed again and again", async () => {
    const campaign = await makeCampaign(context.sql);
    const ids: string[] = [];
    for (let round = 0; round < 4; round++) {
      const load = manyPledges(campaign, 25);
      await until("a worker to kill", () => context.stack.kill("payments"));
      ids.push(...(await load));
    }
    await drained(context);
    expect(await paymentsOf(ids)).toEqual(ids.map(() => 1));
    for (const id of ids) expect((await storedPledge(context.sql, id)).state).toBe("confirmed");
  });

  test("errors and swallowed answers of the provider do not double a payment", async () => {
    const config = await context.provider.config();
    await context.provider.configure({ error_rate: 0.4, latency_ms: 20 });
    try {
      const campaign = await makeCampaign(context.sql);
      const ids = await manyPledges(campaign, 40);
      await until("each pledge to have its payment", async () =>
        (await paymentsOf(ids)).every((count) => count === 1));
      await context.provider.configure({ error_rate: 0 });
      await drained(context);
      expect(await paymentsOf(ids)).toEqual(ids.map(() => 1));
    } finally {
      await context.provider.configure({
        error_rate: config["error_rate"] ?? 0,
        latency_ms: config["latency_ms"] ?? 0,
      });
    }
  });

  test("a provider that is away opens the breaker; its work is done when it is back", async () => {
    const campaign = await makeCampaign(context.sql);
    await context.stack.stop(["mockpay"]);
    const ids = await manyPledges(campaign, 12);
    const readiness = await until("the worker to say that it is not ready", async () => {
      const answer = await fetch(`${context.stack.url("PAYMENTS")}/readyz`);
      return answer.status === 503 ? await answer.text() : null;
    });
    expect(readiness).toContain("breaker");
    expect(sum(await scrape(context.stack, "PAYMENTS"), /^careforall_payments_breaker_opened_total/)).toBeGreaterThan(0);
    for (const id of ids) expect((await storedPledge(context.sql, id)).state).toBe("pending");
    await context.stack.start(["mockpay"]);
    for (const id of ids) await pledgeIs(context.sql, id, "confirmed", 60_000);
    expect(await paymentsOf(ids)).toEqual(ids.map(() => 1));
  });

  test("what the provider does not know is parked, shown, and redriven with a reason", async () => {
    const campaign = await makeCampaign(context.sql);
    const client = await context.sql.client();
    let id = "";
    try {
      // With a payment from the start: the worker finds it and asks for it.
      await client.query("BEGIN");
      const made = await client.query<{ pledge_id: string }>(
        "SELECT pledge_id::text FROM careforall.pledge_create($1, 1500, 'EUR', 'Ada', $2)",
        [campaign, "ada@example.org"],
      );
      id = made.rows[0]?.pledge_id ?? "";
      await client.query("SELECT careforall.payment_attach($1, 'stripe', $2)", [id, `pi_missing_${Date.now()}`]);
      await client.query("COMMIT");
    } finally {
      await client.end();
    }
    const letter = await until("a dead letter", async () =>
      (
        await context.sql.rows<{ id: string; kind: string; code: string; http_status: number; state: string }>(
          "SELECT id, kind, code, http_status, state FROM careforall.payment_dead_letters WHERE pledge_id = $1",
          [id],
        )
      )[0]);
    expect(letter).toMatchObject({ kind: "cancel", http_status: 404, state: "parked" });
    const redrive = (reason: string): Promise<unknown> =>
      context.sql.rowsAs("admin", "SELECT careforall.payment_redrive($1, $2) AS outcome", [letter.id, reason]);
    await expect(redrive("")).rejects.toThrow();
    const shown = await context.sql.rowsAs("admin",
      "SELECT outcome FROM careforall.payment_redrive_matching('cancel', NULL, 'only looking', true)");
    expect(shown).toContainEqual({ outcome: "would_redrive" });
    expect(await redrive("the provider has found it again")).toEqual([{ outcome: "redriven" }]);
    // The reconciler tries again, and it is still unknown.
    await until("a second failure", async () =>
      (await context.sql.value<number>("SELECT failures FROM careforall.payment_dead_letters WHERE id = $1", [
        letter.id,
      ])) === 2, 60_000);
    expect(
      await context.sql.value<number>(
        "SELECT count(*) FROM careforall.audit_log WHERE action = 'payment_redrive' AND target_id = $1",
        [id],
      ),
    ).toBe(1);
    await context.sql.rows("SELECT careforall.pledge_apply($1, 'cancel', 'test')", [id]);
  });

  test("afterwards everything agrees", async () => {
    await assertInvariants(context);
  });
});
