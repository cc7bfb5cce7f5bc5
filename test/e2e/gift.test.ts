// SPDX-License-Identifier: Apache-2.0
// Goal: a donor gets from the landing page to a confirmed gift, whatever the network
// does on the way. Method: Chromium against the real stack; what the page says is held
// against the database.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { useStack } from "../lib/context.ts";
import { sqlPledge } from "../lib/fixtures.ts";
import { expectAccessible, expectNoSideways, launch, tabTo, visit } from "./browser.ts";
import { fillIn, publicCampaign } from "./giving.ts";

const context = useStack();
let browser: Browser;
let base: string;

beforeAll(async () => {
  base = process.env.CAREFORALL_E2E_URL ?? context.stack.url("GATEWAY");
  browser = await launch();
});

afterAll(() => browser.close());

function pledgesOf(campaign: string): Promise<number> {
  return context.sql.value<number>("SELECT count(*) FROM careforall.pledges WHERE campaign_id = $1", [campaign]);
}

test("a gift by keyboard alone, from the landing page to its confirmation, seen live by others", async () => {
  const { id, slug } = await publicCampaign(context, { rewards: [{ quantity: 5, min: 2000 }] });
  const donor = await visit(browser, base);
  const watcher = await visit(browser, base, { theme: "dark", width: 360 });
  const { page } = donor;

  await watcher.page.goto(`/campaigns/${slug}`);
  await watcher.page.getByText("Live: new gifts appear by themselves").waitFor();
  await watcher.page.locator("[data-raised='0']").waitFor();
  await expectAccessible(watcher.page, "campaign page, dark, narrow");
  await expectNoSideways(watcher.page);

  await page.goto("/");
  await page.getByRole("link", { name: `Campaign ${slug}` }).waitFor();
  await expectAccessible(page, "landing page");
  await tabTo(page, page.getByRole("link", { name: `Campaign ${slug}` }));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: `Campaign ${slug}` }).waitFor();
  await tabTo(page, page.locator("[data-give]"));
  await page.keyboard.press("Enter");

  const dialog = page.getByRole("dialog", { name: "How much would you like to give?" });
  await dialog.waitFor();
  await expectAccessible(page, "step 1");
  await tabTo(page, page.getByLabel(/another amount/));
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type(" 1.234,50 EUR");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog", { name: "Who is it from?" }).waitFor();
  await expectAccessible(page, "step 2");
  await tabTo(page, page.getByLabel("Name", { exact: true }));
  await page.keyboard.type("Ada Tester");
  await page.keyboard.press("Tab");
  await page.keyboard.type("ada@example.org");
  await page.keyboard.press("Tab");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Tab");
  await page.keyboard.type("For <b>all</b> of us");
  await tabTo(page, page.getByRole("button", { name: "Continue" }));
  await page.keyboard.press("Enter");

  const give = page.getByRole("button", { name: "Give €1,234.50 now" });
  await give.waitFor();
  await page.getByText("Name, amount and message").waitFor();
  await expectAccessible(page, "step 3");
  await tabTo(page, give);
  await page.keyboard.press("Enter");
  await page.locator("[data-state='confirmed']").waitFor();
  await page.getByText("Thank you! €1,234.50 given").waitFor();
  await expectAccessible(page, "result");

  await watcher.page.locator("[data-raised='123450']").waitFor();
  const gift = watcher.page.locator("[data-gift]").first();
  await gift.getByText("For <b>all</b> of us").waitFor();
  expect(await gift.innerText()).toContain("€1,234.50");

  await page.getByRole("link", { name: "Your private page for this gift" }).click();
  await page.getByText("Payment received").waitFor();
  await expectAccessible(page, "private page");
  expect(await page.title()).not.toMatch(/Ada|example/);
  expect(
    await context.sql.rows(
      "SELECT state, amount_minor, display, donor_name, message FROM careforall.pledges WHERE campaign_id = $1",
      [id],
    ),
  ).toEqual([
    {
      state: "confirmed",
      amount_minor: 123450,
      display: "name_amount_message",
      donor_name: "Ada Tester",
      message: "For <b>all</b> of us",
    },
  ]);
  expect([donor.faults, watcher.faults]).toEqual([[], []]);
  await donor.close();
  await watcher.close();
});

