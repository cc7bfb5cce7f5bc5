// SPDX-License-Identifier: Apache-2.0
// Goal: the private page of a gift tells every state that it can be in, in words, as soon
// as it is true, without being loaded anew, and is sound in each. Method: one page in
// Chromium against the real stack; the mock provider is held back and let go, and time is
// what the page's own clock is told.
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Person } from "../lib/account.ts";
import { useStack } from "../lib/context.ts";
import { pledgeBody, type CreatedPledge } from "../lib/http.ts";
import { paymentOf, storedPledge } from "../lib/pledge.ts";
import { withSetting } from "../lib/settings.ts";
import { until } from "../lib/until.ts";
import { expectAccessibleInBoth, launch, visit, type Visitor } from "./browser.ts";
import { privatePage, publicCampaign, type PublicCampaign } from "./giving.ts";

const context = useStack();
let browser: Browser;
let campaign: PublicCampaign;
let admin: Person;
let donor: Visitor;
let page: Page;

beforeAll(async () => {
  browser = await launch();
  campaign = await publicCampaign(context);
  admin = await context.login("admin");
  donor = await visit(browser, process.env.CAREFORALL_E2E_URL ?? context.stack.url("GATEWAY"), { width: 360 });
  page = donor.page;
  await page.clock.install();
});

beforeEach(() => hold(true));
afterEach(async () => {
  await hold(false);
  await context.provider.configure({ refund_failure_rate: 0, slow_ms: 15_000 });
  expect(donor.faults).toEqual([]);
});

afterAll(async () => {
  await donor.close();
  await browser.close();
});

/** While it is on, the provider keeps its webhooks back; `flush` lets those go that are there. */
const hold = (on: boolean) => context.provider.configure({ hold: on });

/** What the provider has to say about this payment or refund is there, and said. */
async function tell(what: "payment" | "refund", payment: string, status: string): Promise<void> {
  await until(`the ${what} to be ${status}`, async () => {
    const { payment_intents, refunds } = await context.provider.ledger();
    const those = what === "payment" ? payment_intents.filter(({ id }) => id === payment) : refunds.filter((refund) => refund.payment_intent === payment);
    return those.some((one) => one.status === status);
  });
  await context.provider.flush();
}

/** A gift whose private page is open; the mark is gone if the page is loaded anew. */
async function opened(amount: number): Promise<{ pledge: CreatedPledge; payment: string }> {
  const { body: pledge } = await context.http.pledge(campaign.id, pledgeBody(amount));
  const payment = await paymentOf(context.sql, pledge.id);
  await page.goto("about:blank");
  await page.clock.setSystemTime(Date.now());
  await page.goto(privatePage(pledge));
  await shows("pending", /^The (payment is being made|time for the payment is over)/);
  await page.evaluate(() => Object.assign(window, { mark: true }));
  return { pledge, payment };
}

/** The page says so by itself, and has no fault that axe knows. */
async function shows(state: string, text: string | RegExp): Promise<void> {
  await page.locator(`[data-state='${state}']`).getByText(text).waitFor();
}

async function sound(what: string): Promise<void> {
  expect(await page.evaluate(() => "mark" in window)).toBe(true);
  expect(await page.title()).not.toMatch(/Ada|example/);
  await expectAccessibleInBoth(page, what);
}

const history = async () => (await page.locator("#history-heading + ol > li > p").allInnerTexts()).join(", ");

test("waiting: under way, slower than usual, over its time, and taken back", async () => {
  const { payment } = await opened(25_09);
  await sound("under way");
  await page.clock.fastForward(25_000);
  await shows("pending", /^The payment takes longer than usual/);
  await sound("slow");
  await page.clock.fastForward("02:00:00");
  await shows("pending", /^The time for the payment is over/);
  await sound("over its time");
  await page.getByRole("button", { name: "Cancel this gift" }).click();
  await page.getByRole("button", { name: "Yes, cancel it" }).click();
  await shows("pending", /^You asked us to cancel/);
  expect(await page.getByRole("button", { name: "Cancel this gift" }).count()).toBe(0);
  await sound("cancelling");
  await tell("payment", payment, "canceled");
  await shows("failed", "The payment was cancelled. Nothing was charged.");
  expect(await history()).toBe("Reserved, Payment started, Cancelling asked for, Cancelled");
  await sound("cancelled");
});

