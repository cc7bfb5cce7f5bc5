// SPDX-License-Identifier: Apache-2.0
// Goal: people log in, stay logged in over reloads and tabs, and are out everywhere when they
// leave; refusals are told beside what caused them. Method: Chromium against the real stack,
// what the pages say held against the database.
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { useStack } from "../lib/context.ts";
import { makePerson, type Person } from "../lib/account.ts";
import { pledgeBody } from "../lib/http.ts";
import { pledgeIs } from "../lib/pledge.ts";
import { until } from "../lib/until.ts";
import { expectAccessible, expectNoSideways, launch, tabTo, visit } from "./browser.ts";
import { fillIn, privatePage, publicCampaign } from "./giving.ts";

const context = useStack();
const PASSWORD = "four herons in the rain";
let browser: Browser;
let base: string;
const model = `model-${Date.now()}@example.org`;

beforeAll(async () => {
  base = process.env.CAREFORALL_E2E_URL ?? context.stack.url("GATEWAY");
  browser = await launch();
  // One password is hashed for all.
  const made = await context.http.call("POST", "/api/v1/auth/register", {
    json: { email: model, name: "Model", password: PASSWORD },
  });
  expect(made.status).toBe(201);
});

afterAll(() => browser.close());

/** An account that opens with PASSWORD, logged in once beside the browser. */
async function newPerson(): Promise<Person> {
  const person = await makePerson(context.stack, context.sql, context.http);
  await context.sql.rows(
    `UPDATE careforall.accounts SET (password_hash, pepper_id) =
       (SELECT a.password_hash, a.pepper_id FROM careforall.accounts a WHERE a.email = $2) WHERE id = $1`,
    [person.id, model],
  );
  return person;
}

async function logIn(page: Page, email: string, password = PASSWORD): Promise<void> {
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Log in", exact: true }).click();
}

/** Counts the refreshes of all tabs of a browser. */
function countRefreshes(browserContext: BrowserContext): { count: number; refused: number } {
  const seen = { count: 0, refused: 0 };
  browserContext.on("response", (response) => {
    if (!response.url().endsWith("/auth/refresh")) return;
    seen.count++;
    if (!response.ok()) seen.refused++;
  });
  return seen;
}

test("a visitor who has never logged in asks for no session", async () => {
  const visitor = await visit(browser, base);
  const refreshes = countRefreshes(visitor.page.context());
  await visitor.page.goto("/");
  await visitor.page.getByRole("link", { name: "Log in" }).waitFor();
  await visitor.page.waitForLoadState("networkidle");
  expect(refreshes.count).toBe(0);
  await visitor.close();
});

test("registered by keyboard alone, logged in, and still so after a reload", async () => {
  const { page, faults, close } = await visit(browser, base, { width: 320 });
  const refreshes = countRefreshes(page.context());
  const email = `keys-${Date.now()}@example.org`;
  await page.goto("/register?return=/account/settings");
  await expectAccessible(page, "registration");
  await expectNoSideways(page);
  await tabTo(page, page.getByLabel("Name", { exact: true }));
  await page.keyboard.type("Noor Haddad");
  await page.keyboard.press("Tab");
  await page.keyboard.type(email);
  await page.keyboard.press("Tab");
  await page.keyboard.type("seven slow green trains");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Settings" }).waitFor();
  await page.getByText(email).waitFor();
  await expectAccessible(page, "settings");
  await expectNoSideways(page);

  await page.reload();
  await page.getByText(email).waitFor();
  expect(refreshes).toEqual({ count: 1, refused: 0 });
  const kept = await page.evaluate(() => JSON.stringify([localStorage, sessionStorage]));
  expect(kept).not.toMatch(/ey[\w-]+\.|Noor|keys-/);
  expect(await context.sql.value("SELECT name FROM careforall.accounts WHERE email = $1", [email])).toBe("Noor Haddad");
  expect(faults).toEqual([]);
  await close();
});

