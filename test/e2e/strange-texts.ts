// SPDX-License-Identifier: Apache-2.0
// What a page says that no translator will ever see: texts that came neither from the
// catalogues nor from data. In the pseudo-locale en-XA no letter of the catalogues is a plain
// one, so whatever has plain letters must be something that the page was told (by the
// API or by the browser's own formats of numbers, times and names, "yesterday" too), or marked as of another
// language or as code. Codes that the API tells, such as "payment_failed", are no words,
// but titles and slugs are, and what stands where people's own words do (bdi, dir=auto), who may
// write "done"; those of currencies are, and so are the last letters that ids are told apart by.
import type { Page } from "playwright-core";

/** Before the page is opened: it notes what it is told. */
export async function noteData(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const told = new Set<string>();
    const names = new Set<string>();
    Object.assign(window, { told, names });
    const take = (value: unknown, member = ""): void => {
      if (typeof value === "string") (["slug", "title"].includes(member) ? names : told).add(value);
      else if (typeof value === "object" && value !== null) for (const [of, one] of Object.entries(value)) take(one, of);
    };
    const noting = <Args extends unknown[], Result>(act: (...args: Args) => Result, member = "") =>
      function (this: unknown, ...args: Args): Result {
        const result = act.apply(this, args);
        if (result instanceof Promise) result.then((value) => take(value), () => undefined);
        else take(result, member);
        return result;
      };
    const { parse } = JSON;
    JSON.parse = noting(parse) as typeof parse;
    for (const [{ prototype }, ...names] of [
      [Response, "json"],
      [Intl.NumberFormat, "formatToParts"],
      [Intl.DateTimeFormat, "formatToParts", "formatRange", "resolvedOptions"],
      [Intl.RelativeTimeFormat, "format"],
      [Intl.ListFormat, "format"],
      [Intl.DisplayNames, "of"],
    ] as [{ prototype: Record<string, (...args: unknown[]) => unknown> }, ...string[]][]) {
      for (const name of names) prototype[name] = noting(prototype[name] as () => unknown, name === "json" ? "" : "title");
    }
    for (const { prototype } of [Intl.NumberFormat, Intl.DateTimeFormat]) {
      const { get } = Object.getOwnPropertyDescriptor(prototype, "format") as { get: () => (...args: unknown[]) => string };
      Object.defineProperty(prototype, "format", {
        get(this: unknown) {
          return noting(get.call(this));
        },
      });
    }
  });
}

/** The texts of the page that are neither of the catalogues nor data. Runs in the page. */
function findStrange(): string[] {
  const WORD = /[A-Za-z]{2,}/;
  const isCode = (text: string) => /^[a-z0-9]+([_.][a-z0-9]+)*$/.test(text);
  const { told, names } = window as unknown as Record<"told" | "names", Set<string>>;
  const peoples = [...names, ...told]
    // The story of a campaign is shown line by line, without its marks.
    .flatMap((text) => [text, ...text.split("\n").map((line) => line.replace(/^(#+|-) /, "").trim())])
    .filter((text) => WORD.test(text))
    .sort((one, other) => other.length - one.length);
  const data = peoples.filter((text) => names.has(text) || !isCode(text));
  const said: [text: string, from: string[]][] = [[document.title, data]];
  for (const element of Array.from(document.body.querySelectorAll("*"))) {
    if (element.closest("script, style, noscript, template, code, pre, body [lang]") !== null) continue;
    const attributes = ["aria-label", "title", "alt", "aria-valuetext"];
    // What is always written from left to right is code, and its example too.
    if (element.getAttribute("dir") !== "ltr") attributes.push("placeholder");
    const from = element.closest("bdi, [dir='auto']") === null ? data : peoples;
    for (const name of attributes) said.push([element.getAttribute(name) ?? "", from]);
    for (const node of Array.from(element.childNodes)) if (node.nodeType === Node.TEXT_NODE) said.push([node.textContent ?? "", from]);
  }
  const isStrange = ([text, from]: [string, string[]]): boolean => {
    const own = text.trim();
    if (!WORD.test(own) || (/\s/.test(own) && from.some((one) => one.includes(own)))) return false;
    const left = from.reduce((rest, one) => rest.replaceAll(one, ""), own);
    return WORD.test(left.replaceAll(/…[0-9a-f]{8}|\b[A-Z]{3}\b/g, ""));
  };
  return [...new Set(said.filter(isStrange).map(([text]) => text))];
}

export function strangeTexts(page: Page): Promise<string[]> {
  return page.evaluate(findStrange);
}
