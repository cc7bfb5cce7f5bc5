// SPDX-License-Identifier: Apache-2.0
// Goal: a session that ends in the middle of work takes nothing away from its own account
// and shows nothing to another. Method: Chromium against the real stack; the session is
// ended in the database while a form is filled in, and somebody logs in over the page.
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { useStack } from "../lib/context.ts";
import { makeCampaign } from "../lib/fixtures.ts";
import { pledgeBody } from "../lib/http.ts";
import { pledgeIs } from "../lib/pledge.ts";
import { expectAccessibleInBoth, launch, visit, type Visitor } from "./browser.ts";

const context = useStack();
const PASSWORD = "seven swans in a row";
const people = { admin: `over-admin-${Date.now()}@example.org`, other: `over-other-${Date.now()}@example.org` };
let browser: Browser;
let visitor: Visitor;
let page: Page;

beforeAll(async () => {
  browser = await launch();
  for (const [name, email] of Object.entries(people)) {
    const made = await context.http.call("POST", "/api/v1/auth/register", { json: { email, name: `The ${name}`, password: PASSWORD } });
    expect(made.status).toBe(201);
  }
  await context.sql.rows("UPDATE careforall.accounts SET role = 'admin' WHERE email = $1", [people.admin]);
});

beforeEach(async () => {
  visitor = await visit(browser, process.env.CAREFORALL_E2E_URL ?? context.stack.url("GATEWAY"));
  page = visitor.page;
});

afterEach(async () => {
  await visitor.close();
  expect(visitor.faults).toEqual([]);
});

afterAll(() => browser.close());

/** As the page or the dialog asks for it. */
async function logIn(email: string, password = PASSWORD): Promise<void> {
  const form = page.getByRole("form", { name: "Log in" });
  await form.getByLabel("E-mail address").fill(email);
  await form.getByLabel("Password", { exact: true }).fill(password);
  await form.getByRole("button", { name: "Log in", exact: true }).click();
}

async function open(path: string): Promise<void> {
  await page.goto(`/login?return=${encodeURIComponent(path)}`);
  await logIn(people.admin);
  await page.waitForURL(`**${path}`);
}

const endSession = () =>
  context.sql.rows("SELECT careforall.sessions_end(a.id, NULL, 'logout_all') FROM careforall.accounts a WHERE a.email = $1", [people.admin]);

/** The session ends right before the next change there reaches the API. */
async function endSessionAt(path: string): Promise<void> {
  let isOver = false;
  await page.route(path, async (route) => {
    if (!isOver && route.request().method() !== "GET") {
      isOver = true;
      await endSession();
    }
    await route.continue();
  });
}

const again = () => page.getByRole("dialog", { name: "Please log in again" });

test("a campaign that was being made is still there after the log-in, and is made", async () => {
  await open("/admin/campaigns/new");
  const title = `Kept wells ${Date.now()}`;
  await page.getByLabel("Title", { exact: true }).fill(title);
  await page.getByLabel(/^Goal/).fill("1,500");
  await endSessionAt("**/api/v1/campaigns");
  await page.getByRole("button", { name: "Make the draft" }).click();
  await again().waitFor();
  await expect.poll(() => again().getByLabel("Password", { exact: true }).evaluate((field) => field === document.activeElement)).toBe(true);
  await expectAccessibleInBoth(page, "log in again");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  expect(await again().getByLabel("E-mail address").inputValue()).toBe(people.admin);
  await logIn(people.admin, "not the password");
  await again().getByText("The address or the password is wrong").waitFor();
  await logIn(people.admin);
  await again().waitFor({ state: "detached" });
  expect(await page.getByLabel("Title", { exact: true }).inputValue()).toBe(title);
  await page.getByRole("button", { name: "Make the draft" }).click();
  await page.getByRole("heading", { level: 1, name: title }).waitFor();
  expect(await context.sql.value("SELECT goal_minor FROM careforall.campaigns WHERE title = $1", [title])).toBe(150_000);
});

test("a refund that was being decided goes on behind the log-in", async () => {
  const campaign = await makeCampaign(context.sql);
  const { body: pledge } = await context.http.pledge(campaign, pledgeBody(2_000));
  await pledgeIs(context.sql, pledge.id, "confirmed");
  await open(`/admin/pledges/${pledge.id}`);
  await page.getByRole("button", { name: "Refund…" }).click();
  const refund = page.getByRole("dialog", { name: "Give money back" });
  await refund.getByLabel("Reason").fill("the seat was taken");
  await refund.getByRole("button", { name: "Show what would happen" }).click();
  await endSessionAt("**/refunds");
  await refund.getByRole("button", { name: "Give €20.00 back" }).click();
  await again().waitFor();
  await logIn(people.admin);
  await again().waitFor({ state: "detached" });
  expect(await refund.getByLabel("Reason").inputValue()).toBe("the seat was taken");
  await refund.getByRole("button", { name: "Give €20.00 back" }).click();
  await refund.waitFor({ state: "detached" });
  await pledgeIs(context.sql, pledge.id, "refunded");
});

test("somebody else who logs in sees nothing of it", async () => {
  await open("/account/settings");
  const name = page.getByLabel("Name", { exact: true });
  await name.fill("Half a name");
  await endSessionAt("**/api/v1/me");
  await page.getByRole("button", { name: "Save the name" }).click();
  await again().waitFor();
  expect(await name.inputValue()).toBe("Half a name");
  await logIn(people.other);
  await again().waitFor({ state: "detached" });
  await expect.poll(() => name.inputValue()).toBe("The other");
});

test("leaving leads to the log-in, and forgets", async () => {
  await open("/account/settings");
  await endSessionAt("**/api/v1/me");
  await page.getByRole("button", { name: "Save the name" }).click();
  await again().getByRole("button", { name: "Leave without saving" }).click();
  await page.waitForURL("**/login?return=**");
  await page.getByRole("form", { name: "Log in" }).waitFor();
  expect(await page.evaluate(() => localStorage.getItem("cfa:session"))).toBeNull();
});