test("a wrong password is told, keeps the address, and the right one goes on to where one wanted", async () => {
  const person = await newPerson();
  const { page, close } = await visit(browser, base, { theme: "dark", width: 360 });
  await page.goto("/account?state=pending");
  await page.waitForURL("**/login?**");
  await page.getByText("Please log in first.").waitFor();
  await logIn(page, person.email, "five herons in the sun");
  await page.getByRole("alert").getByText("The address or the password is wrong").waitFor();
  expect(await page.getByLabel("E-mail address").inputValue()).toBe(person.email);
  expect(await page.getByLabel("Password", { exact: true }).evaluate((field) => field === document.activeElement)).toBe(true);
  await expectAccessible(page, "wrong password, dark");
  await page.getByRole("button", { name: "Show the password" }).click();
  expect(await page.getByLabel("Password", { exact: true }).getAttribute("type")).toBe("text");
  await logIn(page, person.email);
  await page.waitForURL("**/account?state=pending");
  await page.getByText("There are no such gifts").waitFor();
  await close();
});

test.each(["//evil.example/x", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "/login?return=/login"])(
  "after the log-in nobody is sent to %s",
  async (target) => {
    const person = await newPerson();
    const { page, faults, close } = await visit(browser, base);
    await page.goto(`/login?return=${encodeURIComponent(target)}`);
    await logIn(page, person.email);
    await page.getByRole("heading", { level: 1, name: "Your gifts" }).waitFor();
    expect(new URL(page.url()).origin).toBe(base.replace(/\/$/, ""));
    expect(faults).toEqual([]);
    await close();
  },
);

test("two tabs share a session; who leaves one has left both", async () => {
  const person = await newPerson();
  const first = await visit(browser, base);
  const refreshes = countRefreshes(first.page.context());
  await first.page.goto("/login?return=/account/settings");
  await logIn(first.page, person.email);
  await first.page.getByText(person.email).waitFor();
  await expectAccessible(first.page, "settings of two sessions");
  const second = await first.page.context().newPage();
  const third = await first.page.context().newPage();
  await Promise.all([second.goto("/account/settings"), third.goto("/account"), first.page.reload()]);
  await Promise.all([
    second.getByText(person.email).waitFor(),
    third.getByRole("heading", { name: "Your gifts" }).waitFor(),
    first.page.getByText(person.email).waitFor(),
  ]);
  expect(refreshes).toEqual({ count: 3, refused: 0 });

  await first.page.getByRole("button", { name: "Log out", exact: true }).click();
  await Promise.all([first.page, second, third].map((page) => page.waitForURL("**/login?**")));
  expect(await second.evaluate(() => localStorage.getItem("cfa:session"))).toBeNull();
  expect((await first.page.context().cookies()).filter((one) => one.name.includes("refresh"))).toEqual([]);

  // Logged in again in one, in again in the others.
  await logIn(second, person.email);
  await second.getByText(person.email).waitFor();
  await third.getByRole("heading", { name: "Your gifts" }).waitFor();
  await first.close();
});

test("an access token that is refused is renewed once, and a session ended elsewhere ends here", async () => {
  const person = await newPerson();
  const { page, close } = await visit(browser, base);
  const refreshes = countRefreshes(page.context());
  await page.goto("/login?return=/account/settings");
  await logIn(page, person.email);
  await page.getByText(person.email).waitFor();
  let refusals = 0;
  await page.route("**/api/v1/me/pledges?*", (route) =>
    refusals++ > 0
      ? route.continue()
      : route.fulfill({
          status: 401,
          headers: { "Content-Type": "application/problem+json" },
          body: JSON.stringify({ code: "unauthorized", status: 401, title: "x", type: "x" }),
        }),
  );
  await page.getByRole("navigation", { name: "Your account" }).getByRole("link", { name: "Your gifts" }).click();
  await page.getByText("No gifts yet").waitFor();
  expect([refusals, refreshes.count]).toEqual([2, 1]);

  expect((await person.http.call("POST", "/api/v1/auth/logout-all")).status).toBe(204);
  await page.getByLabel("Show", { exact: true }).selectOption("Returned");
  await page.getByRole("dialog", { name: "Please log in again" }).waitFor();
  await close();
});