test("an answer that is lost and a page loaded anew make one pledge", async () => {
  const { id, slug } = await publicCampaign(context, { currency: "JPY" });
  const { page, faults, close } = await visit(browser, base, { width: 360 });
  const keys: (string | null)[] = [];
  await page.route("**/pledges", async (route) => {
    keys.push(await route.request().headerValue("idempotency-key"));
    if (keys.length > 1) return route.continue();
    await route.fetch();
    return route.abort("connectionreset");
  });

  await page.goto(`/campaigns/${slug}/give?amount=5000&display=none`);
  await fillIn(page, "¥5,000");
  await page.getByRole("button", { name: "Give JP¥5,000 now" }).dblclick();
  await page.getByRole("alert").getByText("The connection broke").waitFor();
  await expectAccessible(page, "lost answer");
  await page.reload();
  await page.getByRole("alert").getByText("This gift was on its way").waitFor();
  await page.getByRole("button", { name: "Send again safely" }).click();
  await page.locator("[data-state='confirmed']").waitFor();

  expect(keys).toHaveLength(2);
  expect(keys[1]).toBe(keys[0]);
  expect(await pledgesOf(id)).toBe(1);
  expect(faults).toEqual([]);
  await close();
});

test("without a live connection the page asks by itself", async () => {
  const { slug } = await publicCampaign(context);
  const { page, close } = await visit(browser, base);
  await page.routeWebSocket("**/api/v1/live", (socket) => socket.close());
  await page.goto(`/campaigns/${slug}`);
  await page.getByText("Updated every few seconds").waitFor();
  await page.locator("[data-give]").click();
  await fillIn(page, "30");
  await page.getByRole("button", { name: "Give €30.00 now" }).click();
  await page.locator("[data-state='confirmed']").waitFor();
  await page.getByRole("button", { name: "Back to the campaign" }).click();
  await page.locator("[data-raised='3000']").waitFor();
  await close();
});

test("offline and too many requests are waited out, and the gift counts once", async () => {
  const { id, slug } = await publicCampaign(context);
  const { page, close } = await visit(browser, base);
  await page.goto(`/campaigns/${slug}/give`);
  await fillIn(page, "15");
  await page.context().setOffline(true);
  await page.getByRole("button", { name: "Give €15.00 now" }).click();
  await page.getByRole("alert").getByText("You are offline").waitFor();
  await page.context().setOffline(false);
  await page.locator("[data-state='confirmed']").waitFor();

  await page.getByRole("button", { name: "Give once more" }).click();
  let refusals = 0;
  await page.route("**/pledges", (route) =>
    refusals++ > 0
      ? route.continue()
      : route.fulfill({
          status: 429,
          headers: { "Retry-After": "1", "Content-Type": "application/problem+json" },
          body: JSON.stringify({ code: "too-many-requests", status: 429 }),
        }),
  );
  await page.getByLabel(/another amount/).fill("16");
  await page.getByRole("button", { name: "Continue" }).click();
  expect(await page.getByLabel("Name", { exact: true }).inputValue()).toBe("Ada Tester");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("button", { name: "Give €16.00 now" }).click();
  await page.getByRole("alert").getByText("This page tries again by itself in 1 second.").waitFor();
  await page.locator("[data-state='confirmed']").waitFor();
  expect(await pledgesOf(id)).toBe(2);
  await close();
});

