// SPDX-License-Identifier: Apache-2.0
// Goal: whoever looks at a campaign sees what becomes of it: figures that never go backwards
// and equal a recount, each gift once, as much of it as its donor allowed, in order, also
// over a lost connection or without any; places go down while one is choosing. Method:
// browsers side by side against the real stack, gifts by others through the API.
import type { Browser, Page, WebSocketRoute } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { useStack } from "../lib/context.ts";
import { sqlPledge } from "../lib/fixtures.ts";
import { pledgeBody } from "../lib/http.ts";
import { pledgeIs } from "../lib/pledge.ts";
import { expectAccessible, launch, visit, type Visitor } from "./browser.ts";
import { publicCampaign, type PublicCampaign } from "./giving.ts";

const context = useStack();
let browser: Browser;
let base: string;
let campaign: PublicCampaign;
let near: Visitor;
let far: Visitor;

beforeAll(async () => {
  base = process.env.CAREFORALL_E2E_URL ?? context.stack.url("GATEWAY");
  browser = await launch();
  campaign = await publicCampaign(context, { rewards: [{ quantity: 3, min: 500 }] });
  near = await visit(browser, base);
  far = await visit(browser, base, { theme: "dark", width: 360 });
});

afterAll(async () => {
  expect([near.faults, far.faults]).toEqual([[], []]);
  await browser.close();
});

/** A gift of somebody else, confirmed. */
async function gift(amount: number, more: Record<string, unknown> = {}): Promise<string> {
  const { body } = await context.http.pledge(campaign.id, pledgeBody(amount, { display: "name_amount_message", ...more }));
  await pledgeIs(context.sql, body.id, "confirmed");
  return body.id;
}

const raised = () =>
  context.sql.value<number>(
    "SELECT coalesce(sum(amount_minor - refunded_minor), 0)::bigint FROM careforall.pledges WHERE campaign_id = $1 AND state = 'confirmed'",
    [campaign.id],
  );
const shows = (page: Page, minor: number) => page.locator(`[data-raised='${minor}']`).waitFor();
const giftIds = (page: Page) => page.locator("[data-gift]").evaluateAll((rows) => rows.map((row) => row.getAttribute("data-gift")));
/** What the API lists, newest first; those of a rush stand there in the order of their events. */
const giftsOf = async () => {
  const { body } = await context.http.get<{ items: { id: string; at: string }[] }>(`/api/v1/campaigns/${campaign.id}/gifts?limit=100`);
  return body.items.sort((a, b) => b.at.localeCompare(a.at)).map(({ id }) => id);
};

/** Opens the campaign and notes every sum that the page shows from then on. */
async function watch({ page }: Visitor): Promise<void> {
  await Promise.all([page.waitForResponse(/\/gifts\?/), page.goto(`/campaigns/${campaign.slug}`)]);
  await page.getByText("Live: new gifts appear by themselves").waitFor();
  await page.evaluate(() => {
    const sums: number[] = [];
    Object.assign(window, { sums });
    const note = () => sums.push(Number(document.querySelector("[data-raised]")?.getAttribute("data-raised")));
    new MutationObserver(note).observe(document.body, { subtree: true, attributeFilter: ["data-raised"] });
  });
}

const sumsOf = ({ page }: Visitor) => page.evaluate(() => (window as unknown as { sums: number[] }).sums);

test("two browsers see each gift of a rush once, and figures that only grow to what a recount says", async () => {
  await Promise.all([watch(near), watch(far)]);
  await Promise.all(Array.from({ length: 12 }, (_, index) => gift(10_00 + index * 100)));
  const sum = await raised();
  await Promise.all([shows(near.page, sum), shows(far.page, sum)]);
  for (const one of [near, far]) {
    const sums = await sumsOf(one);
    expect(sums.length).toBeGreaterThan(1);
    expect(sums).toEqual([...sums].sort((a, b) => a - b));
    await expect.poll(async () => (await giftIds(one.page)).slice(0, 12).sort()).toEqual((await giftsOf()).slice(0, 12).sort());
  }
});

test("others see as much of a gift as its donor allowed, as text, live and when loaded anew", async () => {
  const message = "<img src=x onerror=alert(1)> \u202Eevil\u202C 🎁 https://example.org";
  const levels = {
    name_amount_message: ["Ada One", "€11", "<img src=x onerror=alert(1)>"],
    name_message: ["Ada Two", "<img src=x onerror=alert(1)>"],
    name: ["Ada Three"],
    none: ["Somebody"],
  };
  for (const [index, [display, [name = ""]]] of Object.entries(levels).entries()) {
    await gift(1100, { display, message, donor: { name: display === "none" ? "Ada Four" : name, email: `ada${index}@example.org` } });
  }
  for (const isLoadedAnew of [false, true]) {
    if (isLoadedAnew) await watch(far);
    const { page } = far;
    for (const parts of Object.values(levels)) await page.locator("[data-gift]", { hasText: parts[0] ?? "" }).first().waitFor();
    for (const [display, parts] of Object.entries(levels)) {
      const row = page.locator("[data-gift]", { hasText: parts[0] ?? "" }).first();
      const text = await row.innerText();
      for (const part of parts) expect(text, display).toContain(part);
      expect(text.includes("€11"), display).toBe(display === "name_amount_message");
      expect(text.includes("onerror"), display).toBe(display.includes("message"));
      expect(await row.locator("img, a").count()).toBe(0);
    }
    expect(await page.locator("#main").innerText()).not.toContain("Ada Four");
  }
  await expectAccessible(far.page, "gifts with markup in them");
});