describe("settings", () => {
  test("the name is changed, also after somebody else has changed it", async () => {
    const person = await newPerson();
    const { page, close } = await visit(browser, base);
    await page.goto("/login?return=/account/settings");
    await logIn(page, person.email);
    const name = page.getByLabel("Name", { exact: true });
    await name.waitFor();
    const etag = (await person.http.get("/api/v1/me")).headers.get("etag") ?? "";
    const changed = await person.http.call("PATCH", "/api/v1/me", {
      json: { name: "Elsewhere" },
      headers: { "If-Match": etag },
    });
    expect(changed.status).toBe(200);
    await name.fill("Amina O.");
    await page.getByRole("button", { name: "Save the name" }).click();
    await page.getByRole("alert").getByText("The name was changed elsewhere").waitFor();
    expect(await name.inputValue()).toBe("Amina O.");
    await page.getByRole("button", { name: "Save the name" }).click();
    await page.getByText("Saved.").waitFor();
    expect(await context.sql.value("SELECT name FROM careforall.accounts WHERE id = $1", [person.id])).toBe("Amina O.");
    await name.fill(" ");
    await page.getByRole("button", { name: "Save the name" }).click();
    await page.getByText("Please enter a name.").waitFor();
    await close();
  });

  test("the password is changed with the present one only, and ends the other sessions", async () => {
    const person = await newPerson();
    const { page, close } = await visit(browser, base, { theme: "dark" });
    await page.goto("/login?return=/account/settings");
    await logIn(page, person.email);
    const change = async (present: string, next: string) => {
      await page.getByLabel("Present password", { exact: true }).fill(present);
      await page.getByLabel("New password", { exact: true }).fill(next);
      await page.getByRole("button", { name: "Change the password" }).click();
    };
    await page.locator("[data-session]").nth(1).waitFor();
    await change("nine herons", "eleven grey herons");
    await page.locator("#password-current-error").getByText("This is not the password of this account.").waitFor();
    await change(PASSWORD, "password1234");
    await page.locator("#password-new-error").getByText("This password is guessed first").waitFor();
    await change(PASSWORD, "short");
    await page.locator("#password-new-error").getByText("Please use at least 8 characters.").waitFor();
    await expectAccessible(page, "settings with errors, dark");
    await change(PASSWORD, "eleven grey herons");
    await page.getByText("The password is changed.").waitFor();
    await until("one session to be left", async () => (await page.locator("[data-session]").count()) === 1);
    expect((await person.http.get("/api/v1/me")).status).toBe(401);
    await close();
  });

  test("one session is ended from another", async () => {
    const person = await newPerson();
    const { page, close } = await visit(browser, base);
    await page.goto("/login?return=/account/settings");
    await logIn(page, person.email);
    await page.locator("[data-session]").nth(1).waitFor();
    await page.getByRole("button", { name: /^End the session/ }).click();
    await page.getByText("That session is over.").waitFor();
    await until("one session to be left", async () => (await page.locator("[data-session]").count()) === 1);
    expect((await person.http.get("/api/v1/me")).status).toBe(401);
    await close();
  });
});

test("too many attempts are waited out, offline is told, and nothing entered is lost", async () => {
  const person = await newPerson();
  const { page, close } = await visit(browser, base);
  await page.goto("/login");
  let refusals = 0;
  await page.route("**/auth/login", (route) =>
    refusals++ > 0
      ? route.continue()
      : route.fulfill({
          status: 429,
          headers: { "Retry-After": "2", "Content-Type": "application/problem+json" },
          body: JSON.stringify({ code: "too-many-requests", status: 429, title: "x", type: "x" }),
        }),
  );
  await logIn(page, person.email);
  await page.getByRole("alert").getByText("Please try again in 2 seconds.").waitFor();
  await page.getByRole("button", { name: /^Try again in/ }).waitFor();
  await page.getByRole("button", { name: "Log in", exact: true }).waitFor();
  await page.context().setOffline(true);
  await page.getByRole("button", { name: "Log in", exact: true }).click();
  await page.getByRole("alert").getByText("You are offline.").waitFor();
  await page.context().setOffline(false);
  await page.getByRole("button", { name: "Log in", exact: true }).click();
  await page.getByRole("heading", { level: 1, name: "Your gifts" }).waitFor();
  await close();
});

