// SPDX-License-Identifier: Apache-2.0
// Goal: who moves through the site without a mouse, without motion, back and forth or off
// the network loses neither place nor focus. Method: Chromium against the real stack, keys
// alone where it says so; what was done is held against the database.
import { beforeAll, expect, test } from "vitest";
import { publishedOf } from "../lib/campaign.ts";
import { useStack } from "../lib/context.ts";
import { pledgeBody } from "../lib/http.ts";
import { pledgeIs, storedPledge } from "../lib/pledge.ts";
import { until } from "../lib/until.ts";
import { settled, tabTo, visit } from "./browser.ts";
import { useDesk } from "./desk.ts";
import { publicCampaign } from "./giving.ts";

const context = useStack();
const desk = useDesk(context);
let { browser, base, admin, page, pledge } = desk;
beforeAll(() => {
  ({ browser, base, admin, page, pledge } = desk);
});

test("Escape closes each dialog, and the focus goes back to what has opened it", async () => {
  const [given, pending] = [await pledge(5_100), await pledge(5_209)]; // the second hangs
  await pledgeIs(context.sql, given, "confirmed");
  const own = await publishedOf(admin, { title: "Dialogs" });
  const places: [path: string, opener: RegExp, least: number][] = [
    [`/admin/pledges/${given}`, /…$/, 3],
    [`/admin/pledges/${pending}`, /…$/, 3],
    ["/admin/consumers", /^Pause /, 3],
    [`/admin/users/${(await context.login()).id}`, /^(Change the role|End 1 session|Disable)$/, 3],
    ["/admin/health", /^Check now$/, 1],
    [`/admin/campaigns/${own.id}`, /^(Pause|Close)$/, 2],
    [`/admin/campaigns/${own.id}/rewards`, /^New (pool|reward)$/, 2],
    [`/admin/campaigns/${own.id}/updates`, /^Tell news$/, 1],
    [`/campaigns/${own.slug}`, /^Give/, 1],
  ];
  for (const [path, opener, least] of places) {
    await page.goto(path);
    await settled(page);
    const openers = page.locator("main").getByRole("button", { name: opener });
    await until(`the buttons of ${path}`, async () => (await openers.count()) >= least);
    for (let n = 0; n < (await openers.count()); n++) {
      const button = openers.nth(n);
      await button.press("Enter");
      const dialog = page.locator("dialog[open]");
      await dialog.waitFor();
      // It has the focus, whatever stands in it.
      await until("the focus to be in it", () => dialog.evaluate((one) => one.contains(document.activeElement)));
      await page.keyboard.press("Escape");
      await dialog.waitFor({ state: "detached" });
      await until(`the focus to be back at ${await button.innerText()} of ${path}`, () => button.evaluate((one) => one === document.activeElement));
    }
  }
});

test("without a mouse: a request for the money is accepted, another one declined", async () => {
  const owner = await context.login("owner");
  const own = await publishedOf(owner, { title: "Asked by keys" });
  const ask = async (name: string) => {
    const { id, token } = (await context.http.pledge(own.id, pledgeBody(3_000, { donor: { name, email: `${name}@example.org` } }))).body;
    await pledgeIs(context.sql, id, "confirmed");
    await context.http.call("POST", `/api/v1/pledges/${id}/refund-request`, { json: { message: "Please" }, headers: { "Pledge-Token": token } });
    return id;
  };
  const [accepted, declined] = [await ask("Mara"), await ask("Noor")];
  const { page: desktop, faults, close } = await visit(browser, base, { person: owner });
  await desktop.goto("/admin/refund-requests");
  const dialog = desktop.getByRole("dialog");
  const press = async (name: string | RegExp, where: typeof dialog | typeof desktop = dialog) => {
    await tabTo(desktop, where.getByRole("button", { name }));
    await desktop.keyboard.press("Enter");
  };
  await press(/^Accept.*Mara/, desktop);
  await tabTo(desktop, dialog.getByLabel("Note to the donor"));
  await desktop.keyboard.type("Gladly");
  await press("Show what would happen");
  await dialog.locator("[data-preview='1']").waitFor();
  await press("Give €30.00 back");
  await dialog.waitFor({ state: "detached" });
  await press(/^Decline.*Noor/, desktop);
  await tabTo(desktop, dialog.getByLabel("Note to the donor"));
  await desktop.keyboard.type("The seat was used");
  await press("Decline");
  await dialog.waitFor({ state: "detached" });
  await desktop.getByText("No request is open").waitFor();
  await pledgeIs(context.sql, accepted, "refunded");
  expect((await storedPledge(context.sql, declined)).refunded_minor).toBe(0);
  expect(faults).toEqual([]);
  await close();
});

