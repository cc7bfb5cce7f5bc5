// SPDX-License-Identifier: Apache-2.0
// Goal: a refund above the limit is told to need a second person before it is asked for,
// waits where those see it who may decide, and is approved, rejected and withdrawn there by
// those who may, never by who proposed it. Method: Chromium against the real stack as an
// administrator and the owner, in a currency with a limit; the database says what happened.
import { afterAll, beforeAll, expect, test } from "vitest";
import { publishedOf } from "../lib/campaign.ts";
import { useStack } from "../lib/context.ts";
import type { Person } from "../lib/account.ts";
import { pledgeBody, type CreatedPledge } from "../lib/http.ts";
import { pledgeIs, storedPledge } from "../lib/pledge.ts";
import { until } from "../lib/until.ts";
import { decide, expectAccessibleInBoth, expectNoSideways, visit, type Visitor } from "./browser.ts";
import { useDesk } from "./desk.ts";

const context = useStack();
const desk = useDesk(context);
const currency = "NOK";
let owner: Person;
let campaign: string;
let theirs: Visitor;

beforeAll(async () => {
  owner = await context.login("owner");
  campaign = (await publishedOf(owner, { currency, goal: { amount: 500_000, currency } })).id;
  theirs = await visit(desk.browser, desk.base, { person: owner });
  await context.sql.rowsAs("admin", "SELECT careforall.refund_limit_set($1, 1000, 'for a test')", [currency]);
});
afterAll(async () => {
  await context.sql.rowsAs("admin", "SELECT careforall.refund_limit_remove($1, 'the test is over')", [currency]);
});

async function gift(amount: number, name: string): Promise<CreatedPledge> {
  const made = await context.http.pledge(campaign, pledgeBody(amount, { amount: { amount, currency }, donor: { name, email: `${desk.tag}@example.org` } }));
  await pledgeIs(context.sql, made.body.id, "confirmed");
  return made.body;
}

test("an administrator proposes, the owner approves, and both see what became of it", async () => {
  const { id } = await gift(5_000, "Solveig");
  const { page } = desk;
  await page.goto(`/admin/pledges/${id}`);
  await page.getByRole("button", { name: "Refund…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Reason").fill("the concert is cancelled");
  await dialog.getByRole("button", { name: "Show what would happen" }).click();
  await dialog.getByText("A second person must approve it: only NOK 10.00 of this gift can still be given back by one person alone.").waitFor();
  await dialog.getByRole("button", { name: "Propose to give NOK 50.00 back" }).click();
  await dialog.waitFor({ state: "detached" });
  const own = page.locator("[data-proposal='waiting']");
  await own.getByText("You proposed it, so somebody else approves it.").waitFor();
  expect(await own.getByRole("button", { name: /Approve|Reject/ }).count()).toBe(0);
  await expectAccessibleInBoth(page, "a proposal on the page of its pledge");
  expect((await storedPledge(context.sql, id)).refunded_minor).toBe(0);

  const seen = theirs.page;
  await seen.goto("/admin");
  await seen.locator("[data-figure='refund_proposals']").getByText("1", { exact: true }).waitFor();
  await seen.locator("[data-figure='refund_proposals']").click();
  await seen.waitForURL("**/admin/refund-proposals");
  await seen.locator("[data-total='1']").waitFor();
  const card = seen.locator("[data-proposal-state='waiting']");
  await card.getByText("the concert is cancelled").waitFor();
  await expectAccessibleInBoth(seen, "what waits for a second person");
  await card.getByRole("button", { name: "Approve…" }).click();
  await seen.getByRole("dialog").getByRole("button", { name: "Approve NOK 50.00" }).click();
  await seen.getByText("No refund waits for a second person").waitFor();
  await until("the money to go back", async () => (await storedPledge(context.sql, id)).state === "refunded");
  await seen.getByRole("link", { name: "Approved" }).click();
  await seen.locator("[data-proposal-state='approved']").waitFor();

  await page.reload();
  await page.locator("[data-proposal='approved']").waitFor();
  await page.locator("[data-audit='refund_proposal.approved']").waitFor();
  await page.locator("main [data-refund='succeeded']").waitFor();
});

test("what a donor asks for waits with its request; it is rejected with a reason, and withdrawn", async () => {
  const { id, token } = await gift(4_000, "Astrid");
  await context.http.call("POST", `/api/v1/pledges/${id}/refund-request`, { json: { message: "I cannot come." }, headers: { "Pledge-Token": token } });
  const seen = theirs.page;
  await seen.goto("/admin/refund-requests");
  const request = seen.locator("[data-request-state='open']");
  const accept = async () => {
    await request.getByRole("button", { name: "Accept…" }).click();
    await seen.getByRole("dialog").getByRole("button", { name: "Show what would happen" }).click();
    await seen.getByRole("dialog").getByRole("button", { name: "Propose to give NOK 40.00 back" }).click();
    await request.locator("[data-proposal]").waitFor();
  };
  await accept();
  expect(await request.getByRole("button", { name: "Accept…" }).count()).toBe(0);
  await expectAccessibleInBoth(seen, "a request that waits for a second person");
  await request.getByRole("button", { name: "Withdraw…" }).click();
  await seen.getByRole("dialog").getByRole("button", { name: "Withdraw" }).click();
  await request.locator("[data-proposal]").waitFor({ state: "detached" });
  await accept();

  const { page } = desk;
  await page.goto("/admin/refund-proposals");
  const card = page.locator("[data-proposal-state='waiting']").filter({ hasText: "Astrid" });
  await card.getByRole("button", { name: "Reject…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Reject" }).click();
  await page.getByRole("dialog").getByText("at least 3 characters").waitFor();
  await decide(page, "the tickets were used", "Reject");
  await card.waitFor({ state: "detached" });
  expect((await storedPledge(context.sql, id)).refunded_minor).toBe(0);
  await page.setViewportSize({ width: 320, height: 800 });
  await page.goto("/admin/refund-proposals?state=rejected");
  await page.getByText("the tickets were used").waitFor();
  await expectNoSideways(page);
  expect(desk.view.faults).toEqual([]);
  expect(theirs.faults).toEqual([]);
});
