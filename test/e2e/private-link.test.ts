// SPDX-License-Identifier: Apache-2.0
// Goal: whoever opens a private link whose time is over is told what to do, on a sound page;
// an administrator renews it, and the same link opens again; who has the gift in an account
// gets to it. Method: pledges whose history is made old, in Chromium against the real stack.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { useStack } from "../lib/context.ts";
import { pledgeBody, type CreatedPledge, type Http } from "../lib/http.ts";
import { expireLink, pledgeIs } from "../lib/pledge.ts";
import { decide, expectAccessibleInBoth, expectNoSideways, launch, visit } from "./browser.ts";
import { privatePage, publicCampaign, type PublicCampaign } from "./giving.ts";

const context = useStack();
let browser: Browser;
let base: string;
let campaign: PublicCampaign;

beforeAll(async () => {
  base = process.env.CAREFORALL_E2E_URL ?? context.stack.url("GATEWAY");
  browser = await launch();
  campaign = await publicCampaign(context);
});

afterAll(() => browser.close());

async function confirmed(http: Http = context.http): Promise<CreatedPledge> {
  const { body } = await http.pledge(campaign.id, pledgeBody(2500));
  await pledgeIs(context.sql, body.id, "confirmed");
  return body;
}

test("an expired link says what to do, is renewed by an administrator, and opens again", async () => {
  const pledge = await confirmed();
  const donor = await visit(browser, base, { width: 320 });
  const { page } = donor;
  await page.goto(privatePage(pledge));
  await page.getByText(/^This private link opens your gift until /).waitFor();
  await expireLink(context.sql, pledge.id);

  await page.reload();
  await page.getByRole("heading", { level: 1, name: "This private link has expired" }).waitFor();
  await page.getByText(/^It opened your gift until /).waitFor();
  await page.getByText(pledge.id).waitFor();
  expect(await page.getByRole("main").getByRole("link", { name: "Log in" }).count()).toBe(0);
  expect(await page.getByText("Ada Tester").count()).toBe(0);
  await expectAccessibleInBoth(page, "an expired link");
  await expectNoSideways(page);
  await page.getByRole("button", { name: "Try the link again" }).click();
  await page.getByRole("status").getByText("It still does not open the gift.").waitFor();
  await page.goto(`/pledges/${pledge.id}/receipt#${pledge.token}`);
  await page.getByRole("heading", { level: 1, name: "This private link has expired" }).waitFor();
  await page.goto(`/pledges/${pledge.id}#${"A".repeat(43)}`);
  await page.getByRole("heading", { level: 1, name: "This link does not open a gift" }).waitFor();
  // A change of only what stands behind "#" would load nothing.
  await page.goto("/");
  await page.goto(privatePage(pledge));
  await page.getByRole("heading", { level: 1, name: "This private link has expired" }).waitFor();

  const admin = await visit(browser, base, { person: await context.login("admin") });
  await admin.page.goto(`/admin/pledges/${pledge.id}`);
  await admin.page.locator("[data-link='expired']").waitFor();
  await admin.page.getByRole("button", { name: "Renew the private link…" }).click();
  const dialog = admin.page.getByRole("dialog");
  await dialog.getByLabel("For how many days from now").fill("0");
  await dialog.getByLabel("Reason").fill("the donor wrote to us");
  await dialog.getByRole("button", { name: "Show what would happen" }).click();
  await dialog.getByText("Give a number from 1 to 3,650.").waitFor();
  await dialog.getByLabel("For how many days from now").fill("14");
  await decide(admin.page, "the donor wrote to us", "Renew", 1);
  await admin.page.locator("[data-link='open']").waitFor();
  await admin.page.getByRole("rowheader", { name: "Private link renewed" }).waitFor();
  await expectAccessibleInBoth(admin.page, "a pledge with a renewed link");
  expect(await context.sql.value("SELECT valid_until - renewed_at = '14 days' FROM careforall.pledge_link_renewals WHERE pledge_id = $1", [pledge.id])).toBe(true);

  await page.getByRole("button", { name: "Try the link again" }).click();
  await page.getByRole("heading", { level: 1, name: "Your gift" }).waitFor();
  await page.getByText("Ada Tester").first().waitFor();
  expect([...donor.faults, ...admin.faults]).toEqual([]);
  await donor.close();
  await admin.close();
});

test("a gift that an account has is to be seen there, by whoever logs in to it", async () => {
  const person = await context.login();
  const pledge = await confirmed(person.http);
  await expireLink(context.sql, pledge.id);
  const guest = await visit(browser, base);
  await guest.page.goto(privatePage(pledge));
  await guest.page.getByText("This gift belongs to an account.").waitFor();
  await guest.page.getByRole("main").getByRole("link", { name: "Log in" }).click();
  await guest.page.waitForURL(`**/login?return=*`);
  // The token stays out of addresses that a server hears of.
  expect(decodeURIComponent(guest.page.url())).not.toContain(pledge.token);
  expect(new URL(guest.page.url()).searchParams.get("return")).toContain(`/pledges/${pledge.id}`);

  const other = await visit(browser, base, { person: await context.login() });
  await other.page.goto(privatePage(pledge));
  await other.page.getByText("This gift belongs to another account").waitFor();

  const owner = await visit(browser, base, { person });
  for (const address of [privatePage(pledge), `/pledges/${pledge.id}`]) {
    await owner.page.goto("/");
    await owner.page.goto(address);
    await owner.page.getByRole("heading", { level: 1, name: "Your gift" }).waitFor();
  }
  for (const one of [guest, other, owner]) {
    expect(one.faults).toEqual([]);
    await one.close();
  }
});
