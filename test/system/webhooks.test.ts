// SPDX-License-Identifier: Apache-2.0
// Goal: whatever a provider can send, in whatever order and however often, ends in
// the one right state. Method: real payments at the mock provider with its webhooks
// held back; the test delivers them itself, in every order.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { useStack } from "../lib/context.ts";
import { makeCampaign } from "../lib/fixtures.ts";
import { pledgeBody, type Problem } from "../lib/http.ts";
import { assertInvariants } from "../lib/invariants.ts";
import { scrape, sum } from "../lib/metrics.ts";
import { paymentOf, pledgeIs, storedPledge } from "../lib/pledge.ts";
import { eventId, paymentEvent, type ProviderEvent } from "../lib/provider.ts";
import { pool, until } from "../lib/until.ts";

const context = useStack();

function permutations<T>(items: T[]): T[][] {
  if (items.length < 2) return [items];
  return items.flatMap((item, i) =>
    permutations([...items.slice(0, i), ...items.slice(i + 1)]).map((rest) => [item, ...rest]),
  );
}

interface Payment {
  pledge: string;
  id: string;
  amount: number;
}

/** A pledge whose payment has succeeded at the provider, which says nothing yet. */
async function heldPayment(campaign: string, amount = 1000): Promise<Payment> {
  const created = await context.http.pledge(campaign, pledgeBody(amount));
  expect(created.status).toBe(201);
  const pledge = created.body.id;
  const id = await paymentOf(context.sql, pledge);
  await until("the provider to have the money", async () =>
    (await context.provider.ledger()).payment_intents.some((one) => one.id === id && one.status === "succeeded"),
  );
  return { pledge, id, amount };
}

const succeeded = (payment: Payment, id?: string): ProviderEvent =>
  paymentEvent("payment_intent.succeeded", payment, id);

async function inbox(event: string): Promise<{ outcome: string; deliveries: number }> {
  return context.sql.row<{ outcome: string; deliveries: number }>(
    "SELECT outcome, deliveries FROM careforall.inbox WHERE event_id = $1",
    [event],
  );
}

beforeAll(async () => {
  await context.provider.configure({ hold: true });
});

afterAll(async () => {
  await context.provider.configure({ hold: false });
});

