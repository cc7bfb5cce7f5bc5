// SPDX-License-Identifier: Apache-2.0
// Chromium for the browser tests: pages that note every fault they see, axe,
// and moving by keyboard alone.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { chromium, type Browser, type BrowserContext, type Locator, type Page } from "playwright-core";
import type { Person } from "../lib/account.ts";
import { sleep } from "../lib/until.ts";

const EXECUTABLE = process.env.CAREFORALL_CHROMIUM ?? "/usr/bin/chromium";
const TABS_MAX = 60;
const AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

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
  page.setDefaultTimeout(20_000);
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

/** The page as it is now has no fault that axe knows, at rest and without motion. */
export async function expectAccessible(page: Page, what: string): Promise<void> {
  await page.emulateMedia({ reducedMotion: "reduce" });
  const require = createRequire(import.meta.url);
  const source = await readFile(require.resolve("axe-core/axe.min.js"), "utf8");
  // The debugger's own evaluation: the page's content policy stays in force.
  const session = await page.context().newCDPSession(page);
  await session.send("Runtime.evaluate", { expression: source });
  const run = `axe.run(document, { runOnly: ${JSON.stringify(AXE_TAGS)} }).then((found) =>
    found.violations.map((one) => one.id + ": " + one.nodes.map((node) => node.html).join(" ")))`;
  const { result } = await session.send("Runtime.evaluate", {
    expression: run,
    awaitPromise: true,
    returnByValue: true,
  });
  await session.detach();
  assert.deepEqual(result.value, [], what);
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

/** The same in the light and in the dark theme, which the page follows without being loaded anew. */
export async function expectAccessibleInBoth(page: Page, what: string): Promise<void> {
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme });
    await page.locator(`html[data-theme='${colorScheme}']`).waitFor();
    await expectAccessible(page, `${what}, ${colorScheme}`);
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

/** Nothing is wider than the window, once charts have followed a change of its size. */
export async function expectNoSideways(page: Page): Promise<void> {
  const wider = () =>
    page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  for (let tries = 0; tries < 40 && (await wider()) > 0; tries++) await sleep(100);
  const left = await wider();
  assert.ok(left <= 0, `${left} px wider than the window`);
}
