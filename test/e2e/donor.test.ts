// SPDX-License-Identifier: Apache-2.0
// Goal: the list of campaigns is its address; the same gift in two tabs is one; a donor can
// take a gift back, ask for the money, and print a receipt. Method: Chromium against the
// real stack; what the page says is held against the database.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { useStack } from "../lib/context.ts";
import { makeCampaign } from "../lib/fixtures.ts";
import { until } from "../lib/until.ts";
import { expectAccessible, launch, visit } from "./browser.ts";

const context = useStack();
let browser: Browser;
let base: string;

beforeAll(async () => {
  base = process.env.CAREFORALL_E2E_URL ?? context.stack.url("GATEWAY");
  browser = await launch();
});

afterAll(() => browser.close());

async function publicCampaign(options: Parameters<typeof makeCampaign>[1] = {}): Promise<{ id: string; slug: string }> {
  const id = await makeCampaign(context.sql, options);
  const slug = await context.sql.value<string>("SELECT slug FROM careforall.campaigns WHERE id = $1", [id]);
  await until("the campaign to be public", async () => (await fetch(`${base}/api/v1/campaigns/${slug}`)).ok);
  return { id, slug };
}

/** Fills the two steps before the review in the plain page. */
async function fillIn(page: Page, amount: string): Promise<void> {
  await page.getByLabel(/another amount/).fill(amount);
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Ada Tester");
  await page.getByLabel("E-mail address").fill("ada@example.org");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("button", { name: /^Give .* now$/ }).waitFor();
}

test("filters stand in the address, and back and reload restore them", async () => {
  const open = await publicCampaign({ currency: "JPY" });
  const paused = await publicCampaign({ currency: "JPY", state: "paused" });
  const { page, faults, close } = await visit(browser, base, { theme: "dark" });
  const link = ({ slug }: { slug: string }) => page.getByRole("link", { name: `Campaign ${slug}` });

  await page.goto("/?currency=JPY&sort=nonsense");
  await link(open).waitFor();
  expect(await link(paused).count()).toBe(0);
  await page.getByLabel("Status").selectOption("paused");
  await link(paused).waitFor();
  await link(open).waitFor({ state: "detached" });
  expect(new URL(page.url()).search).toBe("?status=paused&currency=JPY");
  await expectAccessible(page, "filtered list");

  await page.reload();
  await link(paused).waitFor();
  expect(await page.getByLabel("Status").inputValue()).toBe("paused");
  await page.goBack();
  await link(open).waitFor();
  expect(await page.getByLabel("Status").inputValue()).toBe("active");

  await page.getByLabel("Search campaigns").fill("nobodyhasthisword");
  await page.getByText("No campaign fits these words and filters.").waitFor();
  expect(new URL(page.url()).searchParams.get("q")).toBe("nobodyhasthisword");
  await expectAccessible(page, "nothing found");
  await page.getByRole("button", { name: "Clear all filters" }).first().click();
  await page.waitForFunction(() => location.search === "");
  expect(await page.getByLabel("Search campaigns").inputValue()).toBe("");
  expect(faults).toEqual([]);
  await close();
});

test("the same gift confirmed in two tabs is one gift, and back keeps every entry", async () => {
  const { id, slug } = await publicCampaign();
  const { page, close } = await visit(browser, base);
  const other = await page.context().newPage();
  for (const tab of [page, other]) {
    await tab.goto(`/campaigns/${slug}/give`);
    await fillIn(tab, "25");
  }
  await page.goBack();
  await page.getByRole("heading", { name: "Who is it from?" }).waitFor();
  expect(await page.getByLabel("Name", { exact: true }).inputValue()).toBe("Ada Tester");
  await page.goForward();
  for (const tab of [page, other]) {
    await tab.getByRole("button", { name: "Give €25.00 now" }).click();
    await tab.locator("[data-state='confirmed']").waitFor();
  }
  await other.getByText("It counts once.").waitFor();
  expect(await context.sql.value<number>("SELECT count(*) FROM careforall.pledges WHERE campaign_id = $1", [id])).toBe(1);
  await close();
});

test("a gift on its way is taken back on its private page", async () => {
  const { id, slug } = await publicCampaign();
  const { page, close } = await visit(browser, base, { width: 360 });
  await page.goto(`/campaigns/${slug}/give`);
  await fillIn(page, "25.09");
  await page.getByRole("button", { name: "Give €25.09 now" }).click();
  await page.locator("[data-state='pending']").waitFor();
  await page.getByRole("link", { name: "Your private page for this gift" }).click();
  await page.getByRole("button", { name: "Cancel this gift" }).click();
  await expectAccessible(page, "cancel asked");
  await page.getByRole("button", { name: "Yes, cancel it" }).click();
  await page.locator("[data-state='failed']").waitFor();
  await expectAccessible(page, "canceled");
  expect(
    await context.sql.rows("SELECT state, state_reason FROM careforall.pledges WHERE campaign_id = $1", [id]),
  ).toEqual([{ state: "failed", state_reason: "canceled" }]);
  await close();
});

test("the fee is what the API charges; a receipt is printed and the money asked back", async () => {
  const { id, slug } = await publicCampaign();
  await context.sql.rows("SELECT careforall.fee_set('EUR', 290, 30, 'browser test')");
  const { page, close } = await visit(browser, base);
  await page.goto(`/campaigns/${slug}/give?amount=50`);
  await page.getByLabel(/so that the whole gift arrives/).check();
  await page.getByText("€50.00 for the campaign and €1.80 fee: €51.80 are charged.").waitFor();
  await fillIn(page, "50");
  await page.getByRole("button", { name: "Give €51.80 now" }).click();
  await page.locator("[data-state='confirmed']").waitFor();
  expect(
    await context.sql.rows("SELECT amount_minor, fee_minor FROM careforall.pledges WHERE campaign_id = $1", [id]),
  ).toEqual([{ amount_minor: 5180, fee_minor: 180 }]);

  await page.getByRole("link", { name: "Your private page for this gift" }).click();
  await page.getByRole("link", { name: "Receipt" }).click();
  await page.locator(".receipt").getByText("€51.80").waitFor();
  await expectAccessible(page, "receipt");
  expect(await page.title()).not.toMatch(/Ada|example/);
  await page.emulateMedia({ media: "print" });
  expect(await page.getByRole("button", { name: /Print/ }).isVisible()).toBe(false);
  await page.emulateMedia({ media: "screen" });
  await page.getByRole("link", { name: "Back to the gift" }).click();

  await page.getByRole("button", { name: "Ask for the money back" }).click();
  await page.getByRole("button", { name: "Send the request" }).click();
  await page.getByText("Please write a few words.").waitFor();
  await expectAccessible(page, "refund asked");
  await page.getByLabel("Why would you like it back?").fill("I gave twice.");
  await page.getByRole("button", { name: "Send the request" }).click();
  await page.locator("[data-request='open']").waitFor();
  await context.sql.rows("SELECT careforall.fee_remove('EUR', 'browser test')");
  await close();
});
