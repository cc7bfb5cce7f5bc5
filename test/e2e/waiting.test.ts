// SPDX-License-Identifier: Apache-2.0
// Goal: whoever cannot give now is told why and what to do next: be reminded, wait, or look at
// others; waits, sees the place, leaves; and those who run the campaign see and invite. Method:
// Chromium against the real stack; what the pages say is held against the database.
import { readFile } from "node:fs/promises";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { useStack } from "../lib/context.ts";
import { until } from "../lib/until.ts";
import { expectAccessibleInBoth, expectNoSideways, launch, visit } from "./browser.ts";
import { publicCampaign } from "./giving.ts";

const context = useStack();
let browser: Browser;
let base: string;

beforeAll(async () => {
  base = process.env.CAREFORALL_E2E_URL ?? context.stack.url("GATEWAY");
  browser = await launch();
});
afterAll(() => browser.close());

test.each([
  ["not started", { starts: "2 days" }, "This campaign starts on", "remind"],
  ["paused", { state: "paused" }, "has paused this campaign", "wait"],
  ["full", { cap: 0 }, "has all the money it can use", "wait"],
  ["ended", { starts: "-2 days", ends: "-1 day" }, "has ended and takes no more gifts", "others"],
  ["closed", { state: "closed" }, "was closed by its owner", "others"],
] as const)("a campaign that is %s says so, and what to do", async (_, options, reason, next) => {
  const { slug } = await publicCampaign(context, options);
  const donor = await visit(browser, base, { width: 360 });
  const { page } = donor;
  await page.goto(`/campaigns/${slug}`);
  await page.getByText(reason).waitFor();
  await page.locator("main").getByRole("link", { name: /other campaigns/i }).first().waitFor();
  expect(await page.locator("[data-give]").count()).toBe(0);
  if (next === "remind") {
    const [download] = await Promise.all([page.waitForEvent("download"), page.locator("[data-remind]").click()]);
    expect(download.suggestedFilename()).toBe(`${slug}.ics`);
    const text = await readFile(await download.path(), "utf8");
    expect(text).toContain(`\r\nSUMMARY:Campaign ${slug} starts\r\n`);
  } else if (next === "wait") {
    await page.getByRole("link", { name: "Join the waiting list" }).click();
    await page.getByLabel("E-mail address").waitFor();
  } else {
    await page.locator("h1").waitFor();
    expect(await page.locator("[data-remind]").count()).toBe(0);
  }
  await expectNoSideways(page);
  expect(donor.faults).toEqual([]);
  await donor.close();
});

test("somebody waits for a reward, is invited, sees it and leaves", async () => {
  const owner = await context.login("owner");
  const { id, slug, rewards } = await publicCampaign(context, { rewards: [{ quantity: 0 }] });
  await context.sql.rows("UPDATE careforall.campaigns SET owner_id = $2 WHERE id = $1", [id, owner.id]);
  const donor = await visit(browser, base);
  const { page } = donor;
  await page.goto(`/campaigns/${slug}`);
  await page.getByRole("link", { name: "Join the waiting list for Reward" }).click();
  await page.getByRole("heading", { level: 1, name: "Waiting list" }).waitFor();
  await expectAccessibleInBoth(page, "waiting list, form");
  await page.getByRole("button", { name: "Join the waiting list" }).click();
  await page.getByText("Please enter a name").waitFor();
  await until("the focus to be on the first fault", () => page.evaluate(() => document.activeElement?.id === "wait-name"));
  await page.getByLabel("Name", { exact: true }).fill("Wanda Waits");
  await page.getByLabel("E-mail address").fill("wanda@example.org");
  await page.getByRole("button", { name: "Join the waiting list" }).click();
  await page.locator("[data-waiting='waiting'] [data-position='1']").waitFor();
  await expectAccessibleInBoth(page, "waiting list, place");
  const private_page = page.url();
  expect(private_page).toMatch(/\/waiting\/[0-9a-f-]{36}#[\w-]{43}$/);

  // The browser knows of it.
  await page.goto(`/campaigns/${slug}`);
  await page.getByRole("link", { name: "Your place in the waiting list for Reward" }).waitFor();

  const desk = await visit(browser, base, { person: owner });
  await desk.page.goto(`/admin/campaigns/${id}/waiting`);
  await desk.page.getByText("wanda@example.org").waitFor();
  await desk.page.locator(`[data-queue='${rewards[0] ?? ""}']`).getByText("No place free").waitFor();
  await expectAccessibleInBoth(desk.page, "waiting list of the team");
  await context.sql.rows("UPDATE careforall.rewards SET quantity = 1 WHERE id = $1", [rewards[0]]);
  await desk.page.reload();
  await desk.page.locator(`[data-queue='${rewards[0] ?? ""}']`).getByText("A place is free").waitFor();
  await desk.page.getByRole("button", { name: "Mark as invited: Wanda Waits" }).click();
  await desk.page.locator("[data-state='invited']").waitFor();
  expect(await context.sql.value("SELECT state FROM careforall.waiting_entries WHERE campaign_id = $1", [id])).toBe("invited");

  await page.goto(private_page);
  await page.getByRole("heading", { level: 1, name: "You are invited" }).waitFor();
  await page.locator("[data-free='true']").waitFor();
  await page.getByRole("button", { name: "Leave the waiting list" }).click();
  await page.getByText("This cannot be taken back").waitFor();
  await page.getByRole("button", { name: "Leave the waiting list" }).click();
  await page.getByRole("heading", { level: 1, name: "You have left the waiting list" }).waitFor();
  expect(await context.sql.value("SELECT count(*)::int FROM careforall.waiting_entries WHERE campaign_id = $1", [id])).toBe(0);
  await page.goto("/");
  await page.goto(private_page);
  await page.getByRole("heading", { level: 1, name: "This link does not open a place" }).waitFor();
  expect([...donor.faults, ...desk.faults]).toEqual([]);
  await donor.close();
  await desk.close();
});

test("the team closes a reward at what is in use", async () => {
  const owner = await context.login("owner");
  const { id, rewards } = await publicCampaign(context, { rewards: [{ quantity: 7 }] });
  await context.sql.rows("UPDATE careforall.campaigns SET owner_id = $2 WHERE id = $1", [id, owner.id]);
  const desk = await visit(browser, base, { person: owner });
  await desk.page.goto(`/admin/campaigns/${id}/rewards`);
  await desk.page.locator("[data-free='7']").waitFor();
  await desk.page.getByRole("button", { name: "Close now: Reward" }).click();
  await desk.page.getByRole("alertdialog").getByRole("button", { name: "Close now" }).click();
  await desk.page.locator("[data-free='0']").waitFor();
  expect(await context.sql.value("SELECT quantity FROM careforall.rewards WHERE id = $1", [rewards[0]])).toBe(0);
  expect(desk.faults).toEqual([]);
  await desk.close();
});
