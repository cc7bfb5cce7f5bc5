// SPDX-License-Identifier: Apache-2.0
// Goal: an administrator finds any pledge, gives money back, frees what is stuck, stops
// and resumes processes, watches everything live and manages accounts; nobody else does.
// Method: Chromium against the real stack; what the pages say is held against the database.
import { randomUUID } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import { useStack } from "../lib/context.ts";
import { confirmedInOrder, pledgeIs, storedPledge } from "../lib/pledge.ts";
import { until } from "../lib/until.ts";
import { decide, expectAccessible, tabTo, visit } from "./browser.ts";
import { useDesk } from "./desk.ts";

const context = useStack();
const desk = useDesk(context);
const { tag } = desk;
let { browser, base, admin, campaign, slug, view, page, pledge } = desk;
beforeAll(() => {
  ({ browser, base, admin, campaign, slug, view, page, pledge } = desk);
});

const button = (name: string | RegExp, exact = false) => page.getByRole("button", { name, exact });
const heading = (name: string | RegExp) => page.getByRole("heading", { level: 1, name });
const audits = (action: string, target: string): Promise<number> =>
  context.sql.value<number>("SELECT count(*) FROM careforall.audit_log WHERE action = $1 AND target_id = $2", [action, target]);

test("a pledge is found by filters that stand in the address, without what is personal", async () => {
  const [small, large] = [await pledge(1_500), await pledge(9_900)];
  await pledgeIs(context.sql, large, "confirmed");
  await page.goto("/admin/pledges");
  await page.getByLabel("Campaign (short name or id)").fill(slug);
  await page.getByLabel("Amount from").fill("50");
  await button("Search").click();
  await page.getByText("Amounts need a currency.").waitFor();
  await page.getByLabel("Currency").fill("eur");
  await page.getByLabel("E-mail address").fill(`${tag}*`);
  await button("Search").click();
  await page.waitForURL(`**/admin/pledges?campaign=${slug}&currency=EUR&amount_min=50`);
  await until("the large one alone", async () => (await page.locator("[data-pledge]").count()) === 1);
  await page.locator(`[data-pledge='${large}']`).waitFor();
  await page.reload();
  await page.locator(`[data-pledge='${large}']`).waitFor();
  expect(await page.getByLabel("E-mail address").inputValue()).toBe(`${tag}*`);
  expect(`${page.url()} ${await page.title()}`).not.toContain(tag);
  await expectAccessible(page, "pledges");

  await button("Save this view").click();
  await page.getByLabel("Name of the view").fill("Large ones");
  await page.keyboard.press("Enter");
  await button("Clear 4 filters").click();
  await page.waitForURL("**/admin/pledges");
  await page.getByRole("link", { name: "Large ones" }).click();
  await page.locator(`[data-pledge='${large}']`).waitFor();
  await page.goto(`/admin/pledges?campaign=${slug}&state=elsewhere&amount_min=x`);
  await page.locator(`[data-pledge='${small}']`).waitFor();
  expect(await page.locator("[data-pledge]").count()).toBe(2);
});

test("its page has the whole chain, and money goes back in part, then the rest, then no more", async () => {
  const trace = randomUUID().replaceAll("-", "");
  const id = await confirmedInOrder(context, async () => {
    const made = await context.http.call<{ id: string }>("POST", `/api/v1/campaigns/${campaign}/pledges`, {
      json: { amount: { amount: 5_000, currency: "EUR" }, donor: { name: "Ada", email: "ada@example.org" } },
      headers: { "Idempotency-Key": randomUUID(), traceparent: `00-${trace}-00f067aa0ba902b7-01` },
    });
    return made.body.id;
  });
  await page.goto(`/admin/pledges/${id}`);
  await heading("Pledge of €50.00").waitFor();
  for (const event of ["create", "payment_attach", "payment_succeeded"]) await page.locator(`[data-history='${event}']`).waitFor();
  await until("its events to be published", async () => (await page.getByText("Published").count()) === 3);
  await page.locator("[data-delivery='applied']").waitFor();
  expect(await page.getByRole("link", { name: trace }).first().getAttribute("href")).toBe(`https://traces.example.org/trace/${trace}`);
  await expectAccessible(page, "pledge");

  await button("Refund…").click();
  await page.getByRole("radio", { name: "A part" }).check();
  await page.getByRole("dialog").getByLabel("Reason").fill("the seat was cheaper");
  await button("Show what would happen").click();
  await page.getByText("Please enter an amount in EUR.").waitFor();
  await page.getByLabel(/^Amount in EUR/).fill("50.01");
  await button("Show what would happen").click();
  await page.getByText("At most €50.00 can be given back.").waitFor();
  await page.getByLabel(/^Amount in EUR/).fill("12,50");
  await button("Show what would happen").click();
  const preview = page.locator("[data-preview]");
  await preview.getByText("€12.50 go back to the donor.").waitFor();
  await preview.getByText("€37.50 can still be refunded afterwards.").waitFor();
  await preview.getByText("pledge.refund_recorded").waitFor();
  await expectAccessible(page, "refund with its preview");
  // The answer is lost; the same again gives nothing back twice.
  let lost = 0;
  await page.route("**/refunds", async (route) => {
    if (lost++ > 0) return route.continue();
    await route.fetch();
    return route.abort("connectionreset");
  });
  await button("Give €12.50 back").click();
  await page.getByRole("alert").getByText("It may have been done or not.").waitFor();
  await button("Give €12.50 back").click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.unroute("**/refunds");
  await page.locator("[data-refund='succeeded']").waitFor();
  expect((await storedPledge(context.sql, id)).refunded_minor).toBe(1_250);

  await button("Refund…").click();
  await decide(page, "the concert does not take place", "Give €37.50 back", 1);
  await page.locator("[data-history='refund']").nth(1).waitFor();
  await pledgeIs(context.sql, id, "refunded");
  await until("no refund to be offered", async () => (await button("Refund…").count()) === 0);
  expect(await context.sql.value("SELECT count(*) FROM careforall.refunds WHERE pledge_id = $1", [id])).toBe(2);
  expect(await audits("pledge.refund", id)).toBe(2);
});

