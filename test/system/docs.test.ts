// SPDX-License-Identifier: Apache-2.0
// Goal: what the documents tell a reader to type works, and shows what they say it shows.
// Method: the blocks of every page, in their order, in one shell for each page, in a
// folder that looks like the source tree with the stack of this run as its .run.
//
// CAREFORALL_DOCS_WRITE=1 replaces what the pages show by what came.
import { randomUUID } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { isCommand, parsePage, repositoryFiles, type Block } from "../lib/docs.ts";
import { Session } from "../lib/docs-session.ts";
import { useStack } from "../lib/context.ts";
import { Http } from "../lib/http.ts";
import { allParts, root } from "../lib/stack.ts";

const at = useStack();
const write = process.env.CAREFORALL_DOCS_WRITE === "1";
const commands = repositoryFiles("*.md")
  .map(parsePage)
  .map((page) => ({ ...page, blocks: page.blocks.filter(isCommand) }))
  .filter((page) => page.blocks.length > 0);
const pages = commands.filter((page) => page.runBy === null && page.blocks.some((block) => block.notRun === null));

/** The ports of make run, which the pages name, and those of this stack. */
const ports = (): [number, number][] =>
  Object.entries({ GATEWAY: 8080, API: 8081, MOCKPAY: 8082, API_ADMIN: 8091, PG: 54320, RELAY: 9101, PROJECTOR: 9102, PAYMENTS: 9103 })
    .map(([name, port]): [number, number] => [port, at.stack.port(name)])
    // One more mock provider, on a port that no part of the stack has.
    .concat([[8092, at.stack.port("GATEWAY") + 14]]);

const replaced = (text: string, pairs: [number, number][]): string =>
  pairs.reduce((result, [from, to]) => result.replaceAll(new RegExp(`\\b${from}\\b`, "g"), String(to)), text);

/** The text without what differs from one run to the next, and without alignment. */
function steady(text: string): string {
  return text
    .replaceAll(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, "<id>")
    .replaceAll(/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+\d\d)?/g, "<time>")
    .replaceAll(/\b\d\d:\d\d:\d\d(\.\d+)?\b/g, "<span>")
    .replaceAll(/\b(evt|pi|re)_[A-Za-z0-9]{24}\b/g, "<$1>")
    .replaceAll(/\bid \d+/g, "id <n>")
    .replaceAll(/\b\d+ ms\b/g, "<n> ms")
    .replaceAll(/-+/g, "-")
    .replaceAll(/[ \t]+/g, " ")
    .replaceAll(/ $/gm, "")
    .trim();
}

const tidy = (text: string): string => text.replaceAll(/[ \t]+$/gm, "").replace(/^\n+/, "").trimEnd();

/** Writes what came into the blocks of a page, the last one first, as lines move. */
function rewrite(file: string, came: [Block, string][]): void {
  const lines = readFileSync(path.join(root, file), "utf8").split("\n");
  for (const [block, text] of came.toReversed()) {
    const begin = lines.indexOf("```text", block.line) + 1;
    lines.splice(begin, lines.indexOf("```", begin) - begin, ...text.split("\n"));
  }
  writeFileSync(path.join(root, file), lines.join("\n"));
}

let folder = "";
let session: Session;

beforeAll(async () => {
  await at.stack.start(allParts, "--seed");
  // The order of the steps that the pages show, and no longer waits than that needs.
  await at.provider.configure({ latency_distribution: "fixed", latency_ms: 300, slow_ms: 5000 });
  for (const page of commands) {
    if (page.runBy !== null) console.log(`${page.file}: run by ${page.runBy}`);
    else for (const { line, notRun } of page.blocks) if (notRun !== null) console.log(`${page.file}:${line}: not run: ${notRun}`);
  }
});

afterAll(async () => {
  await at.provider.reset();
});

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "careforall-docs-"));
  for (const name of readdirSync(root)) {
    if (!name.startsWith(".run")) symlinkSync(path.join(root, name), path.join(folder, name));
  }
  symlinkSync(at.stack.dir, path.join(folder, ".run"));
  session = new Session(folder);
});

afterEach(async () => {
  await session.end();
  rmSync(folder, { recursive: true });
});

/** Pages of the site that a reader is sent to. */
const site = "http://127.0.0.1:8080";
const addresses = repositoryFiles("*.md").flatMap((file) =>
  parsePage(file).links.filter(({ target }) => target.startsWith(site)).map(({ line, target }): [string, string] => [`${file}:${line}`, target]),
);

test.each(addresses)("%s leads to %s", async (_where, address) => {
  const answer = await new Http(at.stack, "GATEWAY").get(address.slice(site.length) || "/", { Accept: "text/html" });
  expect(answer.status).toBe(200);
});

/** SQL in the middle of a sentence. */
const sentences = repositoryFiles("docs/**.md", "relay/README.md", "extension/README.md").flatMap((file) =>
  parsePage(file).spans.filter((text) => /^(SELECT|TABLE) \w/.test(text)).map((text): [string, string] => [file, text]),
);

test.each(sentences)("%s: %s", async (_file, text) => {
  const statement = text.replaceAll(/'<[a-z]+>'/g, `'${randomUUID()}'`);
  await expect(at.sql.rows(`EXPLAIN ${statement.replace(/^TABLE/, "SELECT * FROM")}`)).resolves.not.toEqual([]);
});

test.each(pages)("$file", { timeout: 180_000 }, async ({ file, blocks }) => {
  const written: [Block, string][] = [];
  try {
    for (const block of blocks.filter(({ notRun }) => notRun === null)) {
      const shown = await session.run({ ...block, text: replaced(block.text, ports()) });
      const came = tidy(replaced(shown, ports().map(([from, to]) => [to, from])));
      if (block.shows === null) continue;
      if (write) written.push([block, came]);
      else expect(steady(came), `${file}:${block.line} shows`).toBe(steady(block.shows));
    }
  } finally {
    rewrite(file, written);
  }
});
