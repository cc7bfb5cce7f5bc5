// SPDX-License-Identifier: Apache-2.0
// Goal: every number of the overview is the length of the list that it leads to; lists are
// whole over their pages and the same as a file; what they are narrowed to stands in the
// address; owners find only what is theirs, in pages and in the API. Method: data in all
// states, Chromium against the real stack, lists read to their end and compared with the
// API and the database.
import { createHash, randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { parse } from "csv-parse/sync";
import type { Browser, Download, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Person } from "../lib/account.ts";
import { all } from "../lib/admin.ts";
import { draftOf, move, publishedOf, type Managed } from "../lib/campaign.ts";
import { useStack } from "../lib/context.ts";
import { makeCampaign, makeReward, sqlPledge } from "../lib/fixtures.ts";
import { pledgeBody } from "../lib/http.ts";
import { pledgeIs, states } from "../lib/pledge.ts";
import { until } from "../lib/until.ts";
import { decide, expectAccessible, expectNoSideways, launch, settled, tabTo, visit, type Visitor } from "./browser.ts";

const context = useStack();
const tag = randomUUID().slice(0, 8);
let browser: Browser;
let base: string;
let admin: Person;
let owner: Person;
let own: Managed;
let others: Managed;
let view: Visitor;
let page: Page;
let ownView: Visitor;

beforeAll(async () => {
  base = process.env.CAREFORALL_E2E_URL ?? context.stack.url("GATEWAY");
  browser = await launch();
  [admin, owner] = await Promise.all([context.login("admin"), context.login("owner")]);
  own = await publishedOf(owner, { title: `Own ${tag}` });
  others = await publishedOf(await context.login("owner"), { title: `Theirs ${tag}` });
  // 27 that come through, beyond a page of any list; and some of every other state.
  const amounts = [...Array.from({ length: 27 }, (_, n) => 1_000 + 100 * n), 2_002, 3_002, 4_009, 5_012];
  const ids = await Promise.all(amounts.map(async (amount) => (await sqlPledge(context.sql, own.id, { amount, name: `Giver ${amount}`, email: `g${amount}@example.org` })).pledge_id ?? ""));
  await until("all to be decided", async () => {
    const now = await states(context.sql, own.id);
    return now.confirmed === 28 && now.failed === 2 && now.pending === 1;
  });
  const [first, second, fails] = [ids[0], ids[1], ids.at(-1)] as [string, string, string];
  for (const [id, key] of [[first, 1], [fails, 2]] as const) {
    await admin.http.call("POST", `/api/v1/pledges/${id}/refunds`, { json: { reason: `for a test ${key}` }, headers: { "Idempotency-Key": randomUUID() } });
  }
  await pledgeIs(context.sql, first, "refunded");
  await until("a refund to fail", async () => (await context.sql.value("SELECT count(*) FROM careforall.refunds WHERE pledge_id = $1 AND state = 'failed'", [fails])) === 1);
  const { id, token } = (await context.http.pledge(own.id, pledgeBody(7_700))).body;
  await pledgeIs(context.sql, id, "confirmed");
  await context.http.call("POST", `/api/v1/pledges/${id}/refund-request`, { json: { message: "Please" }, headers: { "Pledge-Token": token } });
  await context.sql.value("SELECT careforall.payment_park('refund', $1, $2, 3, 400, 'for_this_test', 'refused')", [randomUUID(), second]);
  const yen = await makeCampaign(context.sql, { currency: "JPY" });
  for (const age of ["0 days", "1 day", "40 days"]) {
    const made = (await sqlPledge(context.sql, yen, { amount: 900, currency: "JPY" })).pledge_id ?? "";
    await pledgeIs(context.sql, made, "confirmed");
    await madeEarlier(made, age);
  }
  await draftOf(owner, { title: `Draft ${tag}` });
  await move(owner, (await publishedOf(owner, { title: `Paused ${tag}` })).id, "pause");
  view = await visit(browser, base, { person: admin });
  page = view.page;
  ownView = await visit(browser, base, { person: owner });
});

afterAll(async () => {
  await context.sql.rows("UPDATE careforall.payment_dead_letters SET state = 'resolved' WHERE code = 'for_this_test' AND state = 'parked'");
  await browser.close();
});

/** Moves a pledge back in time, which only a server without its rules lets happen. */
async function madeEarlier(pledge: string, age: string): Promise<void> {
  const client = await context.sql.client();
  try {
    await client.query("SET session_replication_role = replica");
    await client.query("UPDATE careforall.pledges SET created_at = created_at - $2::interval WHERE id = $1", [pledge, age]);
  } finally {
    await client.end();
  }
}

/** The length of the list that a page shows, by asking the API for all of it as the page did for its first part. */
async function lengthBehind(on: Page, person: Person, href: string): Promise<number> {
  const lists = /\/api\/v1\/(?:admin\/(?:pledges|campaigns|holds|payments\/stuck|outbox\/parked|consumers)|me\/(?:campaigns|refund-requests|refund-proposals)|campaigns\/[^/]+\/pledges)(?:\?|$)/;
  const [request] = await Promise.all([on.waitForRequest((one) => lists.test(one.url())), on.locator(`a[data-figure][href='${href}']`).first().click()]);
  const { pathname, searchParams } = new URL(request.url());
  for (const name of ["limit", "cursor"]) searchParams.delete(name);
  const [path, query] = [pathname.replace("/api/v1/", "../"), searchParams.toString()];
  if (pathname.endsWith("/consumers")) {
    return (await person.http.get<{ items: { is_paused: boolean }[] }>(pathname)).body.items.filter((one) => one.is_paused).length;
  }
  return (await all(person.http, query === "" ? path : `${path}?${query}`)).length;
}

/** Every number of the overview that leads somewhere: its name, where to, how many. */
const figuresOf = (on: Page): Promise<{ name: string; href: string; count: number }[]> =>
  on.locator("a[data-figure]").evaluateAll((links) =>
    links.map((link) => {
      const { figure = "", count = link.textContent } = (link as HTMLElement).dataset;
      return { name: figure, href: link.getAttribute("href") ?? "", count: Number(count.replace(/\D/g, "")) };
    }));

async function expectFiguresEqualLists(on: Page, person: Person, address: string, names: RegExp[]): Promise<void> {
  await on.goto(address);
  await on.locator("[data-figure='refund_requests']").waitFor();
  await on.locator("[data-figure='campaigns-draft']").waitFor();
  await on.locator("[data-figure='pledges-confirmed']").waitFor();
  const figures = await figuresOf(on);
  for (const name of names) expect(figures.map((figure) => figure.name)).toEqual(expect.arrayContaining([expect.stringMatching(name)]));
  for (const { name, href, count } of figures) {
    // Of what there was before, nothing is soon told.
    if (name.startsWith("before-") && count === 0) continue;
    const difference = async () => {
      const shown = (await figuresOf(on)).find((figure) => figure.name === name)?.count ?? -1;
      const length = await lengthBehind(on, person, href);
      await on.goBack();
      await on.locator(`[data-figure='${name}']`).waitFor();
      return length - shown;
    };
    // What changes meanwhile is read again with its list.
    await expect.poll(difference, { timeout: 20_000, message: `${name} and the list behind it` }).toBe(0);
  }
}

test("every number of an administrator's overview is the length of the list behind it", async () => {
  await expectFiguresEqualLists(page, admin, "/admin", [
    /^refund_requests$/, /^refund_proposals$/, /^holds$/, /^dead_letters$/, /^refunds_failed$/, /^parked_events$/, /^paused_consumers$/,
    /^campaigns-active$/, /^campaigns-paused$/, /^campaigns-draft$/, /^pledges-pending$/, /^pledges-confirmed$/, /^pledges-failed$/, /^pledges-refunded$/,
    /^money-today-EUR$/, /^money-7d-EUR$/, /^money-30d-JPY$/, /^before-confirmed$/,
    /^before-money-today-JPY$/, /^before-money-30d-JPY$/,
  ]);
  await page.locator("td:has([data-figure='before-money-30d-JPY'])").filter({ hasText: "The 30 days before: JP¥900 +100%" }).waitFor();
});

test("an owner has the same of the own campaigns, and nothing of others", async () => {
  const seen = ownView;
  await expectFiguresEqualLists(seen.page, owner, `/admin?campaign=${own.id}`, [/^campaigns-paused$/, /^pledges-refunded$/, /^money-30d-EUR$/]);
  await seen.page.goto(`/admin?campaign=${own.id}&period=today`);
  await seen.page.locator("[data-figure='pledges-confirmed']").getByText("28").waitFor();
  expect(await seen.page.locator("[data-figure='pledges-refunded']").innerText()).toBe("1");
  expect(await seen.page.locator("main select option").allInnerTexts()).toEqual(expect.not.arrayContaining([`Theirs ${tag}`]));
  await seen.page.goto("/admin/campaigns");
  await seen.page.locator("[data-campaign]").first().waitFor();
  expect(await seen.page.locator("[data-campaign]").count()).toBe(3);
  // All parts of a campaign stand in one frame, which refuses; what the API refuses is asked below.
  for (const part of ["", "/pledges", "/figures"]) {
    await seen.page.goto(`/admin/campaigns/${others.id}${part}`);
    await seen.page.getByRole("heading", { level: 1, name: "This is not for your account" }).waitFor();
  }
  const items = async (path: string) => (await owner.http.get<{ items: { id: string }[] }>(path)).body.items;
  expect((await items("/api/v1/me/campaigns?limit=100")).map(({ id }) => id)).not.toContain(others.id);
  expect(await items("/api/v1/me/refund-requests")).toHaveLength(1);
  for (const path of ["manage", "pledges", "refund-requests", "stats", "team"]) {
    expect((await owner.http.get(`/api/v1/campaigns/${others.id}/${path}`)).status, path).toBe(403);
  }
  for (const path of ["pledges", "campaigns", "users", "audit", "stats", "holds", "payments/stuck", "outbox", "outbox/parked", "consumers", "limits", "jobs", "verify", "health", "links"]) {
    expect((await owner.http.get(`/api/v1/admin/${path}`)).status, path).toBe(403);
  }
});

/** Goes through the pages of a list to its end and gives what they had. */
async function walk(on: Page, attribute: string, least: number): Promise<string[][]> {
  const pages: string[][] = [];
  for (;;) {
    const rows = on.locator(`[${attribute}]`);
    await settled(on);
    await rows.first().waitFor();
    pages.push(await rows.evaluateAll((found, name) => found.map((row) => row.getAttribute(name) ?? ""), attribute));
    const next = on.getByRole("link", { name: "Next page" });
    if ((await next.count()) === 0) break;
    const gone = on.locator(`[${attribute}='${pages.at(-1)?.[0] ?? ""}']`);
    await next.click();
    await gone.waitFor({ state: "detached" });
  }
  expect(pages.length).toBeGreaterThanOrEqual(least);
  return pages;
}

/** Exports the list that is shown, so many rows, and downloads the file of the task. */
async function exportedFile(on: Page, count: number): Promise<Download> {
  await on.getByRole("button", { name: "Export as CSV" }).click();
  await on.locator(`[data-preview='${String(count)}']`).waitFor();
  await on.getByRole("button", { name: "Make the file" }).click();
  await on.waitForURL("**/admin/tasks/*");
  await on.locator("[data-state='done']").waitFor();
  await expectAccessible(on, "a task with a file");
  const [file] = await Promise.all([on.waitForEvent("download"), on.getByRole("button", { name: "Download" }).click()]);
  return file;
}

test("the pledges of a campaign are whole over their pages, and the file has the same", async () => {
  const seen = ownView;
  await seen.page.goto(`/admin/campaigns/${own.id}/pledges`);
  await seen.page.getByLabel("State", { exact: true }).selectOption("confirmed");
  await seen.page.getByRole("button", { name: "Search" }).click();
  await seen.page.waitForURL(`**/pledges?state=confirmed`);
  const ids = (await walk(seen.page, "data-pledge", 2)).flat();
  expect(new Set(ids).size).toBe(ids.length);
  const stored = await context.sql.rows<{ id: string }>("SELECT id FROM careforall.pledges WHERE campaign_id = $1 AND state = 'confirmed' ORDER BY id DESC", [own.id]);
  expect(ids).toEqual(stored.map((row) => row.id));
  expect(new URL(seen.page.url()).searchParams.get("cursor")).not.toBeNull();
  await seen.page.getByRole("link", { name: "First page" }).click();
  await seen.page.locator(`[data-pledge='${ids[0] ?? ""}']`).waitFor();

  const file = await exportedFile(seen.page, ids.length);
  await seen.page.getByText("The file is in your downloads.").waitFor();
  expect(file.suggestedFilename()).toMatch(/^[\w.-]+\.csv$/);
  const text = await readFile(await file.path(), "utf8");
  await seen.page.getByText(createHash("sha256").update(text).digest("hex")).waitFor();
  const rows: Record<string, string>[] = parse(text, { columns: true, bom: true });
  expect(rows.map((row) => row.reference).sort()).toEqual([...ids].sort());
  await seen.page.goto(`/admin/campaigns/${own.id}/pledges?state=confirmed`);
  const first = seen.page.locator(`[data-pledge='${ids[0] ?? ""}']`);
  const told = rows.find((row) => (row.reference) === ids[0]);
  await first.getByText(told?.donor_name ?? "?").waitFor();
  await first.getByText(told?.donor_email ?? "?").waitFor();
  expect(Object.values(told ?? {})).toContain("confirmed");
  expect(await context.sql.value("SELECT count(*) FROM careforall.audit_log WHERE action = 'pledges.export' AND target_id = $1", [own.id])).toBe(1);
});

test("all pledges of a list are given back as a task: tried first, then done, and never twice", async () => {
  const campaign = await makeCampaign(context.sql);
  await context.sql.rows("UPDATE careforall.campaigns SET owner_id = $2 WHERE id = $1", [campaign, owner.id]);
  for (const amount of [2_000, 4_000]) await pledgeIs(context.sql, (await context.http.pledge(campaign, pledgeBody(amount))).body.id, "confirmed");
  const { page } = ownView;
  const giveBack = async (isDry: boolean, confirm: string): Promise<void> => {
    await page.goto(`/admin/campaigns/${campaign}/pledges`);
    await page.getByRole("button", { name: "Give all back" }).click();
    if (isDry) await page.getByLabel("Only try: nothing is changed").click();
    await page.getByLabel("Reason").fill("The event is off");
    await page.getByRole("button", { name: "Show what would happen" }).click();
    await page.locator("[data-preview='2']").getByText("2 pledges").waitFor();
    await page.getByRole("button", { name: confirm }).click();
    await page.waitForURL("**/admin/tasks/*");
    await page.locator("[data-state='done']").waitFor();
  };
  const refunds = () => context.sql.value("SELECT count(*) FROM careforall.refunds WHERE campaign_id = $1", [campaign]);
  await giveBack(true, "Try 2 pledges");
  await page.locator("[data-outcome='requested']").getByText("2", { exact: true }).waitFor();
  expect(await refunds()).toBe(0);
  await giveBack(false, "Give 2 pledges back");
  await page.locator("[data-outcome='requested']").getByText("2", { exact: true }).waitFor();
  expect(await refunds()).toBe(2);
  await page.getByRole("link", { name: "All tasks" }).click();
  await page.locator("[data-task]").nth(1).waitFor();
  expect(await page.getByRole("link", { name: "Give back pledges" }).count()).toBeGreaterThanOrEqual(2);
});

test("pledges are chosen one by one or by the page, by keyboard too, and only those are changed", async () => {
  const campaign = await makeCampaign(context.sql);
  await context.sql.rows("UPDATE careforall.campaigns SET owner_id = $2 WHERE id = $1", [campaign, owner.id]);
  const ids: string[] = [];
  for (const amount of [2_000, 4_000, 6_000]) {
    const { id } = (await context.http.pledge(campaign, pledgeBody(amount))).body;
    await pledgeIs(context.sql, id, "confirmed");
    ids.push(id);
  }
  const { page } = ownView;
  await page.goto(`/admin/campaigns/${campaign}/pledges`);
  const box = (n: number) => page.locator(`[data-pledge='${ids[n] ?? ""}']`).getByRole("checkbox");
  await page.locator("[data-chosen='0']").getByText("No pledge is chosen").waitFor();
  expect(await page.getByRole("button", { name: "Give the chosen ones back" }).count()).toBe(0);
  await page.getByRole("checkbox", { name: "Choose all on this page" }).click();
  await page.locator("[data-chosen='3']").getByText("3 pledges are chosen").waitFor();
  await tabTo(page, box(1));
  await page.keyboard.press("Space");
  await page.locator("[data-chosen='2']").waitFor();
  expect(await page.getByRole("checkbox", { name: "Choose all on this page" }).getAttribute("aria-checked")).toBe("mixed");
  await expectAccessible(page, "chosen pledges");
  await page.setViewportSize({ width: 360, height: 800 });
  await expectNoSideways(page);
  await expectAccessible(page, "chosen pledges, narrow");
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.getByRole("button", { name: "Give the chosen ones back" }).click();
  await decide(page, "Two seats were sold twice", "Give 2 pledges back", 2);
  await page.waitForURL("**/admin/tasks/*");
  await page.locator("[data-state='done']").waitFor();
  await page.locator("[data-filter='state']").getByText("State: Confirmed").waitFor();
  await page.getByText("2 pledges are chosen", { exact: true }).waitFor();
  expect(await context.sql.rows("SELECT pledge_id FROM careforall.refunds WHERE campaign_id = $1 ORDER BY pledge_id", [campaign]))
    .toEqual([ids[0], ids[2]].sort().map((pledge_id) => ({ pledge_id })));
  // Another list begins with nothing chosen.
  await page.goto(`/admin/campaigns/${campaign}/pledges`);
  await box(1).click();
  await page.locator("[data-chosen='1']").waitFor();
  await page.getByLabel("State", { exact: true }).selectOption("confirmed");
  await page.getByRole("button", { name: "Search" }).click();
  await page.waitForURL("**/pledges?state=confirmed");
  await page.locator("[data-chosen='0']").waitFor();
  // Who may only look chooses nothing.
  const viewer = await context.login("donor");
  await owner.http.call("POST", `/api/v1/campaigns/${campaign}/team`, { json: { email: viewer.email, role: "viewer" } });
  const looking = await visit(browser, base, { person: viewer });
  await looking.page.goto(`/admin/campaigns/${campaign}/pledges`);
  await looking.page.locator("[data-pledge]").nth(2).waitFor();
  expect(await looking.page.locator("main").getByRole("checkbox").count()).toBe(0);
  expect(looking.faults).toEqual([]);
  await looking.close();
});

test("the pledges of a campaign by reward, with the reward in the address", async () => {
  const campaign = await makeCampaign(context.sql);
  await context.sql.rows("UPDATE careforall.campaigns SET owner_id = $2 WHERE id = $1", [campaign, owner.id]);
  const [seat, gone] = [await makeReward(context.sql, campaign), await makeReward(context.sql, campaign)];
  const give = async (amount: number, reward_id?: string) => (await context.http.pledge(campaign, pledgeBody(amount, { reward_id }))).body.id;
  const [, one, other] = await Promise.all([give(2_000), give(2_000, seat), give(2_002, gone)]);
  // Only a reward that nobody has can be removed: this payment fails.
  await pledgeIs(context.sql, other, "failed");
  expect((await owner.http.call("DELETE", `/api/v1/campaigns/${campaign}/rewards/${gone}`, { headers: { "If-Match": "*" } })).status).toBe(204);
  const seen = ownView;
  const only = (id: string) => expect(settled(seen.page).then(() => seen.page.locator("[data-pledge]").evaluateAll((rows) => rows.map((row) => row.getAttribute("data-pledge"))))).resolves.toEqual([id]);
  await seen.page.goto(`/admin/campaigns/${campaign}/pledges`);
  await seen.page.locator("[data-pledge]").nth(2).waitFor();
  const select = seen.page.getByLabel("Reward", { exact: true });
  expect(await select.locator("option").allInnerTexts()).toEqual(["All", "Reward"]);
  await select.selectOption({ label: "Reward" });
  await seen.page.getByRole("button", { name: "Search" }).click();
  await seen.page.waitForURL(`**/pledges?reward=${seat}`);
  await seen.page.locator("[data-pledge]").nth(1).waitFor({ state: "detached" });
  await only(one);
  await seen.page.reload();
  await only(one);
  expect(await select.inputValue()).toBe(seat);
  // A removed reward is no longer offered, but what it is narrowed to is told.
  await seen.page.goto(`/admin/campaigns/${campaign}/pledges?reward=${gone}`);
  await only(other);
  expect(await select.locator("option:checked").innerText()).toBe("A removed reward");
});

test("the search of pledges and the audit log go on over pages, with their filters in the address", async () => {
  await page.goto(`/admin/pledges?campaign=${own.slug}&state=confirmed&currency=EUR`);
  const found = (await walk(page, "data-pledge", 2)).flat();
  expect(found).toHaveLength(await context.sql.value("SELECT count(*) FROM careforall.pledges WHERE campaign_id = $1 AND state = 'confirmed'", [own.id]));
  expect(new Set(found).size).toBe(found.length);
  const address = new URL(page.url());
  expect([...address.searchParams.keys()].sort()).toEqual(["campaign", "currency", "cursor", "state"]);

  for (let n = 0; n < 26; n++) {
    await context.sql.rowsAs("admin", "SELECT careforall.campaign_cap_set($1, $2, 'for the list')", [own.id, 1_000_000 + n]);
  }
  await page.goto("/admin/audit");
  await page.getByLabel("Action").selectOption("campaign.publish");
  await page.getByLabel("On what").selectOption("campaign");
  await page.getByLabel("By whom").fill(owner.id);
  await page.getByLabel("From", { exact: true }).fill(new Date().toLocaleDateString("sv"));
  await page.getByRole("button", { name: "Search" }).click();
  await page.waitForURL(/action=campaign\.publish/);
  await page.reload();
  await until("both to be listed", async () => (await page.locator("[data-audit='campaign.publish']").count()) === 2);
  expect(await page.locator("[data-audit]").count()).toBe(2);
  await page.getByLabel("To", { exact: true }).fill("2020-01-01");
  await page.getByLabel("From", { exact: true }).fill("");
  await page.getByRole("button", { name: "Search" }).click();
  await page.getByText("Nothing fits", { exact: true }).waitFor();
  await page.getByRole("button", { name: /^Clear \d filters/ }).click();
  await page.goto(`/admin/audit?action=campaign.cap_set&target_id=${own.id}`);
  await page.locator("[data-change]").first().waitFor();
  await expectAccessible(page, "changes in the audit log");
  expect(await page.locator("[data-audit]").count()).toBe(25);
  await page.getByRole("link", { name: "Next page" }).click();
  await until("the rest", async () => (await page.locator("[data-audit]").count()) === 1);
  const file = await exportedFile(page, 26);
  expect(file.suggestedFilename()).toMatch(/^audit-log-[\d-]+\.csv$/);
  const rows: Record<string, string>[] = parse(await readFile(await file.path(), "utf8"), { columns: true });
  expect(rows.map((row) => `${row.action} ${row.target_id}`)).toEqual(Array(26).fill(`campaign.cap_set ${own.id}`));
  // Nobody writes it: there is no way over the API, and the database lets no one either.
  for (const method of ["POST", "PATCH", "PUT", "DELETE"]) expect((await admin.http.call(method, "/api/v1/admin/audit")).status).toBe(405);
  await expect(context.sql.rowsAs("admin", "UPDATE careforall.audit_log SET reason = 'better'")).rejects.toThrow(/permission denied/);
});

test("nothing went wrong unseen", () => {
  expect([...view.faults, ...ownView.faults]).toEqual([]);
});