test.each([
  [25_02, "The payment was declined, so nothing was charged."],
  [25_05, "The payment was declined for lack of funds. Nothing was charged."],
  [25_13, "The card has expired, so nothing was charged."],
] as const)("declined (%d)", async (amount, text) => {
  const { payment } = await opened(amount);
  await tell("payment", payment, "canceled");
  await shows("failed", text);
  expect(await page.getByRole("link", { name: "Receipt" }).count()).toBe(0);
  // Nobody has cancelled anything.
  expect(await history()).toBe("Reserved, Payment started, Payment failed");
  await sound("declined");
});

test("received, asked back, refused, asked again, granted, on its way, returned", async () => {
  const { pledge, payment } = await opened(30_00);
  await tell("payment", payment, "succeeded");
  await shows("confirmed", "The payment went through and your gift is part of the total.");
  await page.getByRole("link", { name: "Receipt" }).waitFor();
  await sound("received");

  const decide = async (decision: "accepted" | "declined") => {
    const id = await context.sql.value<string>(
      "SELECT id FROM careforall.refund_requests WHERE pledge_id = $1 AND state = 'open'",
      [pledge.id],
    );
    const note = decision === "declined" ? "The seat was used." : "";
    const answer = await admin.http.call("POST", `/api/v1/refund-requests/${id}/decision`, { json: { decision, note } });
    expect(answer.status).toBe(200);
  };
  const ask = async () => {
    await page.getByRole("button", { name: "Ask for the money back" }).click();
    await page.getByLabel("Why would you like it back?").fill("I gave twice.");
    await page.getByRole("button", { name: "Send the request" }).click();
    await page.locator("[data-request='open']").waitFor();
  };
  await ask();
  await sound("asked back");
  await decide("declined");
  // Nothing of the pledge has changed, so the page learns it by asking.
  await page.clock.fastForward(31_000);
  await page.locator("[data-request='declined']").getByText("The seat was used.").waitFor();
  await sound("request declined");
  await ask();
  await decide("accepted");
  await shows("confirmed", "€30.00 is on its way back to you.");
  await page.locator("[data-request='accepted']").waitFor();
  await sound("on its way back");
  await tell("refund", payment, "succeeded");
  await shows("refunded", "The whole amount has been sent back the way it came.");
  await expect.poll(history).toContain("€30.00 sent back");
  await sound("returned");
  await page.getByRole("link", { name: "Receipt" }).click();
  await page.getByText("This gift was returned in full.").waitFor();
  await sound("receipt of a returned gift");
});

test("a part returned, and a return that did not work", async () => {
  const { pledge, payment } = await opened(40_00);
  await tell("payment", payment, "succeeded");
  await shows("confirmed", "The payment went through");
  const giveBack = async (amount: number) => {
    const refund = await admin.http.call("POST", `/api/v1/pledges/${pledge.id}/refunds`, {
      json: { amount: { amount, currency: "EUR" }, reason: "half a seat" },
      headers: { "Idempotency-Key": `${amount}-${pledge.id}` },
    });
    expect(refund.status).toBeLessThan(300);
  };
  await giveBack(10_00);
  await tell("refund", payment, "succeeded");
  await shows("confirmed", "€10.00 of it has been returned to you.");
  await sound("a part returned");
  await context.provider.configure({ refund_failure_rate: 1 });
  await giveBack(5_00);
  await shows("confirmed", "€5.00 is on its way back to you.");
  await tell("refund", payment, "failed");
  // The gift is what it was, so the page learns it by asking.
  await page.clock.fastForward(31_000);
  await shows("confirmed", "€10.00 of it has been returned to you.");
  await expect.poll(history).toContain("Sending €5.00 back did not work");
  await sound("a return that did not work");
});

test("its time ran out, the money came late, and went back", async () => {
  await context.provider.configure({ slow_ms: 6_000 });
  const { pledge, payment } = await withSetting(context.sql, "careforall.hold_timeout", "1s", () =>
    withSetting(context.sql, "careforall.expiry_grace", "0", async () => {
      const one = await opened(25_11); // slow, cannot be cancelled
      await until("the hold to expire", async () => {
        await context.sql.rows("SELECT * FROM careforall.holds_expire(1000)");
        return (await storedPledge(context.sql, one.pledge.id)).state === "failed";
      });
      return one;
    }),
  );
  await shows("failed", /^The payment did not come in time/);
  await sound("expired");
  await tell("payment", payment, "succeeded");
  await shows("failed", "The payment came after its time. €25.11 is on its way back to you.");
  await sound("late");
  await tell("refund", payment, "succeeded");
  await shows("failed", "The payment came after its time. €25.11 has been sent back to you.");
  expect((await storedPledge(context.sql, pledge.id)).state).toBe("failed");
  await sound("late and returned");
});