test("an address that has an account is told beside its field", async () => {
  const person = await newPerson();
  const { page, close } = await visit(browser, base);
  await page.goto("/register");
  await page.getByLabel("Name", { exact: true }).fill("Somebody");
  await page.getByLabel("E-mail address").fill(person.email);
  await page.getByLabel("Password", { exact: true }).fill("six blue kites above");
  await page.getByRole("button", { name: "Make the account" }).click();
  await page.locator("#register-email-error").getByText("There is an account with this address already.").waitFor();
  await close();
});

test("a gift given while logged in is among the own gifts, by pages and by state", async () => {
  const person = await newPerson();
  const { id, slug } = await publicCampaign(context);
  const { page, faults, close } = await visit(browser, base);
  await page.goto(`/login?return=/campaigns/${slug}/give`);
  await logIn(page, person.email);
  await fillIn(page, "25");
  await page.getByRole("button", { name: "Give €25.00 now" }).click();
  await page.locator("[data-state='confirmed']").waitFor();
  await page.goto("/account");
  const gift = page.locator("[data-gift]");
  await gift.getByText("€25.00").waitFor();
  expect(await gift.innerText()).toContain("Received");
  await expectAccessible(page, "own gifts");
  await page.getByLabel("Show", { exact: true }).selectOption("Returned");
  await page.getByText("There are no such gifts").waitFor();
  await page.goBack();
  expect(
    await context.sql.value("SELECT account_id = $2 FROM careforall.pledges WHERE campaign_id = $1", [id, person.id]),
  ).toBe(true);
  expect(faults).toEqual([]);
  await close();
});

test("a gift made as a guest is taken over on its private page, by one account", async () => {
  const campaign = await publicCampaign(context);
  const gift = (await context.http.pledge(campaign.id)).body;
  const [person, other] = [await context.login(), await context.login()];
  const guest = await visit(browser, base);
  await guest.page.goto(privatePage(gift));
  await guest.page.getByRole("heading", { name: "The gift" }).waitFor();
  expect(await guest.page.getByRole("button", { name: "Add to my account" }).count()).toBe(0);
  await guest.close();

  const late = await visit(browser, base, { person: other });
  await late.page.goto(privatePage(gift));
  await late.page.getByRole("button", { name: "Add to my account" }).waitFor();
  // This one does not hear of what follows.
  await late.page.route(`**/api/v1/pledges/${gift.id}`, (route) => route.abort());
  const { page, faults, close } = await visit(browser, base, { person });
  await page.goto("/account");
  await page.getByText("Open its private link while you are logged in").waitFor();
  await page.goto(privatePage(gift));
  const add = page.getByRole("button", { name: "Add to my account" });
  await add.waitFor();
  await page.getByText(person.email).waitFor();
  await expectAccessible(page, "a gift that can be claimed");
  await tabTo(page, add);
  await page.keyboard.press("Enter");
  const done = page.getByText("It stands among your gifts now.");
  await done.waitFor();
  expect(await page.evaluate(() => document.activeElement?.getAttribute("role"))).toBe("status");
  await page.getByRole("link", { name: "Your gifts" }).click();
  await page.locator(`[data-gift='${gift.id}'] h2 a`).click();
  await page.getByRole("heading", { name: "The gift" }).waitFor();
  expect(new URL(page.url()).hash).toBe("");
  expect(faults).toEqual([]);
  await close();

  await late.page.getByRole("button", { name: "Add to my account" }).click();
  await late.page.getByText("Another account has this gift already.").waitFor();
  expect(await context.sql.value("SELECT account_id FROM careforall.pledge_claims WHERE pledge_id = $1", [gift.id])).toBe(person.id);
  await late.close();
});

