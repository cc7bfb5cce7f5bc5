// SPDX-License-Identifier: Apache-2.0
// Goal: one pledge travels the whole way and back. Method: real requests against the
// running stack; then the database, the stream, Redis and the provider are compared.
import { describe, expect, test } from "vitest";
import { useStack } from "../lib/context.ts";
import { makeCampaign, makeReward } from "../lib/fixtures.ts";
import { pledgeBody } from "../lib/http.ts";
import { assertInvariants, drained } from "../lib/invariants.ts";
import { pledgeIs, storedPledge } from "../lib/pledge.ts";
import { until } from "../lib/until.ts";

const context = useStack();

interface CampaignTotals {
  totals: { raised: { amount: number }; confirmed_count: number; pending_count: number };
  rewards: { id: string; remaining: number | null }[];
}

describe("the money path", () => {
  test("a pledge is confirmed and seen by its donor and on the campaign", async () => {
    const campaign = await makeCampaign(context.sql, { cap: 100_000 });
    const reward = await makeReward(context.sql, campaign, { quantity: 5 });
    const created = await context.http.pledge(
      campaign,
      pledgeBody(2500, { reward_id: reward, quantity: 2, message: "Good luck" }),
    );
    expect(created.status).toBe(201);
    expect(created.body.state).toBe("pending");
    expect(created.headers.get("location")).toBe(`/api/v1/pledges/${created.body.id}`);

    const pledge = await pledgeIs(context.sql, created.body.id, "confirmed");
    expect(pledge.held_minor).toBe(2500);
    expect(pledge.held_places).toBe(2);
    // The provider may tell of its payment before the worker has noted it.
    expect(pledge.history.filter((event) => event !== "payment_attach")).toEqual(["create", "payment_succeeded"]);

    const own = await context.http.get<{ state: string; history: { to: string }[] }>(
      `/api/v1/pledges/${created.body.id}`,
      { "Pledge-Token": created.body.token },
    );
    expect(own.status).toBe(200);
    expect(own.body.state).toBe("confirmed");
    expect(JSON.stringify(own.body)).not.toContain("ada@example.org");

    const page = await until("the totals on the campaign", async () => {
      const answer = await context.http.get<CampaignTotals>(`/api/v1/campaigns/${campaign}`);
      return answer.body.totals.confirmed_count === 1 ? answer.body : null;
    });
    expect(page.totals.raised.amount).toBe(2500);
    expect(page.totals.pending_count).toBe(0);
    expect(page.rewards[0]?.remaining).toBe(3);
  });

  test("a declined card ends in failed and gives the hold back", async () => {
    const campaign = await makeCampaign(context.sql, { cap: 5002 });
    const created = await context.http.pledge(campaign, pledgeBody(5002));
    expect(created.status).toBe(201);
    const pledge = await pledgeIs(context.sql, created.body.id, "failed");
    expect(pledge.state_reason).toBe("card_declined");
    expect(pledge.held_minor).toBe(0);
    // The whole cap is free again.
    const again = await context.http.pledge(campaign, pledgeBody(5000));
    expect(again.status).toBe(201);
    await pledgeIs(context.sql, again.body.id, "confirmed");
  });

  test("a refund in two parts reaches the provider and releases the cap", async () => {
    const campaign = await makeCampaign(context.sql, { cap: 3000 });
    const created = await context.http.pledge(campaign, pledgeBody(3000));
    await pledgeIs(context.sql, created.body.id, "confirmed");
    expect((await context.http.pledge(campaign, pledgeBody(1000))).status).toBe(409);

    await context.sql.rowsAs("admin", "SELECT * FROM careforall.pledge_refund($1, 1000, 'donor asked')", [created.body.id]);
    await until("the part to be recorded", async () => (await storedPledge(context.sql, created.body.id)).refunded_minor === 1000);
    expect((await storedPledge(context.sql, created.body.id)).state).toBe("confirmed");
    await context.sql.rowsAs("admin", "SELECT * FROM careforall.pledge_refund($1, NULL, 'donor asked')", [created.body.id]);
    const pledge = await pledgeIs(context.sql, created.body.id, "refunded");
    expect(pledge.refunded_minor).toBe(3000);
    expect(pledge.held_minor).toBe(0);
    expect((await context.http.pledge(campaign, pledgeBody(3000))).status).toBe(201);
  });

  test("a currency without minor units keeps its amounts", async () => {
    const campaign = await makeCampaign(context.sql, { currency: "JPY", cap: 10_000 });
    const created = await context.http.pledge(campaign, {
      ...pledgeBody(),
      amount: { amount: 10_000, currency: "JPY" },
    });
    expect(created.status).toBe(201);
    await pledgeIs(context.sql, created.body.id, "confirmed");
    const intent = (await context.provider.ledger()).payment_intents.find(
      (one) => one.metadata.pledge_id === created.body.id,
    );
    expect(intent).toMatchObject({ amount_received: 10_000, currency: "jpy" });
  });

  test("the list and the campaign carry an ETag that answers 304", async () => {
    const campaign = await makeCampaign(context.sql);
    await drained(context);
    const first = await context.http.get(`/api/v1/campaigns/${campaign}`);
    expect(first.status).toBe(200);
    const etag = first.headers.get("etag") ?? "";
    expect(etag).toMatch(/^"[^"]+"$/);
    const second = await context.http.get(`/api/v1/campaigns/${campaign}`, { "If-None-Match": etag });
    expect(second.status).toBe(304);
    expect(second.text).toBe("");
    const list = await context.http.get<{ items: { id: string }[]; next_cursor: string | null }>(
      "/api/v1/campaigns?limit=1",
    );
    expect(list.body.items.map((item) => item.id)).toEqual([campaign]);
    expect(list.body.next_cursor).not.toBeNull();
  });

  test("afterwards everything agrees", async () => {
    await assertInvariants(context);
  });
});
