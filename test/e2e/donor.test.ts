// SPDX-License-Identifier: Apache-2.0
// Goal: the list of campaigns is its address, to its end; a campaign's news are read and it is
// passed on; the same gift in two tabs is one; a donor can take a gift back, ask for the money,
// and print a receipt, on light paper whatever the theme. Method: Chromium against the
// real stack; what the page says is held against the database.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { publishedOf } from "../lib/campaign.ts";
import { useStack } from "../lib/context.ts";
import { expectAccessible, launch, tabTo, visit } from "./browser.ts";
import { fillIn, publicCampaign } from "./giving.ts";

const context = useStack();
let browser: Browser;
let base: string;

beforeAll(async () => {
  base = process.env.CAREFORALL_E2E_URL ?? context.stack.url("GATEWAY");
  browser = await launch();
});

afterAll(() => browser.close());

test("filters stand in the address, and back and reload restore them", async () => {
  const open = await publicCampaign(context, { currency: "JPY" });
  const paused = await publicCampaign(context, { currency: "JPY", state: "paused" });
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

test("the list goes on to its end by keyboard, and stays as long when it is loaded anew", async () => {
  const campaigns = [];
  for (let index = 0; index < 14; index++) campaigns.push(await publicCampaign(context, { currency: "ISK" }));
  const { page, faults, close } = await visit(browser, base, { width: 360 });
  const shown = () => page.locator("#campaigns a[href^='/campaigns/test-']").evaluateAll((links) => [...new Set(links.map((link) => link.getAttribute("href")))]);
  await page.goto("/?currency=ISK");
  await page.getByText("14 campaigns").waitFor();
  expect(await shown()).toHaveLength(12);
  await tabTo(page, page.getByRole("button", { name: "Show more campaigns" }));
  // The first try breaks, with its repetitions: what is there stays, and nothing more is asked unasked.
  let tries = 0;
  await page.route("**/api/v1/campaigns?*cursor*", (route) => (tries++ < 3 ? route.abort() : route.continue()));
  await page.keyboard.press("Enter");
  await page.getByText("More could not be loaded.").waitFor();
  expect(await shown()).toHaveLength(12);
  await expectAccessible(page, "the rest could not be loaded");
  expect(tries).toBe(3);
  await page.keyboard.press("Enter");
  await expect.poll(shown).toHaveLength(14);
  expect(await page.getByText("That is everything.").evaluate((end) => end === document.activeElement)).toBe(true);
  expect(await shown()).toEqual(campaigns.map(({ slug }) => `/campaigns/${slug}`).reverse());
  await page.reload();
  await expect.poll(shown).toHaveLength(14);
  expect(await page.getByRole("button", { name: "Show more campaigns" }).count()).toBe(0);
  expect(faults).toEqual([]);
  await close();
});

test("news are read page by page, and the campaign is passed on by its plain link", async () => {
  const owner = await context.login("owner");
  const campaign = await publishedOf(owner);
  for (let number = 1; number <= 6; number++) {
    const made = await owner.http.call("POST", `/api/v1/campaigns/${campaign.id}/updates`, {
      json: { title: `News ${number}`, body: `Line\n\n- <b>one</b>\n- two`, visibility: number === 6 ? "backers" : "public" },
    });
    expect(made.status).toBe(201);
  }
  const { page, faults, close } = await visit(browser, base, { width: 360 });
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.addInitScript(() => {
    const shared: ShareData[] = [];
    Object.assign(window, { shared });
    Object.assign(navigator, { share: (data: ShareData) => Promise.resolve(shared.push(data)) });
  });
  await page.goto(`/campaigns/${campaign.slug}?amount=7`);
  await page.getByRole("heading", { level: 3, name: "News 5" }).waitFor();
  expect(await page.locator("[data-update]").count()).toBe(5);
  expect(await page.getByText("News 6").count()).toBe(0);
  expect(await page.locator("[data-update]").first().locator("li").allInnerTexts()).toEqual(["<b>one</b>", "two"]);

  await page.getByRole("button", { name: "Copy link" }).click();
  await page.getByText("Copied.").waitFor();
  const plain = new URL(`/campaigns/${campaign.slug}`, base).href;
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(plain);
  await page.getByRole("button", { name: "Share" }).click();
  expect(await page.evaluate(() => (window as unknown as { shared: ShareData[] }).shared)).toEqual([
    { title: campaign.title, text: "", url: plain },
  ]);
  await expectAccessible(page, "news and share");
  expect(faults).toEqual([]);
  await close();

  // Who runs it reads what is for backers, too; then there are six.
  const own = await visit(browser, base, { person: owner });
  await own.page.goto(`/campaigns/${campaign.slug}`);
  await own.page.getByRole("heading", { level: 3, name: "News 6" }).waitFor();
  await own.page.getByText("For backers").waitFor();
  await own.page.getByRole("button", { name: "Show earlier news" }).click();
  await own.page.getByRole("heading", { level: 3, name: "News 1" }).waitFor();
  expect(await own.page.locator("[data-update]").count()).toBe(6);
  await own.close();
});

test.each([
  ["the system", null, "dark", "dark"],
  ["a choice made before, against the system", "light", "dark", "light"],
] as const)("the theme of %s is there before anything is painted", async (_name, kept, system, expected) => {
  const { page, close } = await visit(browser, base, { theme: system });
  await page.addInitScript((choice) => {
    if (choice !== null) localStorage.setItem("cfa:theme", choice);
    new MutationObserver((_, observer) => {
      if (document.querySelector("body") === null) return;
      observer.disconnect();
      Object.assign(window, { themeAtBody: document.documentElement.dataset.theme });
    }).observe(document, { childList: true, subtree: true });
  }, kept);
  // The application itself never comes: what is seen is what the page starts with.
  await page.route("**/assets/*.js", (route) => (route.request().url().includes("start") ? route.continue() : route.abort()));
  await page.goto("/");
  expect(await page.evaluate(() => (window as unknown as { themeAtBody?: string }).themeAtBody)).toBe(expected);
  const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  expect(ground).toBe(expected === "dark" ? "rgb(13, 18, 51)" : "rgb(246, 247, 252)");
  await close();
});

test("the same gift confirmed in two tabs is one gift, and back keeps every entry", async () => {
  const { id, slug } = await publicCampaign(context);
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
  const { id, slug } = await publicCampaign(context);
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
  const { id, slug } = await publicCampaign(context);
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
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  expect(await page.getByRole("button", { name: /Print/ }).isVisible()).toBe(false);
  expect(await page.getByRole("navigation").first().isVisible()).toBe(false);
  // Grounds are not printed: every letter must stand out from white paper.
  const pale = await page.locator(".receipt :not(svg, svg *)").evaluateAll((all) =>
    all.map((one) => getComputedStyle(one).color).filter((color) => (color.match(/\d+/g) ?? []).slice(0, 3).some((part) => Number(part) > 150)));
  expect(pale).toEqual([]);
  await page.emulateMedia({ media: "screen", colorScheme: "light" });
  for (const number of [1, 2]) {
    const file = page.waitForEvent("download");
    await page.getByRole("button", { name: "Receipt as PDF" }).click();
    expect((await file).suggestedFilename()).toMatch(new RegExp(`^receipt-[0-9a-f-]{36}-${number}\\.pdf$`));
    await page.locator(`[data-issues='${number}']`).waitFor();
  }
  await page.getByText("The next one says that it is a copy.").waitFor();
  await expectAccessible(page, "receipt issued");
  expect(await context.sql.rows("SELECT r.via, r.language FROM careforall.receipts r JOIN careforall.pledges p ON p.id = r.pledge_id WHERE p.campaign_id = $1", [id])).toEqual([
    { via: "link", language: "en" },
    { via: "link", language: "en" },
  ]);
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