test("own gifts of every state, more than a page of them, each leading to its page without a link", async () => {
  const person = await newPerson();
  const campaign = await publicCampaign(context);
  const give = async (amount: number) => (await person.http.pledge(campaign.id, pledgeBody(amount))).body.id;
  const [pending, declined, returned] = [await give(25_09), await give(25_02), await give(30_00)];
  for (let number = 0; number < 20; number++) await give(1000);
  await pledgeIs(context.sql, declined, "failed");
  await pledgeIs(context.sql, returned, "confirmed");
  await context.sql.rowsAs("admin", "SELECT * FROM careforall.pledge_refund($1, NULL, 'browser test')", [returned]);
  await pledgeIs(context.sql, returned, "refunded");
  const { page, faults, close } = await visit(browser, base, { person, width: 360 });
  await page.goto("/account");
  await page.locator("[data-gift]").first().waitFor();
  const more = page.getByRole("button", { name: "Show earlier gifts" });
  await tabTo(page, more);
  await page.keyboard.press("Enter");
  await expect.poll(() => page.locator("[data-gift]").count()).toBe(23);
  expect(await more.count()).toBe(0);
  expect(await page.getByText("That is everything.").evaluate((end) => end === document.activeElement)).toBe(true);
  for (const [id, state] of [[pending, "On its way"], [declined, "Did not go through"], [returned, "Returned"]] as const) {
    expect(await page.locator(`[data-gift='${id}']`).innerText()).toContain(state);
  }
  await page.getByLabel("Show", { exact: true }).selectOption("Returned");
  await page.waitForURL("**/account?state=refunded");
  await expect.poll(() => page.locator("[data-gift]").count()).toBe(1);
  await page.locator(`[data-gift='${returned}'] h2 a`).click();
  await page.locator("[data-state='refunded']").waitFor();
  expect(new URL(page.url()).hash).toBe("");
  expect(faults).toEqual([]);
  await close();
});

test("the first administrator is made with the token of the installation, once", async () => {
  const token = await context.sql.value<string>("SELECT careforall.admin_token_create('test of the page')");
  const make = async (email: string) => {
    const visitor = await visit(browser, base);
    await visitor.page.goto(`/first-admin#${token}`);
    await visitor.page.getByLabel("Name", { exact: true }).fill("Noor Haddad");
    await visitor.page.getByLabel("E-mail address").fill(email);
    await visitor.page.getByLabel("Password", { exact: true }).fill("seven slow green trains");
    await expectAccessible(visitor.page, "first administrator");
    await visitor.page.getByRole("button", { name: "Make the administrator" }).click();
    return visitor;
  };
  const email = `root-${Date.now()}@example.org`;
  const first = await make(email);
  await first.page.waitForURL("**/admin");
  expect(await context.sql.value("SELECT role FROM careforall.accounts WHERE email = $1", [email])).toBe("admin");
  const second = await make(`more-${email}`);
  await second.page.getByRole("alert").getByText("This token is not valid").waitFor();
  await first.close();
  await second.close();
});

test("the language changes in place, keeps what was typed, and stays for the next visit", async () => {
  const { page, faults, close } = await visit(browser, base, { width: 320 });
  await page.goto("/?lang=de");
  await page.getByRole("heading", { level: 1, name: "Aus vielen kleinen Stücken wird ein Ganzes." }).waitFor();
  await page.goto("/login");
  await page.getByLabel("E-Mail-Adresse").fill("amina@example.org");
  await page.getByLabel("Sprache").selectOption("ar");
  const email = page.getByLabel("البريد الإلكتروني");
  await email.waitFor();
  expect(await email.inputValue()).toBe("amina@example.org");
  expect(await page.evaluate(() => [document.documentElement.lang, document.documentElement.dir])).toEqual(["ar", "rtl"]);
  expect(new URL(page.url()).search).toBe("");
  await expectAccessible(page, "log-in in Arabic");
  await expectNoSideways(page);
  await page.goto("/");
  await page.getByRole("heading", { level: 1, name: "قطع صغيرة كثيرة تصنع الكل." }).waitFor();
  await expectNoSideways(page);
  expect(faults).toEqual([]);
  await close();
});
