// SPDX-License-Identifier: Apache-2.0
// Goal: what is stuck is set going again, alone, by filter or all at once, after a dry run
// that changes nothing; donors get answers to what they ask back, and are forgotten when
// they wish; nothing is done without a reason. Method: Chromium against the real stack,
// with work that is stuck made for it; what the pages say is held against the database.
import { randomUUID } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import { act } from "../lib/admin.ts";
import { publishedOf } from "../lib/campaign.ts";
import { useStack } from "../lib/context.ts";
import { pledgeBody } from "../lib/http.ts";
import { paymentOf, pledgeIs, storedPledge } from "../lib/pledge.ts";
import { until } from "../lib/until.ts";
import { decide, expectAccessible, expectNoSideways, visit } from "./browser.ts";
import { useDesk } from "./desk.ts";

const context = useStack();
const desk = useDesk(context);
const { tag } = desk;
let { browser, base, admin, slug, view, page, pledge } = desk;
beforeAll(() => {
  ({ browser, base, admin, slug, view, page, pledge } = desk);
});

const button = (name: string | RegExp) => page.getByRole("button", { name });

/** Lets the process that pays do nothing, or go on. */
async function payments(word: "pause" | "resume"): Promise<void> {
  await act(admin.http, `consumers/payments/${word}`);
  const wanted = word === "pause" ? "paused" : "running";
  await until(`payments to ${word}`, async () =>
    (await context.sql.value("SELECT status FROM careforall.consumers_status WHERE consumer = 'payments'")) === wanted);
}

test("a hold is released: at once where the provider knows nothing, else by the provider, or by force", async () => {
  await payments("pause");
  const unknown = await pledge(1_100);
  try {
    await page.goto(`/admin/work?tab=holds&campaign=${slug}`);
    await page.locator(`[data-hold='${unknown}']`).waitFor();
    expect(await page.locator("[data-hold]").count()).toBe(1);
    await expectAccessible(page, "holds");
    await page.locator(`[data-hold='${unknown}']`).getByRole("link").first().click();
    await button("Release the hold…").click();
    await decide(page, "its donor has given another way", "Release the hold", 1);
    await page.locator("[data-history='expire']").waitFor();
    expect((await storedPledge(context.sql, unknown)).state).toBe("failed");
  } finally {
    await payments("resume");
  }
  // Amounts that end in 09 hang at the provider.
  const [known, forced] = [await pledge(1_209), await pledge(1_309)];
  await Promise.all([known, forced].map((id) => paymentOf(context.sql, id)));
  await page.goto(`/admin/pledges/${known}`);
  await button("Release the hold…").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Reason").fill("the place is needed");
  await button("Show what would happen").click();
  await dialog.getByText("First the payment is cancelled at the provider; its answer ends the pledge.").waitFor();
  expect((await storedPledge(context.sql, known)).history).toEqual(["create", "payment_attach"]);
  await dialog.getByRole("button", { name: "Release the hold" }).click();
  await page.locator("[data-history='cancel_request']").waitFor();
  await page.locator("[data-history='expire']").waitFor();

  await page.goto(`/admin/pledges/${forced}`);
  await button("Release the hold…").click();
  await page.getByRole("checkbox", { name: "Do not wait for the provider" }).check();
  await expectAccessible(page, "release by force");
  await decide(page, "the provider does not answer", "Release the hold", 1);
  await page.locator("[data-history='expire']").waitFor();
  await page.locator("[data-audit='pledge.expire']").getByText("the provider does not answer").waitFor();
});