test("what somebody else has done meanwhile is refused with what is possible now", async () => {
  const id = await pledge(2_000);
  await pledgeIs(context.sql, id, "confirmed");
  await page.goto(`/admin/pledges/${id}`);
  await button("Refund…").click();
  await page.getByRole("dialog").getByLabel("Reason").fill("asked by telephone");
  await button("Show what would happen").click();
  await context.sql.rowsAs("admin", "SELECT careforall.pledge_refund($1, NULL, 'was quicker')", [id]);
  await pledgeIs(context.sql, id, "refunded");
  await button("Give €20.00 back").click();
  const alert = page.getByRole("alert");
  await alert.getByText("It is “refunded” now.").waitFor();
  await alert.getByText("Possible now:").waitFor();
  await expectAccessible(page, "refused refund");
  await alert.getByRole("button", { name: "Load the newest state" }).click();
  await page.locator("[data-refund='succeeded']").waitFor();

  const shown = await pledge(2_100, `secret-${tag}@example.org`);
  await page.goto(`/admin/pledges/${shown}`);
  await button("Show the donor…").click();
  await page.getByRole("dialog").getByLabel("Reason").fill("the donor asked for a receipt");
  await button("Show", true).click();
  await page.getByText(`secret-${tag}@example.org`).waitFor();
  expect(await audits("donor.reveal", shown)).toBe(1);
  await page.getByRole("dialog").getByRole("button", { name: "Close" }).first().click();
  expect(await page.getByText(`secret-${tag}@example.org`).count()).toBe(0);
});

test("events that the relay has parked are released, parked again, and given up", async () => {
  // A type that is no subject, which the engine would never write, and one behind it.
  const aggregate = randomUUID();
  for (const version of [1, 2]) {
    await context.sql.rows(
      `INSERT INTO careforall.outbox (event_id, aggregate_type, aggregate_id, aggregate_version, campaign_id, type, data, occurred_at)
       VALUES (careforall.uuid7(), 'pledge', $1, $2, $3, 'pledge.NOT A TYPE', '{}', clock_timestamp())`,
      [aggregate, version, campaign],
    );
  }
  const parkedNow = (state: string): Promise<number> =>
    context.sql.value<number>("SELECT count(*) FROM careforall.outbox_parked WHERE aggregate_id = $1 AND state = $2", [aggregate, state]);
  await until("both to be parked", async () => (await parkedNow("parked")) === 2);
  await page.goto(`/admin/work?campaign=${slug}`);
  const cards = page.locator("[data-parked-state='parked']");
  await cards.nth(1).waitFor();
  await expectAccessible(page, "parked events");
  await button("Release those that fit…").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Reason").fill("to see whether it is still so");
  await button("Show what would happen").click();
  await dialog.locator("[data-preview='1']").getByText("What is parked of 1 pledge or campaign is published, in its order.").waitFor();
  await expectAccessible(page, "release with its dry run");
  expect([await parkedNow("parked"), await audits("outbox_release", aggregate)]).toEqual([2, 0]);
  await button("Release 1 pledge or campaign").click();
  await page.waitForURL("**/admin/tasks/*");
  await page.locator("[data-outcome='released']").getByText("1", { exact: true }).waitFor();
  expect(await audits("outbox_release", aggregate)).toBe(1);
  await until("the cause to be told again", async () =>
    (await context.sql.value("SELECT count(*) FROM careforall.outbox_parked WHERE aggregate_id = $1 AND state = 'parked' AND attempts > 1", [aggregate])) === 1);
  for (const left of [1, 0]) {
    await page.goto(`/admin/work?campaign=${slug}`);
    await cards.first().getByRole("button", { name: /^Give up/ }).click();
    await decide(page, "it can never be published", "Give 1 event up", 1);
    await until("one less to be parked", async () => (await parkedNow("parked")) === left);
  }
  await page.getByText("Nothing fits", { exact: true }).waitFor();
  await page.goto(`/admin/work?campaign=${slug}&state=dropped`);
  await page.locator("[data-parked-state='dropped']").nth(1).waitFor();
  // What no pledge did is a fault in the eyes of verify().
  await context.sql.rows(
    `DO $$ BEGIN
       PERFORM set_config('session_replication_role', 'replica', true);
       DELETE FROM careforall.outbox WHERE aggregate_id = '${aggregate}';
     END $$`,
  );

  for (const tab of ["dead_letter", "holds"]) {
    await page.goto(`/admin/work?tab=${tab}`);
    await page.getByText(/Nothing is stuck here|No pledge is pending/).or(page.getByRole("table")).or(page.locator("main ul li")).first().waitFor();
    await expectAccessible(page, tab);
  }
});