describe("webhooks", () => {
  test("an attempt that failed, the success and two copies of it, in all 24 orders", async () => {
    const campaign = await makeCampaign(context.sql);
    await pool(
      6,
      permutations([0, 1, 2, 3]).map((order) => async () => {
        const payment = await heldPayment(campaign);
        const once = eventId();
        const events = [
          paymentEvent("payment_intent.payment_failed", payment),
          succeeded(payment, once),
          succeeded(payment, once),
          succeeded(payment),
        ];
        for (const i of order) {
          const event = events[i];
          if (event) expect((await context.provider.deliver(event)).status).toBe(200);
        }
        const pledge = await storedPledge(context.sql, payment.pledge);
        expect(pledge.state).toBe("confirmed");
        expect(pledge.history).toEqual(["create", "payment_attach", "payment_succeeded"]);
        expect((await inbox(once)).deliveries).toBe(2);
      }),
    );
  });

  test("success before cancellation stays confirmed", async () => {
    const campaign = await makeCampaign(context.sql);
    const payment = await heldPayment(campaign);
    await context.provider.deliver(succeeded(payment));
    const canceled = paymentEvent("payment_intent.canceled", payment);
    await context.provider.deliver(canceled);
    expect((await storedPledge(context.sql, payment.pledge)).state).toBe("confirmed");
    expect((await inbox(canceled.id)).outcome).toBe("stale");
  });

  test("cancellation before success stays failed and the money goes back", async () => {
    const campaign = await makeCampaign(context.sql, { cap: 1000 });
    const payment = await heldPayment(campaign);
    await context.provider.deliver(paymentEvent("payment_intent.canceled", payment));
    expect((await storedPledge(context.sql, payment.pledge)).state).toBe("failed");
    const late = succeeded(payment);
    expect((await context.provider.deliver(late)).status).toBe(200);
    expect((await inbox(late.id)).outcome).toBe("late");
    // A second report of the same money asks for no second refund.
    await context.provider.deliver(succeeded(payment));
    await until("the refund at the provider", async () => {
      const { refunds } = await context.provider.ledger();
      return refunds.find((refund) => refund.payment_intent === payment.id);
    });
    const refunds = (await context.provider.ledger()).refunds.filter((refund) => refund.payment_intent === payment.id);
    expect(refunds.map((refund) => refund.amount)).toEqual([1000]);
    expect((await storedPledge(context.sql, payment.pledge)).state).toBe("failed");
    // Its place in the cap went to whoever came next.
    expect((await context.http.pledge(campaign, pledgeBody(1000))).status).toBe(201);
  });

  test("why a card was declined is told as far as it helps the donor", async () => {
    const campaign = await makeCampaign(context.sql);
    const told = async (error: Record<string, unknown>) => {
      const payment = await heldPayment(campaign);
      const canceled = paymentEvent("payment_intent.canceled", payment);
      canceled.data.object.last_payment_error = { type: "card_error", message: "Declined.", ...error };
      expect((await context.provider.deliver(canceled)).status).toBe(200);
      return (await storedPledge(context.sql, payment.pledge)).state_reason;
    };
    expect(await told({ code: "card_declined", decline_code: "insufficient_funds" })).toBe("insufficient_funds");
    expect(await told({ code: "card_declined", decline_code: "stolen_card" })).toBe("card_declined");
    expect(await told({ code: "card_declined", decline_code: 7 })).toBe("card_declined");
    expect(await told({ code: "expired_card", decline_code: "insufficient_funds" })).toBe("expired_card");
  });

  test("12 copies at once change the pledge once", async () => {
    const campaign = await makeCampaign(context.sql);
    const payment = await heldPayment(campaign);
    const event = succeeded(payment);
    const answers = await Promise.all(Array.from({ length: 12 }, () => context.provider.deliver(event)));
    expect(answers.every((answer) => answer.status === 200)).toBe(true);
    expect((await storedPledge(context.sql, payment.pledge)).version).toBe(3);
    expect((await inbox(event.id)).deliveries).toBe(12);
  });

  test("a wrong amount or currency confirms nothing and stays visible", async () => {
    const campaign = await makeCampaign(context.sql);
    const payment = await heldPayment(campaign);
    for (const wrong of [
      paymentEvent("payment_intent.succeeded", { ...payment, received: 999 }),
      paymentEvent("payment_intent.succeeded", { ...payment, received: 1001 }),
      paymentEvent("payment_intent.succeeded", { ...payment, currency: "usd" }),
      paymentEvent("payment_intent.succeeded", { ...payment, id: "pi_somebody_elses" }),
    ]) {
      expect((await context.provider.deliver(wrong)).status).toBe(200);
      expect((await inbox(wrong.id)).outcome).toBe("mismatch");
    }
    expect((await storedPledge(context.sql, payment.pledge)).state).toBe("pending");
    await context.provider.deliver(succeeded(payment));
    expect((await storedPledge(context.sql, payment.pledge)).state).toBe("confirmed");
  });

  test("an unknown payment, a foreign one and an event of no concern are kept and answered", async () => {
    const unknown = paymentEvent("payment_intent.succeeded", {
      id: "pi_unknown",
      amount: 1000,
      pledge: "01900000-0000-7000-8000-000000000000",
    });
    expect((await context.provider.deliver(unknown)).status).toBe(200);
    expect((await inbox(unknown.id)).outcome).toBe("unknown");
    const foreign = paymentEvent("payment_intent.succeeded", { id: "pi_foreign", amount: 1000, pledge: null });
    expect((await context.provider.deliver(foreign)).status).toBe(200);
    expect(["unknown", "ignored"]).toContain((await inbox(foreign.id)).outcome);
    const other: ProviderEvent = { ...foreign, id: eventId(), type: "customer.created" };
    expect((await context.provider.deliver(other)).status).toBe(200);
  });

  test.each([
    ["another secret", { secret: "whsec_of_somebody_else" }, "signature-invalid"],
    ["six minutes of age", { at: Math.floor(Date.now() / 1000) - 360 }, "signature-expired"],
    ["six minutes from now", { at: Math.floor(Date.now() / 1000) + 360 }, "signature-expired"],
    ["no signature at all", { signature: "" }, "signature-invalid"],
    ["a signature without a time", { signature: `v1=${"0".repeat(64)}` }, "signature-invalid"],
  ])("a webhook with %s is refused and changes nothing", async (_name, how, code) => {
    const campaign = await makeCampaign(context.sql);
    const payment = await heldPayment(campaign);
    const event = succeeded(payment);
    const before = sum(await scrape(context.stack, "API_ADMIN"), /webhook/);
    const answer = await context.provider.deliver(event, how);
    expect(answer.status).toBe(400);
    expect((answer.body as Problem).code).toBe(code);
    expect((await storedPledge(context.sql, payment.pledge)).state).toBe("pending");
    expect(await context.sql.rows("SELECT 1 FROM careforall.inbox WHERE event_id = $1", [event.id])).toEqual([]);
    expect(sum(await scrape(context.stack, "API_ADMIN"), /webhook/)).toBeGreaterThan(before);
    await context.provider.deliver(event);
    expect((await storedPledge(context.sql, payment.pledge)).state).toBe("confirmed");
  });

  test("a body changed after signing is refused", async () => {
    const campaign = await makeCampaign(context.sql);
    const payment = await heldPayment(campaign);
    const event = succeeded(payment);
    const signature = context.provider.sign(JSON.stringify(event));
    const changed = { ...event, id: eventId() };
    expect((await context.provider.deliver(changed, { signature })).status).toBe(400);
  });

  test("held webhooks of the provider arrive when it lets them go", async () => {
    const campaign = await makeCampaign(context.sql);
    const payment = await heldPayment(campaign);
    await context.provider.configure({ hold: false });
    await pledgeIs(context.sql, payment.pledge, "confirmed");
  });

  test("afterwards everything agrees", async () => {
    await assertInvariants(context);
  });
});