test("payment work that was given up is tried again: one, by its code, and all; a dry run does nothing", async () => {
  const paid = await pledge(2_300);
  await pledgeIs(context.sql, paid, "confirmed");
  await payments("pause");
  try {
    const letters: number[] = [];
    for (const code of [`${tag}_a`, `${tag}_b`, `${tag}_b`, `${tag}_c`]) {
      letters.push(await context.sql.value<number>(
        "SELECT careforall.payment_park('refund', $1, $2, 3, 400, $3, 'refused for a test')", [randomUUID(), paid, code]));
    }
    const states = async () =>
      (await context.sql.rows<{ state: string }>("SELECT state FROM careforall.payment_dead_letters WHERE id = ANY ($1) ORDER BY id", [letters]))
        .map((row) => row.state);
    const parkedNow = () => context.sql.value<number>("SELECT count(*) FROM careforall.payment_dead_letters WHERE state = 'parked'");
    await page.goto("/admin/work?tab=dead_letter");
    const card = page.locator(`[data-letter='${letters[0] ?? 0}']`);
    await card.getByText("refused for a test").waitFor();
    await expectAccessible(page, "dead letters");
    await card.getByRole("button", { name: /^Try again/ }).click();
    await decide(page, "the provider has it again", /^Try 1 /, 1);
    await card.waitFor({ state: "detached" });
    expect(await states()).toEqual(["redriven", "parked", "parked", "parked"]);

    await button("Try several again…").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Code of the provider").fill(`${tag}_b`);
    await dialog.getByLabel("Reason").fill("the account was opened again");
    await button("Show what would happen").click();
    await dialog.locator("[data-preview='2']").getByText(`${tag}_b`).waitFor();
    await expectAccessible(page, "many, by code");
    // Other filters are another preview.
    await dialog.getByLabel("Code of the provider").fill("no_such_code");
    await dialog.locator("[data-preview]").waitFor({ state: "detached" });
    await button("Show what would happen").click();
    await dialog.locator("[data-preview='0']").getByText("Nothing would happen").waitFor();
    expect(await states()).toEqual(["redriven", "parked", "parked", "parked"]);
    await dialog.getByLabel("Code of the provider").fill(`${tag}_b`);
    await decide(page, "the account was opened again", /^Try 2 /, 2);
    // It is a task, whose page tells what comes of each.
    await page.waitForURL("**/admin/tasks/*");
    await page.locator("[data-outcome='redriven']").getByText("2", { exact: true }).waitFor();
    expect(await states()).toEqual(["redriven", "redriven", "redriven", "parked"]);

    await page.goto("/admin/work?tab=dead_letter");
    await button("Try several again…").click();
    const left = await parkedNow();
    await decide(page, "all of them once more", new RegExp(`^Try ${left} `), left);
    await page.waitForURL("**/admin/tasks/*");
    await page.locator("[data-outcome='redriven']").getByText(String(left), { exact: true }).waitFor();
    expect(await parkedNow()).toBe(0);
    expect(await states()).toEqual(["redriven", "redriven", "redriven", "redriven"]);
    await page.goto("/admin/work?tab=dead_letter");
    await page.getByText("Nothing is stuck here").waitFor();
    expect(await context.sql.value("SELECT count(*) FROM careforall.audit_log WHERE action = 'payment_redrive' AND target_id = $1", [paid])).toBe(4);
  } finally {
    await payments("resume");
  }
});