test("the projector is paused and resumed, and health tells of it", async () => {
  await page.goto("/admin/consumers");
  const status = page.locator("[data-consumer='projector']");
  await page.locator("[data-consumer='projector'][data-status='running']").waitFor();
  await button("Pause Projector").click();
  await page.getByRole("dialog").getByLabel("Reason").fill("x");
  await page.getByRole("dialog").getByRole("button", { name: "Pause" }).click();
  await page.getByText("Please give a reason of at least 3 characters.").waitFor();
  await decide(page, "a look at the cache", "Pause");
  await page.locator("[data-consumer='projector'][data-status='paused']").waitFor();
  await expectAccessible(page, "paused process");
  try {
    await page.goto("/admin/health");
    await page.locator("[data-health='warn']").waitFor();
    await page.locator("[data-check='paused consumers']").getByRole("cell", { name: "projector", exact: true }).waitFor();
    await expectAccessible(page, "health");
  } finally {
    await page.goto("/admin/consumers");
    await button("Resume Projector").click();
    await decide(page, "the look is over", "Resume");
    await page.locator("[data-consumer='projector'][data-status='running']").waitFor();
  }
  expect(await status.innerText()).toBe("Running");
  await page.goto("/admin/health");
  const before = await page.locator("[data-verified]").getAttribute("data-verified");
  await button("Check now").click();
  await decide(page, "after the pause", "Check now");
  await until("the invariants to be checked", async () => {
    const now = await page.locator("[data-verified]").getAttribute("data-verified");
    return now !== "" && now !== before;
  });
  await page.getByText("Everything holds").waitFor();
});

test("the live feed is stopped and goes on without a gap, over a lost connection too", async () => {
  await page.goto("/admin/live");
  await page.locator("[data-feed-state='live']").waitFor();
  const first = await pledge(4_100);
  await pledgeIs(context.sql, first, "confirmed");
  await page.locator("[data-feed] li").filter({ hasText: first.slice(-8) }).nth(2).waitFor();
  await expectAccessible(page, "live");
  await page.locator("[data-feed-toggle]").click();
  const second = await pledge(4_200);
  await pledgeIs(context.sql, second, "confirmed");
  await page.locator("[data-waiting='3']").waitFor();
  expect(await page.locator("[data-feed] li").filter({ hasText: second.slice(-8) }).count()).toBe(0);
  await expectAccessible(page, "stopped feed");

  await page.context().setOffline(true);
  await page.locator("[data-feed-state='paused']").waitFor();
  const third = await pledge(4_300);
  await pledgeIs(context.sql, third, "confirmed");
  await page.context().setOffline(false);
  await page.locator("[data-waiting='6']").waitFor();
  await page.locator("[data-feed-toggle]").click();
  await page.locator("[data-feed] li").filter({ hasText: third.slice(-8) }).nth(2).waitFor();
  const numbers = await page.locator("[data-feed] li").evaluateAll((rows) => rows.map((row) => Number((row as HTMLElement).dataset.sequence)));
  const newest = numbers[0] ?? 0;
  expect(numbers.slice(0, 9)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8].map((n) => newest - n));

  await page.getByLabel("Kind of event").selectOption("pledge.confirmed");
  await page.getByLabel("Pledge or reason").fill(third);
  await until("one event to be left", async () => (await page.locator("[data-feed] li").count()) === 1);
});

