// SPDX-License-Identifier: Apache-2.0
// Goal: the people who run campaigns make, publish, edit and close them in the dashboard,
// by keyboard alone too; nobody overwrites another's edit, and nobody sees or does more
// than the API allows; figures equal the lists behind them.
// Method: Chromium against the real stack, two browsers for a conflict; what a page says
// is held against the API and the database.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { draftOf, manage, patch, publishedOf } from "../lib/campaign.ts";
import { useStack } from "../lib/context.ts";
import { makeReward, sqlPledge } from "../lib/fixtures.ts";
import { pledgeBody } from "../lib/http.ts";
import { png } from "../lib/image.ts";
import { pledgeIs } from "../lib/pledge.ts";
import { expectAccessible, expectNoSideways, launch, settled, tabTo, visit } from "./browser.ts";

const context = useStack();
let browser: Browser;
let base: string;

beforeAll(async () => {
  base = process.env.CAREFORALL_E2E_URL ?? context.stack.url("GATEWAY");
  browser = await launch();
});

afterAll(() => browser.close());

async function confirmWith(page: Page, button: string, reason: string): Promise<void> {
  const dialog = page.getByRole("alertdialog");
  await dialog.getByLabel("Why").fill(reason);
  await dialog.getByRole("button", { name: button, exact: true }).click();
}

test("a campaign is made and published by keyboard alone, paused and closed, each with a reason", async () => {
  // A session's cookie serves one browser: each test has people of its own.
  const owner = await context.login("owner");
  const { page, faults, close } = await visit(browser, base, { person: owner });
  await page.goto("/admin/campaigns");
  await page.getByRole("heading", { level: 1, name: "Your campaigns" }).waitFor();
  await tabTo(page, page.getByRole("link", { name: "New campaign" }));
  await page.keyboard.press("Enter");
  await tabTo(page, page.getByRole("button", { name: "Make the draft" }));
  await page.keyboard.press("Enter");
  await page.getByText("2 entries need a look").waitFor();
  await expectAccessible(page, "new campaign, faulty, light");
  await tabTo(page, page.getByLabel("Title", { exact: true }));
  const title = `Keyboard wells ${Date.now()}`;
  await page.keyboard.type(title);
  await tabTo(page, page.getByLabel(/^Goal/));
  await page.keyboard.type("1,500.50");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: title }).waitFor();
  await page.getByText("Draft", { exact: true }).waitFor();
  const id = /campaigns\/([0-9a-f-]{36})/.exec(page.url())?.[1] ?? "";
  expect((await manage(owner, id)).body).toMatchObject({ state: "draft", title, goal: { amount: 150_050, currency: "EUR" } });

  await tabTo(page, page.getByRole("button", { name: "Publish", exact: true }));
  await page.keyboard.press("Enter");
  await expectAccessible(page, "asking before publishing");
  await page.keyboard.press("Escape");
  await page.getByRole("alertdialog").waitFor({ state: "detached" });
  expect((await manage(owner, id)).body.state).toBe("draft");
  await page.keyboard.press("Enter");
  await tabTo(page, page.getByLabel("Why"));
  await page.keyboard.type("The permit has come");
  await tabTo(page, page.getByRole("alertdialog").getByRole("button", { name: "Publish" }));
  await page.keyboard.press("Enter");
  await page.getByText("Live", { exact: true }).waitFor();
  expect(await page.getByLabel("Address").getAttribute("readonly")).not.toBeNull();

  await page.getByRole("button", { name: "Pause", exact: true }).click();
  await confirmWith(page, "Pause", "ok");
  await page.getByRole("alertdialog").getByText("3 to 500 characters.").waitFor();
  await confirmWith(page, "Pause", "The drill broke");
  await page.getByText("Paused", { exact: true }).waitFor();
  // What somebody else did meanwhile is told with what is possible now.
  await page.getByRole("button", { name: "Resume", exact: true }).click();
  await owner.http.call("POST", `/api/v1/campaigns/${id}/resume`, { json: { reason: "by another" } });
  await confirmWith(page, "Resume", "Mended");
  await page.getByRole("alertdialog").getByText(/Possible now: .*(Pause|Close)/).waitFor();
  await page.getByRole("alertdialog").getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Close", exact: true }).click();
  await confirmWith(page, "Close", "All wells are dug");
  await page.getByText("Closed", { exact: true }).waitFor();
  expect(await page.getByRole("button", { name: /^(Publish|Pause|Resume|Close)$/ }).count()).toBe(0);

  // Archived: its page says so, no list has it, and by its status it is found again.
  await page.getByRole("button", { name: "Archive", exact: true }).click();
  await expectAccessible(page, "asking before archiving");
  await confirmWith(page, "Archive", "The wells are in use");
  await page.getByText("Archived", { exact: true }).waitFor();
  await page.goto("/admin/campaigns");
  await page.getByText("None but archived campaigns").waitFor();
  await page.getByRole("link", { name: "Show the archived campaign" }).click();
  await page.waitForURL("**/admin/campaigns?status=archived");
  await page.getByRole("link", { name: title }).first().waitFor();
  const reader = await visit(browser, base, { theme: "dark", width: 360 });
  const { slug } = (await manage(owner, id)).body;
  await reader.page.goto(`/campaigns/${slug}`);
  await reader.page.getByText("This campaign is over and has been archived.").waitFor();
  expect(await reader.page.getByRole("button", { name: /^Give/ }).count()).toBe(0);
  await expectAccessible(reader.page, "archived campaign, dark, narrow");
  await reader.page.goto(`/campaigns/${slug}/give`);
  await reader.page.getByText("This campaign is over and has been archived.").waitFor();
  expect(reader.faults).toEqual([]);
  await reader.close();
  await page.goto(`/admin/campaigns/${id}`);
  await page.getByRole("button", { name: "Take out of the archive" }).click();
  await confirmWith(page, "Take out of the archive", "People look for it");
  await page.getByText("Closed", { exact: true }).waitFor();
  const reasons = await context.sql.rows<{ reason: string }>("SELECT reason FROM careforall.audit_log WHERE target_id = $1 ORDER BY id", [id]);
  expect(reasons.map((row) => row.reason)).toEqual(expect.arrayContaining(["The permit has come", "The drill broke", "All wells are dug", "The wells are in use", "People look for it"]));
  expect(faults).toEqual([]);
  await close();
});

