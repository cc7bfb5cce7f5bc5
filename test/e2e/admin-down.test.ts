// SPDX-License-Identifier: Apache-2.0
// Goal: the dashboard tells which part is down, goes on with what does not need it, and
// tells when it is back. Method: cache, broker and a process of the running stack are
// stopped and started again; Chromium looks on, with a clock that runs ahead of ours.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { useStack } from "../lib/context.ts";
import { makeCampaign, sqlPledge } from "../lib/fixtures.ts";
import { until } from "../lib/until.ts";
import { expectAccessible, launch, visit } from "./browser.ts";

const context = useStack();
let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

/** What the card of a part says of it: ok, warn or bad. */
const toneOf = async (page: Page, part: string): Promise<string | null> => {
  await page.locator("[data-part]").first().waitFor();
  return page.locator("[data-part]").filter({ has: page.getByText(part, { exact: true }) }).getAttribute("data-part");
};

test("health tells of the cache, the broker and a process that are down, and of their return", async () => {
  const admin = await context.login("admin");
  const campaign = await makeCampaign(context.sql);
  const { page, faults, close } = await visit(browser, process.env.CAREFORALL_E2E_URL ?? context.stack.url("GATEWAY"), { person: admin });
  await page.clock.install();
  /** The page asks every few seconds of its clock. */
  const becomes = (what: string, isSo: () => Promise<boolean>) =>
    until(what, async () => (await isSo()) || (await page.clock.fastForward(5_000)), 90_000);
  const partBecomes = (part: string, tone: string) => becomes(`${part} to be ${tone}`, async () => (await toneOf(page, part)) === tone);
  await page.goto("/admin/health");
  for (const part of ["API", "Cache", "Database", "Relay", "Projector", "Payments"]) await partBecomes(part, "ok");
  try {
    await context.stack.stop(["redis", "nats", "payments"]);
    // What only needs the database works: a pledge is made, found and looked at.
    const id = (await sqlPledge(context.sql, campaign, { amount: 4_500 })).pledge_id ?? "";
    await partBecomes("Cache", "warn");
    await partBecomes("Payments", "bad");
    await partBecomes("Relay", "warn");
    await page.getByText("NATS is away").waitFor();
    expect(await toneOf(page, "Database")).toBe("ok");
    await becomes("the events that wait to be told", async () => (await page.locator("[data-check^='consumer ']").getByText("is NATS up?").count()) > 0);
    expect(await page.locator("[data-health]").getAttribute("data-health")).not.toBe("ok");
    await expectAccessible(page, "parts that are down");
    await page.goto(`/admin/pledges?reference=${id}`);
    await page.locator(`[data-pledge='${id}']`).getByRole("link").first().click();
    await page.getByRole("heading", { level: 1, name: "Pledge of €45.00" }).waitFor();
    await page.locator("[data-event='pledge.created']").getByText("Waits").waitFor();
  } finally {
    await context.stack.start(["redis", "nats", "payments"]);
  }
  await page.locator("[data-history='payment_succeeded']").waitFor();
  await page.locator("[data-event='pledge.confirmed']").getByText("Published").waitFor();
  await page.getByRole("link", { name: "Health" }).click();
  for (const part of ["API", "Cache", "Read model", "Relay", "Projector", "Payments"]) await partBecomes(part, "ok");
  expect(faults).toEqual([]);
  await close();
});
