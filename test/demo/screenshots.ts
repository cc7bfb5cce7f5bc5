// SPDX-License-Identifier: Apache-2.0
// screenshots.ts DIR: pictures of the main pages for docs/images, in light and dark, from
// the running stack in DIR (.run) with the demo data: `make screenshots` beside `make run`.
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { makePerson, type Person } from "../lib/account.ts";
import { Http } from "../lib/http.ts";
import { Sql } from "../lib/sql.ts";
import { root, Stack } from "../lib/stack.ts";
import { launch, visit } from "../e2e/browser.ts";

const target = path.join(root, "docs/images");
const stack = await new Stack(path.resolve(process.argv[2] ?? path.join(root, ".run"))).load();
const sql = new Sql(stack);
const office = (): Promise<Person> => makePerson(stack, sql, new Http(stack), "admin", { email: `lin.${Date.now()}@example.org`, name: "Lin" });
const pledge = await sql.value<string>(
  "SELECT p.id FROM careforall.pledges p WHERE p.state = 'confirmed' AND p.message <> '' ORDER BY p.created_at DESC LIMIT 1",
);
const slug = "solar-clinic";
const pages: [string, string, boolean][] = [
  ["landing", "/", false],
  ["campaign", `/campaigns/${slug}`, false],
  ["gift", `/campaigns/${slug}/give`, false],
  ["admin-overview", "/admin", true],
  ["admin-pledge", `/admin/pledges/${pledge}`, true],
];

await mkdir(target, { recursive: true });
const browser = await launch();
try {
  for (const theme of ["light", "dark"] as const) {
    const guest = await visit(browser, stack.url("GATEWAY"), { theme });
    const person = await visit(browser, stack.url("GATEWAY"), { theme, person: await office() });
    for (const [name, where, isPrivate] of pages) {
      const { page } = isPrivate ? person : guest;
      await page.emulateMedia({ reducedMotion: "reduce" });
      await page.goto(where);
      await page.getByRole("heading", { level: 1 }).first().waitFor();
      await page.waitForLoadState("networkidle");
      await page.screenshot({ path: path.join(target, `${name}-${theme}.png`), scale: "css" });
      console.log(`docs/images/${name}-${theme}.png`);
    }
    await guest.close();
    await person.close();
  }
} finally {
  await browser.close();
  await sql.close();
}