test("a payment that is declined is told as such", async () => {
  const { slug } = await publicCampaign(context);
  const { page, close } = await visit(browser, base);
  await page.goto(`/campaigns/${slug}/give`);
  await fillIn(page, "25.02");
  await page.getByRole("button", { name: "Give €25.02 now" }).click();
  await page.locator("[data-state='failed']").getByText(/declined, so nothing was charged/).waitFor();
  await expectAccessible(page, "declined");
  // All entries are kept, and it is a new gift: the old key would only repeat the refusal.
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("heading", { name: "A last look" }).waitFor();
  await page.getByText("ada@example.org").waitFor();
  await close();
});

test("the last place taken by another keeps the entries and offers the rest", async () => {
  const { id, slug, rewards } = await publicCampaign(context, { rewards: [{ quantity: 1, min: 500 }] });
  const reward = rewards[0] ?? "";
  const { page, close } = await visit(browser, base, { theme: "dark" });
  await page.goto(`/campaigns/${slug}/give?reward=${reward}`);
  await page.getByRole("radio", { name: /^Reward/, checked: true }).waitFor();
  await fillIn(page, "40");
  const taken = await sqlPledge(context.sql, id, { reward, amount: 500 });
  expect(taken.outcome).toBe("created");
  await page.getByRole("button", { name: "Give €40.00 now" }).click();
  await page.getByRole("alert").getByText("This reward has just been taken").waitFor();
  await expectAccessible(page, "place taken");
  await page.getByRole("button", { name: "Change the gift" }).click();
  expect(await page.getByLabel(/another amount/).inputValue()).toBe("40");
  await page.getByRole("radio", { name: "No reward, just a gift" }).check();
  await page.getByRole("button", { name: "Continue" }).click();
  expect(await page.getByLabel("Name", { exact: true }).inputValue()).toBe("Ada Tester");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("button", { name: "Give €40.00 now" }).click();
  await page.locator("[data-state='confirmed']").waitFor();
  await close();
});

test("entries that cannot be right are named, and the focus goes there", async () => {
  const { slug } = await publicCampaign(context, { min: 500, max: 100_000 });
  const { page, close } = await visit(browser, base, { width: 320 });
  await page.goto(`/campaigns/${slug}/give`);
  const amount = page.getByLabel(/another amount/);
  for (const [text, said] of [
    ["", "Please choose or enter an amount."],
    ["4.99", "The smallest gift here is €5."],
    ["1000.01", "The largest gift here is €1,000."],
    ["-5", "Please enter the amount as a number, for example 25."],
    ["5.123", "This amount has more decimals than EUR has."],
  ] as const) {
    await amount.fill(text);
    await page.getByRole("button", { name: "Continue" }).click();
    await page.locator("#gift-amount-error").getByText(said).waitFor();
    expect(await amount.getAttribute("aria-describedby")).toContain("gift-amount-error");
  }
  await expectAccessible(page, "faulty entry");
  await expectNoSideways(page);
  await page.getByRole("link", { name: "This amount has more decimals than EUR has." }).click();
  expect(await amount.evaluate((element) => element === document.activeElement)).toBe(true);
  await close();
});

test.each([
  ["paused", { state: "paused" }, "The owner has paused this campaign."],
  ["closed", { state: "closed" }, "This campaign was closed by its owner"],
  ["not started", { starts: "1 hour" }, "This campaign starts on"],
  ["ended", { starts: "-2 hours", ends: "-1 hour" }, "This campaign has ended"],
  ["full", { cap: 0 }, "This campaign has all the money it can use"],
] as const)("a campaign that is %s says so and leads on", async (_name, options, said) => {
  const { slug } = await publicCampaign(context, options);
  const { page, close } = await visit(browser, base);
  await page.goto(`/campaigns/${slug}`);
  await page.getByText(said).waitFor();
  expect(await page.locator("[data-give]").count()).toBe(0);
  await expectAccessible(page, said);
  await page.getByRole("link", { name: "See other campaigns" }).click();
  await page.getByRole("heading", { level: 1 }).waitFor();
  await close();
});
