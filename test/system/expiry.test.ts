// SPDX-License-Identifier: Apache-2.0
// Goal: a hold never lasts for ever, and money that comes after its end goes back by
// itself. Method: the mock provider's amounts for payments that hang or resist.
import { describe, expect, test } from "vitest";
import { useStack } from "../lib/context.ts";
import { makeCampaign } from "../lib/fixtures.ts";
import { pledgeBody } from "../lib/http.ts";
import { assertInvariants } from "../lib/invariants.ts";
import { paymentOf, pledgeIs, storedPledge } from "../lib/pledge.ts";
import { withSetting } from "../lib/settings.ts";
import { until } from "../lib/until.ts";

const context = useStack();

const expire = (): Promise<unknown> => context.sql.rows("SELECT * FROM careforall.holds_expire(1000)");

describe("the end of a hold", () => {
  test("a payment that hangs is cancelled at the provider, then the pledge fails", async () => {
    await withSetting(context.sql, "careforall.hold_timeout", "1s", async () => {
      const campaign = await makeCampaign(context.sql, { cap: 1009 });
      const created = await context.http.pledge(campaign, pledgeBody(1009)); // ..09 hangs
      const payment = await paymentOf(context.sql, created.body.id);
      const pledge = await until("the pledge to expire", async () => {
        await expire();
        const now = await storedPledge(context.sql, created.body.id);
        return now.state === "failed" ? now : null;
      });
      expect(pledge.state_reason).toBe("expired");
      expect(pledge.held_minor).toBe(0);
      const intent = (await context.provider.ledger()).payment_intents.find((one) => one.id === payment);
      expect(intent?.status).toBe("canceled");
    });
  });

  test("a success after the expiry ends in a refund at the provider", async () => {
    await context.provider.configure({ slow_ms: 3000 });
    const campaign = await makeCampaign(context.sql, { cap: 1011 });
    const created = await context.http.pledge(campaign, pledgeBody(1011)); // ..11 is slow, cannot be cancelled
    const payment = await paymentOf(context.sql, created.body.id);
    await context.sql.rowsAs("admin", "SELECT * FROM careforall.hold_release($1, 'test of a late payment', true)", [
      created.body.id,
    ]);
    const failed = await storedPledge(context.sql, created.body.id);
    expect(failed.state).toBe("failed");
    expect(failed.held_minor).toBe(0);

    const refund = await until("the refund at the provider", async () => {
      const { refunds } = await context.provider.ledger();
      return refunds.find((one) => one.payment_intent === payment && one.status === "succeeded");
    });
    expect(refund.amount).toBe(1011);
    await until("the refund to be recorded", async () => {
      const rows = await context.sql.rows<{ kind: string; state: string }>(
        "SELECT kind, state FROM careforall.refunds WHERE pledge_id = $1",
        [created.body.id],
      );
      return rows.length === 1 && rows[0]?.kind === "late" && rows[0].state === "succeeded";
    });
    // Never resurrected, and the cap is free for somebody else.
    expect((await storedPledge(context.sql, created.body.id)).state).toBe("failed");
    const next = await context.http.pledge(campaign, pledgeBody(1000));
    expect(next.status).toBe(201);
    await pledgeIs(context.sql, next.body.id, "confirmed");
  });

  test("an ended campaign is closed by its job", async () => {
    const campaign = await makeCampaign(context.sql, { ends: "300 milliseconds" });
    await until("the campaign to be closed", async () => {
      await context.sql.rows("SELECT careforall.campaigns_close_ended()");
      return (
        (await context.sql.value<string>("SELECT state FROM careforall.campaigns WHERE id = $1", [campaign])) ===
        "closed"
      );
    });
    expect((await context.http.pledge(campaign)).status).toBe(409);
  });

  test("afterwards everything agrees", async () => {
    await assertInvariants(context);
  });
});
