// SPDX-License-Identifier: Apache-2.0
// Goal: the dashboard tells which part is down, goes on with what does not need it, and
// tells when it is back. Method: cache, broker and a process of the running stack are
// stopped and started again; Chromium looks on.
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
  const becomes = (part: string, tone: string) => until(`${part} to be ${tone}`, async () => (await toneOf(page, part)) === tone);
  await page.goto("/admin/health");
  for (const part of ["API", "Cache", "Database", "Relay", "Projector", "Payments"]) await becomes(part, "ok");
  try {
    await context.stack.stop(["redis", "nats", "payments"]);
    await becomes("Cache", "warn");
    await becomes("Payments", "bad");
    await becomes("Relay", "warn");
    await page.getByText("NATS is away").waitFor();
    expect(await toneOf(page, "Database")).toBe("ok");
    await until("the verdict to follow", async () => (await page.locator("[data-health]").getAttribute("data-health")) !== "ok", 90_000);
    await expectAccessible(page, "parts that are down");
    // What only needs the database works: a pledge is made, found and looked at.
    const id = (await sqlPledge(context.sql, campaign, { amount: 4_500 })).pledge_id ?? "";
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
  for (const part of ["API", "Cache", "Read model", "Relay", "Projector", "Payments"]) await becomes(part, "ok");
  expect(faults).toEqual([]);
  await close();
}, 180_000);
