// SPDX-License-Identifier: Apache-2.0
// Goal: a second factor is set up on the account's page, asked for at the log-in in a
// second step, replaced by a recovery code, removed, and reset by an administrator; a role
// that needs one leads there first. Method: Chromium against the real stack, with an app of
// our own that reads the secret which the page shows.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Page } from "playwright-core";
import { useStack } from "../lib/context.ts";
import { oneTimeCode } from "../lib/totp.ts";
import { expectAccessibleInBoth, expectNoSideways, visit, type Visitor } from "./browser.ts";
import { useDesk } from "./desk.ts";

const context = useStack();
const desk = useDesk(context);
const email = `factor.${randomUUID()}@example.org`;
const password = "nine herons and a heron";
let view: Visitor;
let page: Page;
let id: string;
let secret = "";
let recovery: string[] = [];

beforeAll(async () => {
  const made = await context.http.call<{ account: { id: string } }>("POST", "/api/v1/auth/register", { json: { email, name: "Faktor", password } });
  id = made.body.account.id;
  view = await visit(desk.browser, desk.base);
  page = view.page;
});
afterAll(() => context.sql.rows("DELETE FROM careforall.second_factor_policy WHERE role = 'owner'"));

const button = (name: string) => page.getByRole("button", { name, exact: true });
const card = () => page.locator("[data-factor]");

async function enter(): Promise<void> {
  await page.goto("/login?return=/account/settings");
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await button("Log in").click();
}

test("it is set up with an app and gives recovery codes, once", async () => {
  await enter();
  await page.waitForURL("**/account/settings");
  await card().getByText("Off", { exact: true }).waitFor();
  await button("Set up a second factor").click();
  await page.getByLabel("Present password").last().fill("not this one");
  await button("Go on").click();
  await card().locator("[aria-invalid='true']").waitFor();
  await page.getByLabel("Present password").last().fill(password);
  await button("Go on").click();
  await card().getByRole("img", { name: "QR code for the app" }).waitFor();
  secret = (await page.locator("[data-secret]").getAttribute("data-secret")) ?? "";
  expect(secret).toMatch(/^[A-Z2-7]{32}$/);
  await expectAccessibleInBoth(page, "setting up a second factor");
  await page.getByLabel("Code", { exact: true }).fill("000000");
  await button("Take it into use").click();
  await card().locator("[aria-invalid='true']").waitFor();
  await page.getByLabel("Code", { exact: true }).fill(oneTimeCode(secret));
  await button("Take it into use").click();
  await page.locator("[data-recovery]").first().waitFor();
  recovery = await page.locator("[data-recovery]").allInnerTexts();
  expect(recovery).toHaveLength(10);
  await expectAccessibleInBoth(page, "recovery codes");
  await page.setViewportSize({ width: 320, height: 800 });
  await expectNoSideways(page);
  await page.setViewportSize({ width: 1280, height: 800 });
  await button("I have kept them").click();
  await card().getByText("10 recovery codes are left.").waitFor();
  expect(await page.locator("[data-recovery], [data-secret]").count()).toBe(0);
});

test("the log-in asks for a code in a second step, and a recovery code helps once", async () => {
  await button("Log out everywhere").click();
  await enter();
  const code = page.getByLabel("Code", { exact: true });
  await code.waitFor();
  expect(new URL(page.url()).pathname).toBe("/login");
  await expectAccessibleInBoth(page, "the second step of the log-in");
  await code.fill("000000");
  await button("Log in").click();
  await page.getByText("This code does not work").waitFor();
  await code.fill(oneTimeCode(secret, 1));
  await button("Log in").click();
  await page.waitForURL("**/account/settings");
  await button("Log out everywhere").click();
  await enter();
  await code.fill(recovery[0] ?? "");
  await button("Log in").click();
  await page.waitForURL("**/account/settings");
  await card().getByText("9 recovery codes are left.").waitFor();
});

test("an administrator resets it for a reason, and it is needed where the role needs it", async () => {
  await desk.page.goto(`/admin/users/${id}`);
  await desk.page.getByRole("button", { name: "Reset the second factor…" }).click();
  const dialog = desk.page.getByRole("dialog");
  await dialog.getByLabel("Reason").fill("lost the telephone");
  await dialog.getByRole("button", { name: "Reset it" }).click();
  await dialog.waitFor({ state: "detached" });
  await desk.page.locator("[data-audit='account.second_factor_reset']").getByText("lost the telephone").waitFor();
  await context.sql.rows("UPDATE careforall.accounts SET role = 'owner' WHERE id = $1", [id]);
  await context.sql.rowsAs("admin", "SELECT careforall.second_factor_policy_set('owner', true, 'for a test')");
  await enter();
  await page.waitForURL("**/account/settings");
  await card().getByText("Your role needs one.").waitFor();
  await page.goto("/admin");
  await page.getByRole("heading", { level: 1, name: "A second factor is needed" }).waitFor();
  await page.getByRole("link", { name: "Set up a second factor" }).click();
  await button("Set up a second factor").click();
  await page.getByLabel("Present password").last().fill(password);
  await button("Go on").click();
  const fresh = (await page.locator("[data-secret]").getAttribute("data-secret")) ?? "";
  await page.getByLabel("Code", { exact: true }).fill(oneTimeCode(fresh));
  await button("Take it into use").click();
  await button("I have kept them").click();
  await page.goto("/admin/campaigns");
  await page.getByRole("heading", { level: 1, name: "Campaigns" }).waitFor();
  expect(view.faults).toEqual([]);
});
