// SPDX-License-Identifier: Apache-2.0
// Goal: what the server writes before any script runs stands where the application puts
// it, in its words, and is a page for those who run no scripts. Method: Chromium against
// the real stack, with the application held back until it has been looked at.
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { useStack } from "../lib/context.ts";
import { makeCampaign } from "../lib/fixtures.ts";
import { until } from "../lib/until.ts";
import { launch } from "./browser.ts";

const context = useStack();
const HOSTILE = '</script><img src=x onerror="document.title=1">';
const PARTS = ["header a", "h1", "h1 + p", "h1 ~ a", "main img"];
let browser: Browser;
let base: string;
let campaign: string;

beforeAll(async () => {
  base = process.env.CAREFORALL_E2E_URL ?? context.stack.url("GATEWAY");
  browser = await launch();
  const id = await makeCampaign(context.sql, { state: "draft" });
  await context.sql.rows(
    `UPDATE careforall.campaigns SET title = $2, summary = 'Thirty beds, and a stove.',
       image_url = '/images/winter-shelter.svg', image_alt = 'Beds' WHERE id = $1`,
    [id, HOSTILE],
  );
  await context.sql.rows("UPDATE careforall.campaigns SET state = 'active' WHERE id = $1", [id]);
  const slug = await context.sql.value<string>("SELECT slug FROM careforall.campaigns WHERE id = $1", [id]);
  campaign = `/campaigns/${slug}`;
  await until("the campaign to be listed", async () => (await (await fetch(base)).text()).includes(campaign));
});

afterAll(() => browser.close());

/** A page without its application, and how to let that come. */
async function held(options: BrowserContextOptions, kept: Record<string, string> = {}): Promise<{ page: Page; release: () => void }> {
  let release = () => {};
  const promise = new Promise<void>((resolve) => (release = resolve));
  const page = await (await browser.newContext({ baseURL: base, ...options })).newPage();
  await page.addInitScript((entries) => {
    for (const [name, value] of Object.entries(entries)) localStorage.setItem(name, value);
  }, kept);
  await page.route("**/assets/base-*.js", async (route) => {
    await promise;
    await route.continue();
  });
  return { page, release };
}

/** Words and places of the parts that both have, when their fonts are there. */
async function parts(page: Page): Promise<{ words: string; place: number[] }[]> {
  await page.evaluate(() => document.fonts.ready);
  return page.evaluate(
    (selectors) =>
      selectors.map((selector) => {
        const part = document.querySelector(selector);
        const box = part?.getBoundingClientRect();
        return { words: `${selector}: ${part?.textContent ?? ""}`.trim(), place: box === undefined ? [] : [box.x, box.y, box.width, box.height] };
      }),
    PARTS,
  );
}

test.each([
  ["/", { locale: "en-GB", viewport: { width: 360, height: 800 } }],
  ["/", { locale: "ar", viewport: { width: 1280, height: 800 } }],
  ["campaign", { locale: "de-DE", viewport: { width: 360, height: 800 }, colorScheme: "dark" }],
  ["campaign", { locale: "en-GB", viewport: { width: 1280, height: 800 } }],
] satisfies [string, BrowserContextOptions][])("%s begins as the application goes on: %j", async (where, options) => {
  const { page, release } = await held(options);
  await page.goto(where === "/" ? where : campaign, { waitUntil: "commit" });
  await page.locator("h1").waitFor();
  const before = await parts(page);
  expect(await page.locator("main#main").count()).toBe(0);
  expect(await page.locator("html").getAttribute("data-theme")).toBe("colorScheme" in options ? "dark" : "light");
  release();
  await page.locator("main#main h1").waitFor();
  const after = await parts(page);
  expect(after.map(({ words }) => words)).toEqual(before.map(({ words }) => words));
  // To the pixel, but for fractions.
  const moved = after.flatMap(({ place }, part) => place.map((now, side) => Math.abs(now - (before[part]?.place[side] ?? NaN))));
  expect(Math.max(...moved)).toBeLessThanOrEqual(1);
  expect(before[0]?.place).toHaveLength(4);
  expect(before[1]?.words).toBe(`h1: ${where === "/" ? ((await page.locator("h1").textContent()) ?? "") : HOSTILE}`);
  expect(await page.locator("h1").count()).toBe(1);
  await page.context().close();
});

test("words in a language that the reader has changed are not shown, pictures are", async () => {
  const { page, release } = await held({ locale: "en-GB" }, { "cfa:language": "de" });
  await page.goto("/", { waitUntil: "commit" });
  await page.locator("main img").waitFor();
  expect(await page.locator("h1").isVisible()).toBe(false);
  release();
  await page.getByRole("heading", { level: 1, name: "Aus vielen kleinen Stücken wird ein Ganzes." }).waitFor();
  await page.context().close();
});

test("without scripts there is a page, and its links lead on", async () => {
  const page = await (await browser.newContext({ baseURL: base, locale: "en-GB", javaScriptEnabled: false })).newPage();
  await page.goto(campaign);
  await page.getByRole("heading", { level: 1, name: HOSTILE }).waitFor();
  await page.getByRole("img", { name: "Beds" }).waitFor();
  await page.locator("header a").click();
  await page.getByRole("link", { name: "Find a campaign" }).click();
  expect(new URL(page.url()).hash).toBe("#campaigns");
  await page.locator("#campaigns").getByRole("link", { name: HOSTILE }).click();
  await page.waitForURL(base + campaign);
  expect(await page.getByRole("main").count()).toBe(1);
  await page.context().close();
});