test("without a mouse: a donor is forgotten", async () => {
  const email = `keys-${desk.tag}@example.org`;
  const id = await pledge(5_300, email);
  await pledgeIs(context.sql, id, "confirmed");
  await page.goto(`/admin/pledges/${id}`);
  const dialog = page.getByRole("dialog");
  await tabTo(page, page.getByRole("button", { name: "Erase the donor…" }));
  await page.keyboard.press("Enter");
  await tabTo(page, dialog.getByLabel("Reason"));
  await page.keyboard.type("asked by letter");
  await tabTo(page, dialog.getByRole("button", { name: "Show what would happen" }));
  await page.keyboard.press("Enter");
  await tabTo(page, dialog.getByLabel("Type “ERASE” to confirm"));
  await page.keyboard.type("ERASE");
  await page.keyboard.press("Enter");
  await dialog.waitFor({ state: "detached" });
  expect(await context.sql.value("SELECT count(*) FROM careforall.pledges WHERE donor_email = $1", [email])).toBe(0);
});

test("on the way back the page stands where it was left, and on the way on at its top", async () => {
  const campaigns = [];
  for (let n = 0; n < 8; n++) campaigns.push(await publicCampaign(context, { currency: "SEK" }));
  const { page: reader, close } = await visit(browser, base, { width: 360 });
  await reader.goto("/?currency=SEK");
  const link = reader.getByRole("link", { name: `Campaign ${campaigns[1]?.slug ?? ""}` });
  await link.scrollIntoViewIfNeeded();
  await settled(reader);
  const place = await reader.evaluate(() => scrollY);
  expect(place).toBeGreaterThan(800);
  await link.click();
  await reader.getByRole("heading", { level: 1, name: `Campaign ${campaigns[1]?.slug ?? ""}` }).waitFor();
  await until("the top of the campaign", () => reader.evaluate(() => scrollY === 0));
  await reader.goBack();
  await until("the place in the list", async () => Math.abs((await reader.evaluate(() => scrollY)) - place) < 3);
  await close();
});

test.each([
  ["no-preference", true],
  ["reduce", false],
] as const)("who wishes %s of motion sees things move: %s", async (reducedMotion, moves) => {
  const { slug } = await publicCampaign(context);
  const { page: reader, close } = await visit(browser, base);
  await reader.emulateMedia({ reducedMotion });
  await reader.addInitScript(() => {
    const moved: string[] = [];
    Object.assign(window, { moved });
    const note = () => {
      for (const one of document.getAnimations()) {
        const { activeDuration } = one.effect?.getComputedTiming() ?? {};
        if (Number(activeDuration) > 10) moved.push((one as CSSAnimation).animationName);
      }
    };
    for (const begin of ["animationstart", "transitionrun"]) document.addEventListener(begin, note);
  });
  await reader.goto(`/campaigns/${slug}`);
  await reader.locator("[data-give]").click();
  const dialog = reader.getByRole("dialog");
  await dialog.waitFor();
  await until("all to be at rest", () => reader.evaluate(() => document.getAnimations().every((one) => one.playState !== "running")));
  const seen = await reader.evaluate(() => (window as unknown as { moved: string[] }).moved);
  if (moves) expect(seen).toEqual(expect.arrayContaining(["sheet-in", "fade-in"]));
  else expect(seen).toEqual([]);
  await close();
});

test("a page that cannot be loaded offline says so, and comes when it is asked for again", async () => {
  const { page: reader, close } = await visit(browser, base);
  await reader.goto("/");
  await settled(reader);
  await reader.context().setOffline(true);
  await reader.getByText("You are offline.").waitFor();
  await reader.getByRole("link", { name: "Log in" }).click();
  await reader.getByRole("heading", { level: 1, name: "You are offline" }).waitFor();
  await reader.context().setOffline(false);
  await reader.getByRole("button", { name: "Try again" }).click();
  await reader.getByLabel("E-mail address").waitFor();
  expect(new URL(reader.url()).pathname).toBe("/login");
  await close();
});
