// SPDX-License-Identifier: Apache-2.0
// Goal: donors are asked for news by e-mail where the campaign offers them, by a box that
// nobody has ticked; what they said is in the owner's list, and ends where they end it.
// Method: owner and donors in Chromium against the real stack, light and dark.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { publishedOf } from "../lib/campaign.ts";
import { useStack } from "../lib/context.ts";
import { pledgeBody } from "../lib/http.ts";
import { until } from "../lib/until.ts";
import { expectAccessible, expectAccessibleInBoth, expectNoSideways, launch, visit } from "./browser.ts";
import { fillIn, privatePage } from "./giving.ts";

const context = useStack();
let browser: Browser;
let base: string;

beforeAll(async () => {
  base = process.env.CAREFORALL_E2E_URL ?? context.stack.url("GATEWAY");
  browser = await launch();
});

afterAll(() => browser.close());

test("offered by the owner, agreed to by a donor, seen, found and withdrawn", async () => {
  const owner = await context.login("owner");
  const { id, slug } = await publishedOf(owner, { owner: { name: "Water Works" } });
  const desk = await visit(browser, base, { person: owner });
  await desk.page.goto(`/admin/campaigns/${id}`);
  const offer = desk.page.getByLabel("Ask donors if they want news by e-mail");
  expect(await offer.isChecked()).toBe(false);
  await offer.check();
  await expectAccessible(desk.page, "campaign with news");
  await desk.page.getByRole("button", { name: "Save" }).click();
  await until("the offer to be public", async () => (await context.http.get(`/api/v1/campaigns/${slug}`)).body.news_offered === true);

  const donor = await visit(browser, base, { width: 360, theme: "dark" });
  const { page } = donor;
  await page.goto(`/campaigns/${slug}/give`);
  await page.getByLabel(/another amount/).fill("20");
  await page.getByRole("button", { name: "Continue" }).click();
  const box = page.getByLabel("Yes, Water Works may send me news of this campaign by e-mail.");
  await box.waitFor();
  expect(await box.isChecked()).toBe(false);
  await expectAccessibleInBoth(page, "details with news");
  await expectNoSideways(page);
  await page.getByLabel("Name", { exact: true }).fill("Ada Tester");
  await page.getByLabel("E-mail address").fill("ada@example.org");
  await box.check();
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByText("Yes, from Water Works").waitFor();
  await page.getByRole("button", { name: /^Give .* now$/ }).click();
  const link = page.getByRole("link", { name: /private page|your gift/i }).first();
  await link.waitFor();
  const given = await context.sql.row<{ pledge_id: string; text_version: string; language: string }>(
    "SELECT pledge_id::text, text_version, language FROM careforall.news_consents WHERE campaign_id = $1",
    [id],
  );
  expect(given).toMatchObject({ text_version: "2026-11", language: expect.stringMatching(/^en/) as string });

  await desk.page.goto(`/admin/campaigns/${id}/pledges?news=true`);
  await desk.page.getByText("Wants news").waitFor();

  await link.click();
  await page.getByText("You get news of this campaign by e-mail").waitFor();
  await expectAccessibleInBoth(page, "pledge with news");
  await page.getByRole("button", { name: "No more news" }).click();
  await page.getByText("You get no more news of this campaign").waitFor();
  expect(await page.evaluate(() => document.activeElement?.getAttribute("data-news"))).toBe("withdrawn");
  await page.reload();
  await page.getByText("You get no more news of this campaign").waitFor();
  await desk.page.reload();
  await desk.page.getByText("Nothing fits", { exact: true }).waitFor();
  expect([donor.faults, desk.faults]).toEqual([[], []]);
  await donor.close();
  await desk.close();
});

test("not asked for where they are not offered, and nobody agrees by giving", async () => {
  const owner = await context.login("owner");
  const offering = await publishedOf(owner, { news_offered: true });
  const silent = await publishedOf(owner);
  for (const [campaign, boxes] of [[offering, 1], [silent, 0]] as const) {
    await until("the campaign to be public", async () => (await context.http.get(`/api/v1/campaigns/${campaign.slug}`)).status === 200);
    const { page, faults, close } = await visit(browser, base);
    await page.goto(`/campaigns/${campaign.slug}/give`);
    await fillIn(page, "20");
    expect(await page.getByText("News by e-mail").count()).toBe(0);
    await page.getByRole("button", { name: "Back" }).click();
    await page.getByLabel("E-mail address").waitFor();
    if (boxes > 0) await page.getByLabel(/may send me news/).waitFor();
    else expect(await page.getByLabel(/may send me news/).count()).toBe(0);
    expect(faults).toEqual([]);
    await close();
  }
  const { body: pledge } = await context.http.pledge(offering.id, pledgeBody());
  const { page, faults, close } = await visit(browser, base);
  await page.goto(privatePage(pledge));
  await page.getByRole("heading", { level: 1 }).waitFor();
  expect(await page.locator("[data-news]").count()).toBe(0);
  expect(faults).toEqual([]);
  await close();
});
