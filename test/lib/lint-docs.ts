// SPDX-License-Identifier: Apache-2.0
// The Markdown of this repository against what a reader relies on: links and anchors
// that lead somewhere, also those in sources, an index that names every page, and no
// commands that no check runs. Exit status 1 with one line for each finding.
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { parsePage, repositoryFiles, type Page } from "./docs.ts";
import { root } from "./stack.ts";

const findings: string[] = [];
const pages = new Map(repositoryFiles("*.md").map((file) => [file, parsePage(file)]));

/** What is wrong with a link from a file to a place in the repository. */
function fault(from: string, target: string): string | null {
  const [name = "", anchor] = target.split("#");
  const file = name === "" ? from : path.normalize(path.join(path.dirname(from), decodeURIComponent(name)));
  if (file.startsWith("..")) return "leads out of the repository";
  if (!existsSync(path.join(root, file))) return `there is no ${file}`;
  if (anchor === undefined) return null;
  const page = pages.get(file);
  if (page === undefined) return null;
  return page.anchors.has(anchor) ? null : `${file} has no section #${anchor}`;
}

function checkPage(page: Page): void {
  if (page.file.startsWith("docs/") && page.headings !== 1) findings.push(`${page.file}: ${page.headings} headings of the first level`);
  for (const { line, target } of page.links) {
    if (/^[a-z]+:/.test(target)) continue; // elsewhere
    const wrong = fault(page.file, target);
    if (wrong !== null) findings.push(`${page.file}:${line}: ${target}: ${wrong}`);
  }
}

/** Each page of docs/ is in the index. */
function checkIndex(): void {
  const index = pages.get("docs/README.md");
  const named = new Set(index?.links.map(({ target }) => path.join("docs", target.split("#")[0] ?? "")));
  for (const file of pages.keys()) {
    if (file.startsWith("docs/") && file !== index?.file && !named.has(file)) {
      findings.push(`docs/README.md: does not name ${file}`);
    }
  }
}

/** Pages that sources and settings name, with or without a section. */
function checkMentions(): void {
  for (const file of repositoryFiles().filter((one) => !/\.(md|png|json)$/.test(one))) {
    const lines = readFileSync(path.join(root, file), "utf8").split("\n");
    lines.forEach((text, i) => {
      for (const [target] of text.matchAll(/\bdocs\/[a-z/-]+\.md(#[a-z0-9-]+)?/g)) {
        const wrong = fault("README.md", target);
        if (wrong !== null) findings.push(`${file}:${i + 1}: ${target}: ${wrong}`);
      }
    });
  }
}

/** What a reader would type is marked as such, so that test/system/docs.test.ts runs it, or the script that the page names. */
function checkCommands(page: Page): void {
  if (page.runBy === null) {
    for (const { line, language, text } of page.blocks) {
      if (language === "" && /^(\$|=>|#) /m.test(text)) findings.push(`${page.file}:${line}: commands in a block without a language`);
    }
    return;
  }
  const script = path.join(root, page.runBy);
  if (!existsSync(script) || !readFileSync(script, "utf8").includes(page.file)) {
    findings.push(`${page.file}: is run by ${page.runBy}, which does not name it`);
  }
}

for (const page of pages.values()) {
  checkPage(page);
  checkCommands(page);
}
checkIndex();
checkMentions();
for (const finding of findings) console.error(finding);
if (findings.length > 0) process.exit(1);
const links = [...pages.values()].reduce((sum, page) => sum + page.links.length, 0);
console.log(`docs: ${pages.size} pages, ${links} links`);