test("a role is changed, sessions end, the last administrator stays, and the log has it all", async () => {
  const person = await context.login("donor");
  await page.goto("/admin/users");
  await page.getByLabel("Name or e-mail address").fill(person.email);
  await button("Search").click();
  expect(page.url()).not.toContain("example.org");
  await expectAccessible(page, "accounts");
  await page.locator(`[data-user='${person.id}']`).getByRole("link").click();
  await heading("Test donor").waitFor();
  await button("Change the role").click();
  await page.getByRole("radio", { name: /^Campaign owner/ }).check();
  await expectAccessible(page, "change of a role");
  // Somebody else is faster.
  await context.sql.rows("UPDATE careforall.accounts SET version = version + 1 WHERE id = $1", [person.id]);
  await page.getByRole("dialog").getByLabel("Reason").fill("runs the campaign of the village");
  await button(/^Change to/).click();
  await page.getByRole("alert").getByText("Somebody else was faster").waitFor();
  await button("Load the newest state").click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await button("Change the role").click();
  await page.getByRole("radio", { name: /^Campaign owner/ }).check();
  await decide(page, "runs the campaign of the village", /^Change to/);
  await page.locator("[data-audit='account.change'] [data-change='role']").waitFor();
  expect(await context.sql.value("SELECT role FROM careforall.accounts WHERE id = $1", [person.id])).toBe("owner");

  await button("End 1 session").click();
  await decide(page, "the telephone was stolen", "End 1 session");
  await page.getByRole("button", { name: "No session to end" }).waitFor();
  expect((await person.http.get("/api/v1/me")).status).toBe(401);
  await button("Disable").click();
  await decide(page, "left the project", "Disable");
  await button("Enable").waitFor();

  await page.goto(`/admin/users/${admin.id}`);
  await page.locator("[data-self]").getByText("So there is always an administrator left").waitFor();
  await button(/^Change the role/).press("Enter");
  expect(await page.getByRole("dialog").count()).toBe(0);
  await expectAccessible(page, "own account");

  await page.goto(`/admin/audit?target_type=account&target_id=${person.id}`);
  await page.locator("[data-audit='account.logout']").waitFor();
  expect(await page.locator("[data-audit]").count()).toBe(3);
  await page.locator("[data-audit='account.change']").getByText("runs the campaign of the village").waitFor();
  await expectAccessible(page, "audit log");
});

test("owners are told that these pages are not for them", async () => {
  const owner = await visit(browser, base, { person: await context.login("owner"), theme: "dark" });
  for (const path of ["pledges", `pledges/${randomUUID()}`, "live", "work", "consumers", "users", "audit", "health"]) {
    await owner.page.goto(`/admin/${path}`);
    await owner.page.getByRole("heading", { level: 1, name: "This is not for your account" }).waitFor();
  }
  expect(await owner.page.getByRole("link", { name: "Audit log" }).count()).toBe(0);
  await expectAccessible(owner.page, "no permission");
  await owner.close();
});

test("without a mouse: from the search to a refund that is asked for", async () => {
  const id = await pledge(6_700);
  await pledgeIs(context.sql, id, "confirmed");
  await page.goto("/admin/pledges");
  await tabTo(page, page.getByLabel("Reference", { exact: true }));
  await page.keyboard.type(id);
  await page.keyboard.press("Enter");
  const row = page.locator(`[data-pledge='${id}']`);
  await until("it alone to be listed", async () => (await page.locator("[data-pledge]").count()) === 1 && (await row.count()) === 1);
  await tabTo(page, row.getByRole("link"));
  await page.keyboard.press("Enter");
  await tabTo(page, button("Refund…"));
  await page.keyboard.press("Enter");
  await tabTo(page, page.getByRole("dialog").getByLabel("Reason"));
  await page.keyboard.type("pledged twice by mistake");
  await tabTo(page, button("Show what would happen"));
  await page.keyboard.press("Enter");
  await page.locator("[data-preview='1']").waitFor();
  await tabTo(page, button("Give €67.00 back"));
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await pledgeIs(context.sql, id, "refunded");
});

test("what is too much at once is told, and tried again on demand", async () => {
  await page.route("**/api/v1/admin/users**", (route) =>
    route.fulfill({
      status: 429,
      headers: { "Retry-After": "1", "Content-Type": "application/problem+json" },
      body: JSON.stringify({ code: "too-many-requests", status: 429 }),
    }),
  );
  await page.goto("/admin/users");
  await page.getByRole("alert").getByText(/too much at once/).waitFor();
  await page.unroute("**/api/v1/admin/users**");
  await button("Try again").click();
  await page.locator("[data-user]").first().waitFor();
});

test("nothing went wrong unseen", () => {
  expect(view.faults).toEqual([]);
});