test("two edits at once: both versions by field, and nothing is lost", async () => {
  const owner = await context.login("owner");
  const { id } = await draftOf(owner, { title: "Conflict", summary: "as it was", story: "as it was" });
  const editor = await context.login();
  await owner.http.call("POST", `/api/v1/campaigns/${id}/team`, { json: { email: editor.email, role: "editor" } });
  const mine = await visit(browser, base, { person: owner, theme: "dark" });
  const theirs = await visit(browser, base, { person: editor });
  await Promise.all([mine, theirs].map(({ page }) => page.goto(`/admin/campaigns/${id}`)));
  await mine.page.getByLabel("Title", { exact: true }).fill("Mine");
  await mine.page.getByLabel("Summary").fill("written by me");
  await theirs.page.getByLabel("Title", { exact: true }).fill("Theirs");
  await theirs.page.getByLabel("Story").fill("written by them");
  await theirs.page.getByRole("button", { name: "Save", exact: true }).click();
  await theirs.page.getByText("Saved.").waitFor();

  await mine.page.getByRole("button", { name: "Save", exact: true }).click();
  const clash = mine.page.locator("[data-conflict]");
  await clash.getByRole("heading", { name: "Somebody else has saved meanwhile" }).waitFor();
  await clash.getByText("1 choice is still open.").waitFor();
  await expectAccessible(mine.page, "conflict, dark");
  await clash.getByRole("radiogroup", { name: "Title" }).getByLabel("Your version").check();
  await clash.getByRole("button", { name: "Save this" }).click();
  await mine.page.getByText("Saved.").waitFor();
  expect((await manage(owner, id)).body).toMatchObject({ title: "Mine", summary: "written by me", story: "written by them" });

  // Another part of the campaign that changed meanwhile is no conflict.
  await mine.page.getByLabel("Summary").fill("once more");
  await owner.http.call("POST", `/api/v1/campaigns/${id}/pools`, { json: { name: "Seats", capacity: 2 } });
  await mine.page.getByRole("button", { name: "Save", exact: true }).click();
  await expect.poll(async () => (await manage(owner, id)).body.summary).toBe("once more");

  // Leaving with unsaved entries asks first.
  await mine.page.getByLabel("Summary").fill("unsaved");
  await mine.page.getByRole("link", { name: "Rewards" }).click();
  await mine.page.getByRole("alertdialog", { name: "Leave without saving?" }).getByRole("button", { name: "Cancel" }).click();
  expect(await mine.page.getByLabel("Summary").inputValue()).toBe("unsaved");
  expect([mine.faults, theirs.faults]).toEqual([[], []]);
  await Promise.all([mine.close(), theirs.close()]);
});

