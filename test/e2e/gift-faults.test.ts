// SPDX-License-Identifier: Apache-2.0
// Goal: whatever an answer is, late, broken or a refusal, the donor is told the truth and the
// gift counts once. Method: in Chromium one donor after the other gives, each with an
// amount of their own; between the page and the real stack each gift meets another fault,
// and the database says what came of it.
import type { Browser, Page, Route } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { useStack } from "../lib/context.ts";
import { expectAccessibleInBoth, launch, visit, type Visitor } from "./browser.ts";
import { fillIn, publicCampaign, type PublicCampaign } from "./giving.ts";

const WRITE_TIMEOUT_MS = 20_000;

const context = useStack();
let browser: Browser;
let campaign: PublicCampaign;
let donor: Visitor;
let page: Page;
let amount = 20;
let keys: string[] = [];

beforeAll(async () => {
  browser = await launch();
  campaign = await publicCampaign(context);
  donor = await visit(browser, process.env.CAREFORALL_E2E_URL ?? context.stack.url("GATEWAY"));
  page = donor.page;
  // The page waits for 20 seconds; where no answer is to come, for one.
  await page.addInitScript((waits) => {
    const timeout = AbortSignal.timeout.bind(AbortSignal);
    AbortSignal.timeout = (ms) => timeout(ms === waits && "isHasty" in window ? 1_000 : ms);
  }, WRITE_TIMEOUT_MS);
});

afterAll(async () => {
  await donor.close();
  await browser.close();
});

/** A donor who knows nothing of the one before has filled everything in. */
beforeEach(async () => {
  amount++;
  keys = [];
  await page.unrouteAll({ behavior: "ignoreErrors" });
  await page.goto("/site.webmanifest");
  await page.evaluate(() => [localStorage, sessionStorage].forEach((one) => one.clear()));
  await page.goto(`/campaigns/${campaign.slug}/give`);
  donor.faults.length = 0;
  await fillIn(page, String(amount));
});

afterEach(() => expect(donor.faults).toEqual([]));

const alert = () => page.getByRole("alert");
const button = (name: string) => page.getByRole("button", { name, exact: true });

/** The gift meets the fault once, or as often as told, and then the real stack. */
async function give(fault: (route: Route) => Promise<void>, times = 1): Promise<void> {
  await page.route("**/pledges", async (route) => {
    keys.push((await route.request().headerValue("idempotency-key")) ?? "");
    return keys.length <= times ? fault(route) : route.continue();
  });
  await button(`Give €${amount}.00 now`).click();
}

/** The gift has arrived, once. */
async function arrived(): Promise<void> {
  await page.locator("[data-state='confirmed']").waitFor();
  const rows = await context.sql.rows(
    "SELECT state FROM careforall.pledges WHERE campaign_id = $1 AND amount_minor = $2",
    [campaign.id, amount * 100],
  );
  expect(rows).toEqual([{ state: "confirmed" }]);
}

const answer = (status: number, body: object, headers: Record<string, string> = {}) => (route: Route) =>
  route.fulfill({
    status,
    headers: { "Content-Type": "application/problem+json", ...headers },
    body: JSON.stringify({ status, title: "x", type: "x", ...body }),
  });

/** The server does its part, and something else arrives. */
const instead = (after: (route: Route) => Promise<void>) => async (route: Route) => {
  await route.fetch();
  await after(route);
};

const nothing = () => Promise.resolve();

const NO_ANSWER = instead(nothing);
const FIRST = instead(answer(500, { code: "internal" }, { "X-Request-Id": "req-of-the-fault" }));