test("a refund that failed is asked for once more, from its pledge and from the list", async () => {
  // Amounts that end in 12 succeed, their refunds fail.
  const id = await pledge(2_412);
  await pledgeIs(context.sql, id, "confirmed");
  await page.goto(`/admin/pledges/${id}`);
  await button("Refund…").click();
  await decide(page, "the seat does not exist", /^Give €24.12 back/, 1);
  const failed = page.locator("main [data-refund='failed']");
  await failed.waitFor();
  await expectAccessible(page, "failed refund");
  await failed.getByRole("button", { name: "Try again…" }).click();
  await decide(page, "the bank is open again", "Ask once more", 1);
  await failed.nth(1).waitFor();
  await page.goto("/admin/work?tab=refund_failed");
  const row = page.locator("[data-refund]").filter({ has: page.locator(`a[href$='${id}']`) });
  await row.nth(1).waitFor();
  await row.first().getByRole("button", { name: /^Try again/ }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Reason").fill("a third time");
  await button("Show what would happen").click();
  await dialog.getByText("€24.12 are asked for again.").waitFor();
  expect(await context.sql.value("SELECT count(*) FROM careforall.refunds WHERE pledge_id = $1", [id])).toBe(2);
  await dialog.getByRole("button", { name: "Cancel" }).click();
});

test("donors get an answer to what they ask back, by those who run the campaign alone", async () => {
  const owner = await context.login("owner");
  const viewer = await context.login();
  const own = await publishedOf(owner, { title: `Asked ${tag}` });
  await owner.http.call("POST", `/api/v1/campaigns/${own.id}/team`, { json: { email: viewer.email, role: "viewer" } });
  const asked: { id: string; token: string; name: string }[] = [];
  for (const [amount, name] of [[3_000, "Mara"], [4_000, "Noor"], [5_000, "Otis"]] as const) {
    const { id, token } = (await context.http.pledge(own.id, pledgeBody(amount, { donor: { name, email: `${name}@example.org` } }))).body;
    await pledgeIs(context.sql, id, "confirmed");
    await context.http.call("POST", `/api/v1/pledges/${id}/refund-request`, { json: { message: `${name} <b>asks</b>` }, headers: { "Pledge-Token": token } });
    asked.push({ id, token, name });
  }
  const seen = await visit(browser, base, { person: owner, width: 360 });
  await seen.page.goto("/admin");
  const figure = seen.page.locator("[data-figure='refund_requests']");
  await figure.getByText("3").click();
  await seen.page.locator("[data-total='3']").waitFor();
  const card = (name: string) => seen.page.locator("[data-request]").filter({ hasText: name });
  await card("Mara").getByText("Mara <b>asks</b>").waitFor();
  await expectAccessible(seen.page, "requests, narrow");
  await expectNoSideways(seen.page);
  const dialog = seen.page.getByRole("dialog");
  const answer = async (name: string, act: "Accept" | "Decline") => card(name).getByRole("button", { name: new RegExp(`^${act}`) }).click();

  await answer("Mara", "Accept");
  await dialog.getByRole("radio", { name: "A part" }).check();
  await dialog.getByLabel(/^Amount in EUR/).fill("10");
  await dialog.getByLabel("Note to the donor").fill("Ten of it, as agreed.");
  await dialog.getByRole("button", { name: "Show what would happen" }).click();
  await dialog.locator("[data-preview]").getByText("€20.00 can still be refunded afterwards.").waitFor();
  await expectAccessible(seen.page, "request to be accepted");
  await dialog.getByRole("button", { name: "Give €10.00 back" }).click();
  await card("Mara").waitFor({ state: "detached" });
  await answer("Noor", "Decline");
  await dialog.getByRole("button", { name: "Decline", exact: true }).click();
  await dialog.getByText("Please give a reason of at least 3 characters.").waitFor();
  await dialog.getByLabel("Note to the donor").fill("The seat was used.");
  await dialog.getByRole("button", { name: "Decline", exact: true }).click();
  await card("Noor").waitFor({ state: "detached" });
  // Somebody else answers meanwhile.
  await answer("Otis", "Accept");
  await dialog.getByRole("button", { name: "Show what would happen" }).click();
  const [, , third] = asked as [unknown, unknown, { id: string }];
  const request = await context.sql.value<string>("SELECT id FROM careforall.refund_requests WHERE pledge_id = $1", [third.id]);
  await admin.http.call("POST", `/api/v1/refund-requests/${request}/decision`, { json: { decision: "declined", note: "No." } });
  await dialog.getByRole("button", { name: "Give €50.00 back" }).click();
  await dialog.getByRole("alert").getByText("It is “declined” now.").waitFor();
  await dialog.getByRole("button", { name: "Load the newest state" }).click();
  await seen.page.getByText("No request is open").waitFor();
  await seen.page.getByRole("link", { name: "All", exact: true }).click();
  await seen.page.waitForURL("**/admin/refund-requests?state=all");
  await card("Noor").getByText("The seat was used.").waitFor();
  await card("Mara").getByText("Ten of it, as agreed.").waitFor();
  const told = await context.http.get<{ refund_request: { state: string; note: string } }>(`/api/v1/pledges/${asked[1]?.id ?? ""}`, { "Pledge-Token": asked[1]?.token ?? "" });
  expect(told.body.refund_request).toMatchObject({ state: "declined", note: "The seat was used." });
  await until("ten to be given back", async () => (await storedPledge(context.sql, asked[0]?.id ?? "")).refunded_minor === 1_000);
  expect((await storedPledge(context.sql, third.id)).refunded_minor).toBe(0);
  await seen.close();

  // Who may only look sees the list, without names of what they may not do; others see nothing.
  await context.http.call("POST", `/api/v1/pledges/${third.id}/refund-request`, { json: { message: "Once more" }, headers: { "Pledge-Token": asked[2]?.token ?? "" } });
  const looking = await visit(browser, base, { person: viewer });
  await looking.page.goto(`/admin/campaigns/${own.id}/refund-requests`);
  await looking.page.getByText("Those who may edit the campaign answer.").waitFor();
  expect(await looking.page.getByRole("button", { name: /^(Accept|Decline)/ }).count()).toBe(0);
  expect(await looking.page.getByText("Otis@example.org").count()).toBe(0);
  expect([seen.faults, looking.faults]).toEqual([[], []]);
  await looking.close();
});

test("a donor is forgotten, after what goes and what stays was shown and a word was typed", async () => {
  const email = `forget-${tag}@example.org`;
  const ids = [await pledge(3_100, email), await pledge(3_200, email)] as const;
  const hanging = await pledge(3_309, email);
  await Promise.all(ids.map((id) => pledgeIs(context.sql, id, "confirmed")));
  await page.goto(`/admin/pledges/${ids[0]}`);
  await button("Erase the donor…").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Reason").fill("asked by letter");
  await button("Show what would happen").click();
  await dialog.getByRole("alert").getByText(/money under way/).waitFor();
  await expectAccessible(page, "refused to forget");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await context.sql.rowsAs("admin", "SELECT * FROM careforall.hold_release($1, 'for a test', true)", [hanging]);

  await button("Erase the donor…").click();
  await dialog.getByLabel("Reason").fill("asked by letter");
  await button("Show what would happen").click();
  const preview = dialog.locator("[data-preview]");
  await preview.getByText("3 pledges lose name, address and message, and show nobody.").waitFor();
  await preview.getByText("Amounts, dates, history and totals, as the books need them.").waitFor();
  await expectAccessible(page, "what goes and what stays");
  await dialog.getByRole("button", { name: "Erase for ever" }).click();
  await dialog.getByText("Please type “ERASE” exactly.").waitFor();
  const names = () => context.sql.value<number>("SELECT count(*) FROM careforall.pledges WHERE donor_email = $1", [email]);
  expect(await names()).toBe(3);
  await dialog.getByLabel("Type “ERASE” to confirm").fill("ERASE");
  await dialog.getByRole("button", { name: "Erase for ever" }).click();
  await page.locator("[data-history='donor_erase']").waitFor();
  expect(await names()).toBe(0);
  await page.getByText("erased at the person’s wish").waitFor();
  expect(await page.getByRole("button", { name: /^(Erase|Show) the donor/ }).count()).toBe(0);
  expect((await storedPledge(context.sql, ids[1])).amount_minor).toBe(3_200);
  await page.goto("/admin/audit?action=donor.erase");
  await page.locator("[data-audit='donor.erase']").first().getByText("asked by letter").waitFor();
});

test("nothing went wrong unseen", () => {
  expect(view.faults).toEqual([]);
});