test("rewards, pools, image, news and team, and limits that are in use", async () => {
  const owner = await context.login("owner");
  const { id } = await publishedOf(owner, { title: "Parts", cap: { amount: 100_000, currency: "EUR" } });
  const viewer = await context.login();
  const { page, faults, close } = await visit(browser, base, { person: owner, width: 360 });
  await page.goto(`/admin/campaigns/${id}/rewards`);
  await page.getByRole("button", { name: "New pool" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Seats");
  await page.getByLabel("Places", { exact: true }).fill("3");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByRole("row", { name: /Seats/ }).waitFor();
  await page.getByRole("button", { name: "New reward" }).click();
  await page.getByLabel("Title", { exact: true }).fill("A seat");
  await page.getByLabel(/^From/).fill("10");
  await page.getByLabel("Places", { exact: true }).fill("2.5");
  await page.getByLabel("Shared pool", { exact: true }).selectOption({ label: "Seats" });
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("Please enter a whole number.").waitFor();
  await expectAccessible(page, "reward dialog, narrow");
  await page.getByLabel("Places", { exact: true }).fill("2");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.locator("[data-reward]").filter({ hasText: "A seat" }).waitFor();
  await expectNoSideways(page);
  const reward = (await manage(owner, id)).body.rewards[0]?.id ?? "";
  expect((await sqlPledge(context.sql, id, { reward, amount: 50_000 })).outcome).toBe("created");
  await page.getByRole("button", { name: "Take away: A seat" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Take away" }).click();
  await page.getByRole("alertdialog").getByText(/1 place is held or used/).waitFor();
  await page.getByRole("alertdialog").getByRole("button", { name: "Cancel" }).click();

  await page.getByRole("link", { name: "Content", exact: true }).click();
  await page.getByLabel(/^Most that it takes/).fill("100");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.locator("#campaign-cap-error").getByText(/€500\.00 of it already/).waitFor();
  await page.getByLabel(/^Most that it takes/).fill("1000");
  await page.getByLabel("Image file").setInputFiles({ name: "cover.png", mimeType: "image/png", buffer: png(8, 5) });
  await page.getByRole("button", { name: "Upload the image" }).click();
  await page.getByText("Please describe the image first.").waitFor();
  await page.getByLabel("Description of the image").fill("A grey square");
  await page.getByRole("button", { name: "Upload the image" }).click();
  await page.getByText("The image is saved.").waitFor();
  expect((await manage(owner, id)).body.image).toMatchObject({ alt: "A grey square" });

  await page.getByRole("link", { name: "Updates" }).click();
  await page.getByRole("button", { name: "Tell news" }).click();
  await page.getByLabel("Title", { exact: true }).fill("The drill is here");
  await page.getByLabel("Text", { exact: true }).fill("It came by <b>ferry</b>.");
  await page.getByLabel("Backers only").check();
  await page.getByRole("dialog").getByRole("button", { name: "Publish" }).click();
  await page.getByText("It came by <b>ferry</b>.").waitFor();

  await page.getByRole("link", { name: "Team" }).click();
  await page.getByLabel("E-mail address of the account").fill("nobody@example.org");
  await page.getByRole("button", { name: "Take somebody in" }).click();
  await page.getByText("Nobody has registered with this address.").waitFor();
  await page.getByLabel("E-mail address of the account").fill(viewer.email);
  await page.getByRole("button", { name: "Take somebody in" }).click();
  await page.locator(`[data-member="${viewer.email}"]`).waitFor();
  await expectAccessible(page, "team, narrow");
  expect(faults).toEqual([]);
  await close();

  const looking = await visit(browser, base, { person: viewer });
  await looking.page.goto(`/admin/campaigns/${id}`);
  await looking.page.getByText("You may look at this campaign, but not change it.").waitFor();
  expect(await looking.page.getByRole("button", { name: /^(Save|Pause|Close|Upload.*)$/ }).count()).toBe(0);
  expect(await looking.page.getByRole("link", { name: "Team", exact: true }).count()).toBe(0);
  await looking.page.goto(`/admin/campaigns/${id}/team`);
  await looking.page.getByText("This is not for your account").first().waitFor();
  expect((await patch(viewer, id, { title: "Taken" })).status).toBe(403);
  await looking.close();
});

test("lists show all their columns on a tablet, and tabs stand in one line on a phone, in long words", async () => {
  const owner = await context.login("owner");
  const { id } = await publishedOf(owner, { title: "Ein neues Rettungsboot für die Nordseeküste und ihre Inseln", ends_at: "2099-11-30T00:00:00Z" });
  await makeReward(context.sql, id, { quantity: 5 });
  await pledgeIs(context.sql, (await context.http.pledge(id, pledgeBody(2_000, { donor: { name: "Solveig", email: "solveig.mit.langer.adresse@example.org" } }))).body.id, "confirmed");
  const { page, faults, close } = await visit(browser, base, { person: owner, width: 1024 });
  for (const part of ["", `/${id}/rewards`, `/${id}/pledges`]) {
    await page.goto(`/admin/campaigns${part}?lang=de`);
    await page.locator("main tbody tr").first().waitFor();
    await settled(page);
    const hidden = await page.locator("[role='group']:has(> table)").evaluateAll((frames) => frames.map((frame) => frame.scrollWidth - frame.clientWidth));
    expect(hidden, part).toEqual(hidden.map(() => 0));
  }
  await page.setViewportSize({ width: 390, height: 800 });
  await page.goto("/account/settings?lang=de");
  const tops = await Promise.all(["Deine Spenden", "Einstellungen", "Abmelden"].map(async (name) =>
    (await page.getByRole("navigation").getByText(name, { exact: true }).boundingBox())?.y));
  expect(tops).toEqual([tops[0], tops[0], tops[0]]);
  expect(faults).toEqual([]);
  await close();
});

test("a campaign is duplicated: from the list and its page, with its parts, and nothing before it is saved", async () => {
  const owner = await context.login("owner");
  const title = `Twin wells ${Date.now()}`;
  const { id } = await draftOf(owner, { title, story: "Dug by hand.", starts_at: "2020-01-01T00:00:00Z", ends_at: "2021-01-01T00:00:00Z" });
  const post = (part: string, json: unknown) => owner.http.call<{ id: string }>("POST", `/api/v1/campaigns/${id}/${part}`, { json });
  const pool = (await post("pools", { name: "Seats", capacity: 5 })).body.id;
  await post("rewards", { title: "A seat", min_amount: { amount: 1_050, currency: "EUR" }, quantity: 4, pool_id: pool });
  const helper = await context.login("owner");
  await post("team", { email: helper.email, role: "editor" });
  const { page, faults, close } = await visit(browser, base, { person: owner });
  await page.goto("/admin/campaigns");
  await page.getByRole("link", { name: `Duplicate: ${title}` }).click();
  await page.getByRole("heading", { level: 1, name: "Duplicate a campaign" }).waitFor();
  await page.locator("[data-along]").getByText("Reward “A seat”, from €10.50").waitFor();
  await page.locator("[data-along]").getByText("Pool “Seats”").waitFor();
  await expectAccessible(page, "duplicating a campaign");
  const read = (label: string) => page.getByLabel(label, { exact: true }).inputValue();
  expect(await Promise.all(["Title", "Story", "Address", "Starts", "Ends"].map(read))).toEqual([`${title} (copy)`, "Dug by hand.", "", "", ""]);
  expect(await page.getByLabel("Currency").count()).toBe(0);
  const count = () => context.sql.value<number>("SELECT count(*) FROM careforall.campaigns WHERE owner_id = $1", [owner.id]);
  expect(await count()).toBe(1);
  await page.getByRole("button", { name: "Make the draft" }).click();
  await page.getByRole("heading", { level: 1, name: `${title} (copy)` }).waitFor();
  const made = (await manage(owner, /campaigns\/([0-9a-f-]{36})/.exec(page.url())?.[1] ?? "")).body;
  expect(made).toMatchObject({ state: "draft", ends_at: null, rewards: [{ title: "A seat", quantity: 4, pool_id: made.pools[0]?.id }], pools: [{ name: "Seats" }] });
  expect(await count()).toBe(2);
  await page.getByRole("link", { name: "Duplicate", exact: true }).click();
  await expect.poll(() => read("Title")).toBe(`${title} (copy) (copy)`);
  expect(faults).toEqual([]);
  await close();

  const helping = await visit(browser, base, { person: helper });
  await helping.page.goto(`/admin/campaigns/${id}`);
  await helping.page.getByRole("button", { name: "Save", exact: true }).waitFor();
  expect(await helping.page.getByRole("link", { name: "Duplicate" }).count()).toBe(0);
  await helping.page.goto(`/admin/campaigns/new?copy=${id}`);
  await helping.page.getByText("This is not for your account").waitFor();
  await helping.close();
});

test("parts are edited, taken away and met by another's edit; updates go on beyond a page", async () => {
  const owner = await context.login("owner");
  const { id } = await publishedOf(owner, { title: "Edited parts" });
  const post = (part: string, json: unknown) => owner.http.call("POST", `/api/v1/campaigns/${id}/${part}`, { json });
  await post("pools", { name: "Seats", capacity: 5 });
  await post("rewards", { title: "A seat", min_amount: { amount: 1_000, currency: "EUR" }, quantity: 4 });
  await post("rewards", { title: "A card", min_amount: { amount: 500, currency: "EUR" } });
  for (let n = 1; n <= 22; n++) await post("updates", { title: `News ${n}`, body: "It goes on.", visibility: "public" });
  const helper = await context.login();
  await post("team", { email: helper.email, role: "viewer" });
  const reward = (await manage(owner, id)).body.rewards.find(({ title }) => title === "A seat")?.id ?? "";
  for (let n = 0; n < 2; n++) await sqlPledge(context.sql, id, { reward, amount: 1_000 });

  const { page, faults, close } = await visit(browser, base, { person: owner });
  const dialog = page.getByRole("dialog");
  const save = () => dialog.getByRole("button", { name: "Save", exact: true }).click();
  await page.goto(`/admin/campaigns/${id}/rewards`);
  await page.getByRole("button", { name: "Edit: A seat" }).click();
  await dialog.getByLabel("Places", { exact: true }).fill("1");
  await save();
  await dialog.getByText(/Gifts hold or use 2/).waitFor();
  await dialog.getByLabel("Places", { exact: true }).fill("3");
  await dialog.getByLabel("Title", { exact: true }).fill("A good seat");
  // Meanwhile somebody else changes the title too, and the description.
  expect((await patch(owner, `${id}/rewards/${reward}`, { title: "The best seat", description: "In front." })).status).toBe(200);
  await save();
  const clash = page.locator("[data-conflict]");
  await clash.getByText("1 choice is still open.").waitFor();
  await expectAccessible(page, "two edits of a reward");
  await clash.getByRole("radiogroup", { name: "Title" }).getByLabel("The saved version").check();
  await clash.getByRole("button", { name: "Save this" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.locator("[data-reward]").filter({ hasText: "The best seat" }).waitFor();
  expect((await manage(owner, id)).body.rewards.find((one) => one.id === reward)).toMatchObject({ title: "The best seat", description: "In front.", quantity: 3 });
  await page.getByRole("button", { name: "Take away: A card" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Take away" }).click();
  await page.locator("[data-reward]").filter({ hasText: "A card" }).waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Edit: Seats" }).click();
  await dialog.getByLabel("Name", { exact: true }).fill("Chairs");
  await dialog.getByLabel("Places", { exact: true }).fill("");
  await save();
  await page.getByRole("row", { name: /Chairs.*no limit/ }).waitFor();
  expect((await manage(owner, id)).body.pools).toMatchObject([{ name: "Chairs", capacity: null }]);

  await page.getByRole("link", { name: "Updates" }).click();
  await page.getByRole("heading", { level: 3, name: "News 22" }).waitFor();
  expect(await page.getByRole("heading", { level: 3 }).count()).toBe(20);
  await page.getByRole("button", { name: /more/i }).click();
  await page.getByRole("heading", { level: 3, name: "News 1", exact: true }).waitFor();
  await page.getByRole("button", { name: "Edit: News 22" }).click();
  await dialog.getByLabel("Title", { exact: true }).fill("News of today");
  await dialog.getByLabel("Backers only").check();
  await save();
  await page.getByRole("heading", { level: 3, name: "News of today" }).waitFor();
  await page.getByRole("button", { name: "Delete: News 21" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
  await page.getByRole("heading", { level: 3, name: "News 21" }).waitFor({ state: "detached" });
  const told = await owner.http.get<{ items: { title: string; visibility: string }[] }>(`/api/v1/campaigns/${id}/updates?limit=2`);
  expect(told.body.items).toMatchObject([{ title: "News of today", visibility: "backers" }, { title: "News 20" }]);

  await page.getByRole("link", { name: "Team" }).click();
  const member = page.locator(`[data-member="${helper.email}"]`);
  await member.getByRole("combobox").selectOption("editor");
  await page.getByText("Test donor is now: Editor.").waitFor();
  expect((await patch(helper, id, { summary: "by the helper" })).status).toBe(200);
  await member.getByRole("button", { name: /^Take out/ }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Take out" }).click();
  await member.waitFor({ state: "detached" });
  expect((await patch(helper, id, { summary: "once more" })).status).toBe(403);
  expect(faults).toEqual([]);
  await close();
});

test("a session that ends in the middle of work takes nothing of it away", async () => {
  const email = `owner-${Date.now()}@example.org`;
  const password = "seven wells and a bucket";
  const made = await context.http.call<{ account: { id: string } }>("POST", "/api/v1/auth/register", { json: { email, name: "Returning", password } });
  expect(made.status).toBe(201);
  const { id: account } = made.body.account;
  await context.sql.rows("UPDATE careforall.accounts SET role = 'owner' WHERE id = $1", [account]);
  const owner = await context.login("owner");
  const { id } = await draftOf(owner, { title: "Interrupted" });
  await context.sql.rows("UPDATE careforall.campaigns SET owner_id = $2 WHERE id = $1", [id, account]);
  const { page, faults, close } = await visit(browser, base);
  const logIn = async (word: string) => {
    await page.getByLabel("E-mail address").fill(email);
    await page.getByLabel("Password", { exact: true }).fill(word);
    await page.getByRole("button", { name: "Log in", exact: true }).click();
  };
  await page.goto(`/admin/campaigns/${id}`);
  await page.waitForURL(/\/login\?return=/);
  await logIn("not the password");
  await page.getByRole("alert").first().waitFor();
  expect(await page.getByLabel("E-mail address").inputValue()).toBe(email);
  await logIn(password);
  await page.getByLabel("Summary").fill("written before the end");
  // Ended by an administrator, on every device.
  const admin = await context.login("admin");
  expect((await admin.http.call("POST", `/api/v1/admin/users/${account}/logout`, { json: { reason: "for a test" } })).status).toBe(204);
  // The page may have noticed it by itself, and then asks over the form already.
  await page.getByRole("button", { name: "Save", exact: true }).dispatchEvent("click");
  const again = page.getByRole("dialog", { name: "Please log in again" });
  await again.waitFor();
  await logIn(password);
  await again.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect.poll(() => context.sql.value("SELECT summary FROM careforall.campaigns WHERE id = $1", [id])).toBe("written before the end");
  expect(faults).toEqual([]);
  await close();
});

test("everybody sees what is theirs: owners, donors, guests", async () => {
  const owner = await context.login("owner");
  const other = await context.login("owner");
  const { id } = await draftOf(other, { title: "Not yours" });
  const own = await visit(browser, base, { person: owner });
  await own.page.goto("/admin/campaigns?q=Not+yours");
  await own.page.getByText(/^Nothing/).first().waitFor();
  expect(await own.page.locator("[data-campaign]").count()).toBe(0);
  await own.page.goto(`/admin/campaigns/${id}`);
  await own.page.getByText("It is not there, or no longer.").waitFor();
  await own.page.goto("/admin/users");
  await own.page.getByRole("heading", { level: 1, name: "This is not for your account" }).waitFor();
  await expectAccessible(own.page, "no permission");
  expect(await own.page.getByRole("navigation", { name: "Dashboard" }).getByRole("link").allInnerTexts()).toEqual([
    "Overview",
    "Campaigns",
    "Refund requests",
    "Refunds to approve",
    "Tasks",
  ]);
  await own.close();

  const guest = await visit(browser, base);
  await guest.page.goto("/admin/campaigns?status=draft");
  await guest.page.waitForURL(/\/login\?return=/);
  expect(new URL(guest.page.url()).searchParams.get("return")).toBe("/admin/campaigns?status=draft");
  await guest.close();
});

test("the numbers of the overview are the lengths of the lists behind them", async () => {
  const owner = await context.login("owner");
  const admin = await context.login("admin");
  await publishedOf(owner, { title: "Counted" });
  const { page, faults, close } = await visit(browser, base, { person: admin });
  await page.goto("/admin");
  const live = page.locator("[data-figure='campaigns-active']");
  await live.waitFor();
  await page.getByRole("button", { name: "As a table" }).first().click();
  await expectAccessible(page, "overview, light");
  await page.emulateMedia({ colorScheme: "dark" });
  await expectAccessible(page, "overview, dark");
  const shown = (name: string) => page.locator(`[data-figure='${name}']`).innerText();
  const count = Number((await shown("campaigns-active")).replace(/\D/g, ""));
  expect(count).toBeGreaterThan(0);
  for (const state of ["confirmed", "pending", "failed", "refunded"]) {
    const link = new URL((await page.locator(`[data-figure='pledges-${state}']`).getAttribute("href")) ?? "", base);
    expect(link.searchParams.get("state")).toBe(state);
    const day = link.searchParams.get("from") ?? "";
    const from = await page.evaluate((text) => new Date(`${text}T00:00`).toISOString(), day);
    const rows = await context.sql.value<number>("SELECT count(*) FROM careforall.pledges WHERE state = $1 AND created_at >= $2", [state, from]);
    await expect.poll(async () => Number((await shown(`pledges-${state}`)).replace(/\D/g, "")), { timeout: 20_000 }).toBe(rows);
  }
  await live.click();
  await page.locator(`[data-total='${count}']`).waitFor();
  await expectAccessible(page, "campaigns, dark");
  expect(faults).toEqual([]);
  await close();
});