test.each([
  ["500 after the pledge was made", "We cannot take it right now", FIRST],
  ["502 by somebody between", "We cannot take it right now", (route: Route) => route.fulfill({ status: 502, contentType: "text/html", body: "<h1>Bad gateway</h1>" })],
  ["no answer in time", "No answer yet", NO_ANSWER],
  ["an answer cut short", "The connection broke", instead((route) => route.fulfill({ status: 201, contentType: "application/json", body: '{"id":"0199' }))],
  ["the first try still under way", "We cannot take it right now", answer(409, { code: "request-in-progress" })],
] as const)("%s: the outcome is not known, and sent again it is one gift", async (_name, said, fault) => {
  if (fault === NO_ANSWER) await page.evaluate(() => Object.assign(window, { isHasty: true }));
  await give(fault);
  await alert().getByText(said).waitFor();
  await page.evaluate(() => delete (window as { isHasty?: boolean }).isHasty);
  expect(await alert().innerText()).not.toContain("Nothing was charged");
  expect(await alert().innerText()).toContain("counts once at most");
  // What may have gone through cannot be changed.
  expect(await button("Back").count()).toBe(0);
  if (fault === FIRST) {
    await alert().getByText("req-of-the-fault").waitFor();
    await expectAccessibleInBoth(page, said);
  }
  await button("Send again safely").click();
  await arrived();
  expect(new Set(keys).size).toBe(1);
  expect(keys).toHaveLength(2);
});

test("503 with a time to wait is waited out by the page itself, once", async () => {
  await give(answer(503, { code: "overloaded" }, { "Retry-After": "1" }), 2);
  await expect.poll(() => keys.length, { timeout: 10_000 }).toBe(2);
  await button("Send again safely").click();
  await arrived();
  expect(new Set(keys).size).toBe(1);
  expect(keys).toHaveLength(3);
});

test("loaded anew while an answer is awaited, the same gift is offered once more", async () => {
  await give(instead(nothing));
  await page.getByRole("button", { name: /^Sending/ }).waitFor();
  await expect.poll(() => keys.length).toBe(1);
  await page.reload();
  await alert().getByText("This gift was on its way").waitFor();
  await button("Send again safely").click();
  await arrived();
  expect(keys[1]).toBe(keys[0]);
});

test("a button that is hit again and again sends one gift", async () => {
  let release = nothing;
  const held = new Promise<void>((done) => (release = () => Promise.resolve(done())));
  await give(async (route) => {
    await held;
    await route.continue();
  });
  const sending = page.getByRole("button", { name: /^Sending/ });
  await sending.dblclick({ force: true });
  await sending.focus();
  for (const key of ["Enter", "Enter", "Space"]) await page.keyboard.press(key);
  await release();
  await arrived();
  expect(keys).toHaveLength(1);
});

test("a key that stands for another gift is given up for a new one", async () => {
  await give(answer(422, { code: "idempotency-key-reused" }));
  await alert().getByText("This page was used for another gift").waitFor();
  expect(await alert().innerText()).toContain("Nothing was charged");
  await button(`Try again: give €${amount}.00 now`).click();
  await arrived();
  expect(keys[1]).not.toBe(keys[0]);
});

test("an entry that only the server finds faulty is named beside its field", async () => {
  const errors = [{ pointer: "/donor/email", code: "invalid_email", detail: "This address does not exist." }];
  await give(answer(422, { code: "validation-failed", errors }));
  await page.getByRole("heading", { name: "Who is it from?" }).waitFor();
  await page.locator("#gift-email-error").waitFor();
  expect(await page.getByLabel("E-mail address").getAttribute("aria-invalid")).toBe("true");
  await expectAccessibleInBoth(page, "refused entry");
  await page.getByLabel("E-mail address").fill("ada@example.net");
  await button("Continue").click();
  await button(`Give €${amount}.00 now`).click();
  await arrived();
  expect(keys[1]).not.toBe(keys[0]);
});

test("a campaign that was paused meanwhile says that nothing was charged, and leads on", async () => {
  await give(answer(409, { code: "campaign-not-accepting", reason: "paused" }));
  await alert().getByText("The owner has just paused it. Nothing was charged.").waitFor();
  await expectAccessibleInBoth(page, "paused");
  await page.getByRole("link", { name: "See other campaigns" }).click();
  await page.getByRole("heading", { level: 2, name: "Campaigns" }).waitFor();
});
