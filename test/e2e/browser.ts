// SPDX-License-Identifier: Apache-2.0
// Chromium for the browser tests: pages that note every fault they see, axe,
// and moving by keyboard alone.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { isDeepStrictEqual } from "node:util";
import { chromium, type Browser, type BrowserContext, type CDPSession, type Locator, type Page } from "playwright-core";
import type { Person } from "../lib/account.ts";
import { until } from "../lib/until.ts";

const EXECUTABLE = process.env.CAREFORALL_CHROMIUM ?? "/usr/bin/chromium-headless-shell";
const TABS_MAX = 60;
const AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const AXE_COLOURS = ["color-contrast", "link-in-text-block"];
const AXE_SOURCE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: EXECUTABLE });
}

export interface Visitor {
  page: Page;
  /** Script errors, refused content and requests to other hosts. */
  faults: string[];
  close: () => Promise<void>;
}

export async function visit(
  browser: Browser,
  base: string,
  options: { width?: number; theme?: "light" | "dark"; person?: Person } = {},
): Promise<Visitor> {
  const context = await browser.newContext({
    baseURL: base,
    viewport: { width: options.width ?? 1280, height: 800 },
    colorScheme: options.theme ?? "light",
    locale: "en-GB",
  });
  if (options.person !== undefined) await carrySession(context, base, options.person);
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => {
    if (message.text().includes("Content Security Policy")) faults.push(message.text());
  });
  page.on("request", (request) => {
    const { host } = new URL(request.url());
    if (host !== "" && host !== new URL(base).host) faults.push(`request to ${host}`);
  });
  return { page, faults, close: () => context.close() };
}

/** What a browser keeps of a log-in: the cookie, and the note that there is one. */
async function carrySession(context: BrowserContext, base: string, person: Person): Promise<void> {
  await context.addCookies([
    {
      name: "__Host-careforall_refresh",
      value: person.refresh,
      url: base.replace(/^http:/, "https:"),
      httpOnly: true,
      secure: true,
      sameSite: "Strict",
    },
  ]);
  await context.addInitScript(() => {
    // Once: a log-out is to stay one.
    if (sessionStorage.getItem("test:carried") !== null) return;
    sessionStorage.setItem("test:carried", "1");
    localStorage.setItem("cfa:session", "1");
  });
}

/** What a page still lacks to be looked at, in words; empty if nothing. Runs in the page. */
function lacking(): string {
  const { __TSR_ROUTER__: router } = window as unknown as { __TSR_ROUTER__?: { state: { status: string } } };
  if (router?.state.status !== "idle") return "another page is on its way";
  // What the server has written for the beginning has a main without an id.
  if (document.querySelector("#main h1") === null) return "no heading";
  if (document.querySelector("[data-skeleton], [aria-busy='true']") !== null) return "a part is on its way";
  if (document.fonts.status !== "loaded") return "letters are on their way";
  return document.getAnimations().some((one) => one.playState === "running") ? "something moves" : "";
}

/** Waits until the page is whole and at rest, from then on without motion. */
export async function settled(page: Page): Promise<void> {
  await page.emulateMedia({ reducedMotion: "reduce" });
  let looks = 0;
  await until("the page to be whole and at rest", async () => {
    const lacks = await page.evaluate(lacking);
    looks = lacks === "" ? looks + 1 : 0;
    if (lacks !== "") throw new Error(lacks);
    // Between a new address and what it asks for there is a moment in which nothing is missing.
    return looks > 1;
  });
}

const debuggers = new WeakMap<Page, CDPSession>();

/** Evaluates by the debugger, so that the page's content policy stays in force. */
async function evaluate(page: Page, expression: string): Promise<unknown> {
  const session = debuggers.get(page) ?? (await page.context().newCDPSession(page));
  debuggers.set(page, session);
  const { result, exceptionDetails } = await session.send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
  assert.equal(exceptionDetails?.exception?.description, undefined);
  return result.value;
}

/** The faults that axe finds; it is brought into each document once. */
export async function axe(page: Page, rules = AXE_TAGS): Promise<unknown> {
  if ((await evaluate(page, "typeof axe")) === "undefined") await evaluate(page, `${AXE_SOURCE}; 0`);
  return evaluate(page, `axe.run(document, ${JSON.stringify({ runOnly: rules, resultTypes: ["violations"] })}).then((found) =>
    found.violations.map((one) => one.id + ": " + one.nodes.map((node) => node.html).join(" ")))`);
}

/** The page, once it is whole and at rest, has no fault that axe knows. */
export async function expectAccessible(page: Page, what: string, rules = AXE_TAGS): Promise<void> {
  await settled(page);
  let faults = await axe(page, rules);
  if (!isDeepStrictEqual(faults, [])) {
    // What changed while axe looked is no fault; what is still there is one.
    await settled(page);
    faults = await axe(page, rules);
  }
  assert.deepEqual(faults, [], what);
}

/**
 * Fills the reason of the dialog that is open, looks at what would happen to so many if
 * it shows that, and confirms.
 */
export async function decide(page: Page, reason: string, confirm: string | RegExp, count?: number): Promise<void> {
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Reason").fill(reason);
  if (count !== undefined) {
    await dialog.getByRole("button", { name: "Show what would happen" }).click();
    await dialog.locator(`[data-preview='${count}']`).waitFor();
  }
  await dialog.getByRole("button", { name: confirm }).click();
  await dialog.waitFor({ state: "detached" });
}

/**
 * The same in the light theme and in the dark one, which the page follows without being loaded
 * anew: it changes the colours alone, so that their rules are all that is looked at again.
 */
export async function expectAccessibleInBoth(page: Page, what: string): Promise<void> {
  for (const [colorScheme, rules] of [["dark", AXE_COLOURS], ["light", AXE_TAGS]] as const) {
    await page.emulateMedia({ colorScheme });
    await page.locator(`html[data-theme='${colorScheme}']`).waitFor();
    await expectAccessible(page, `${what}, ${colorScheme}`, rules);
  }
}

/** Presses Tab until the element has the focus. */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor();
  for (let tabs = 0; tabs < TABS_MAX; tabs++) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`not reached by ${TABS_MAX} tabs: ${target.toString()}`);
}

/** Nothing is wider than the window, once the page is whole and charts have followed a change of its size. */
export async function expectNoSideways(page: Page): Promise<void> {
  await settled(page);
  await until("nothing to be wider than the window", async () => {
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (wider > 0) throw new Error(`${wider} px wider`);
    return true;
  }, 10_000);
}