test("after a time offline the feed goes on where it stopped, nothing missing and nothing twice", async () => {
  await watch(far);
  const frames: { type: string; gift?: { id: string } | null }[] = [];
  far.page.on("websocket", (socket) => socket.on("framereceived", ({ payload }) => frames.push(JSON.parse(String(payload)) as (typeof frames)[0])));
  await far.page.context().setOffline(true);
  await far.page.getByText("You are offline.").waitFor();
  await far.page.getByText("Updated every few seconds").waitFor();
  for (const amount of [13_00, 14_00, 15_00]) await gift(amount);
  const sum = await raised();
  await shows(near.page, sum);
  expect(await far.page.locator(`[data-raised='${sum}']`).count()).toBe(0);
  await far.page.context().setOffline(false);
  await shows(far.page, sum);
  await far.page.getByText("Live: new gifts appear by themselves").waitFor();
  await expect.poll(async () => (await giftIds(far.page)).slice(0, 8)).toEqual((await giftsOf()).slice(0, 8));
  const told = frames.flatMap((frame) => (frame.type === "totals" && frame.gift ? [frame.gift.id] : []));
  await expect.poll(() => told.length).toBe(3);
  expect(frames.map(({ type }) => type)).not.toContain("reset");
  expect([...told].reverse()).toEqual((await giftsOf()).slice(0, 3));
});

test("the connection is cut and refused: the page asks by itself, keeps the order, and can be halted", async () => {
  const visitor = await visit(browser, base);
  const { page } = visitor;
  let isUp = true;
  const sockets: WebSocketRoute[] = [];
  await page.routeWebSocket("**/api/v1/live", (socket) => {
    if (!isUp) return socket.close();
    sockets.push(socket);
    socket.connectToServer();
  });
  await page.clock.install();
  await page.goto(`/campaigns/${campaign.slug}`);
  await page.getByText("Live: new gifts appear by themselves").waitFor();
  await gift(16_00, { donor: { name: "Told live", email: "a@example.org" } });
  await page.locator("[data-gift]", { hasText: "Told live" }).waitFor();
  isUp = false;
  for (const socket of sockets) await socket.close();
  await page.getByText("Updated every few seconds").waitFor();
  await gift(17_00, { donor: { name: "Asked for", email: "b@example.org" } });
  await page.clock.fastForward(6_000);
  await page.locator("[data-gift]", { hasText: "Asked for" }).waitFor();
  expect((await giftIds(page)).slice(0, 8)).toEqual((await giftsOf()).slice(0, 8));

  await page.getByRole("button", { name: "Pause" }).click();
  await gift(18_00, { donor: { name: "Not yet", email: "c@example.org" } });
  await page.clock.fastForward(6_000);
  await shows(page, await raised());
  expect(await page.locator("[data-gift]", { hasText: "Not yet" }).count()).toBe(0);
  isUp = true;
  await page.clock.fastForward(40_000);
  await page.getByText("Paused, 1 new gift waits").waitFor();
  await page.getByRole("button", { name: "Resume" }).click();
  await page.locator("[data-gift]", { hasText: "Not yet" }).waitFor();
  expect((await giftIds(page)).slice(0, 8)).toEqual((await giftsOf()).slice(0, 8));
  expect(visitor.faults).toEqual([]);
  await visitor.close();
});

test("earlier gifts come page by page, and the focus is not lost with the button", async () => {
  await watch(near);
  const { page } = near;
  await expect.poll(() => page.locator("[data-gift]").count()).toBe(8);
  const more = page.getByRole("button", { name: "Show earlier gifts" });
  await more.focus();
  let known = 8;
  while ((await more.count()) > 0) {
    await page.keyboard.press("Enter");
    await expect.poll(() => page.locator("[data-gift]").count()).toBeGreaterThan(known);
    known = await page.locator("[data-gift]").count();
    await page.getByRole("button", { name: "Loading…" }).waitFor({ state: "detached" });
  }
  expect((await giftIds(page)).sort()).toEqual((await giftsOf()).sort());
  const times = await page.locator("[data-gift] time").evaluateAll((all) => all.map((one) => one.getAttribute("datetime") ?? ""));
  expect(times).toEqual([...times].sort().reverse());
  expect(await page.getByText("That is everything.").evaluate((end) => end === document.activeElement)).toBe(true);
});

test("places go down live, and one that is lost while choosing is told at once", async () => {
  const [reward = ""] = campaign.rewards;
  await watch(far);
  await near.page.goto(`/campaigns/${campaign.slug}`);
  await near.page.locator(`[data-reward='${reward}'] [data-places='3']`).getByText("3 of 3 left").waitFor();
  await near.page.getByRole("button", { name: "Choose this reward: Reward" }).click();
  await near.page.getByRole("radio", { name: /^Reward/, checked: true }).waitFor();
  await sqlPledge(context.sql, campaign.id, { reward, amount: 1000, quantity: 2 });
  await far.page.locator(`[data-reward='${reward}'] [data-places='1']`).getByText("Only 1 of 3 left").waitFor();
  await near.page.getByRole("radio", { name: /Only 1 of 3 left/ }).waitFor();
  const last = await sqlPledge(context.sql, campaign.id, { reward, amount: 25_09 }); // hangs
  await near.page.getByRole("status").getByText("This reward has just been taken").waitFor();
  await expectAccessible(near.page, "the chosen reward is gone");
  await far.page.locator(`[data-reward='${reward}']`).getByText("All taken").waitFor();
  expect(await far.page.getByRole("button", { name: /^Choose this reward/ }).count()).toBe(0);
  // Somebody gives up: there is a place again.
  await context.sql.rowsAs("admin", "SELECT * FROM careforall.hold_release($1, 'for the test', true)", [last.pledge_id]);
  await far.page.getByRole("button", { name: /^Choose this reward/ }).waitFor();
  await near.page.getByText("This reward has just been taken").waitFor({ state: "detached" });
});
