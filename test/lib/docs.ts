// SPDX-License-Identifier: Apache-2.0
// The Markdown of this repository: its headings, links, and the blocks of commands
// that a reader would type.
//
// Marks are HTML comments, which a reader of the page does not see:
//   <!-- run by SCRIPT -->        on top of a page: another check runs its blocks
//   <!-- not run: REASON -->      in front of a block
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import GithubSlugger from "github-slugger";
import type { Nodes, Root } from "mdast";
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmTableFromMarkdown } from "mdast-util-gfm-table";
import { toString } from "mdast-util-to-string";
import { gfmTable } from "micromark-extension-gfm-table";
import { visit } from "unist-util-visit";
import { root } from "./stack.ts";

export interface Link {
  line: number;
  target: string;
}

/** A fenced block. What follows it in a block "text" is what it shows. */
export interface Block {
  line: number;
  language: string;
  meta: string;
  text: string;
  notRun: string | null;
  shows: string | null;
}

export interface Page {
  file: string;
  runBy: string | null;
  headings: number;
  anchors: Set<string>;
  links: Link[];
  blocks: Block[];
  /** What stands in back quotes within a sentence. */
  spans: string[];
}

const line = (node: Nodes): number => node.position?.start.line ?? 0;

const mark = (node: Nodes | undefined, name: string): string | null =>
  node?.type === "html" ? (new RegExp(`^<!-- ${name}:? (.*) -->$`, "s").exec(node.value)?.[1] ?? null) : null;

function blocksOf(tree: Root): Block[] {
  const blocks: Block[] = [];
  visit(tree, "code", (node, index, parent) => {
    const before = index === undefined ? undefined : parent?.children[index - 1];
    const after = index === undefined ? undefined : parent?.children[index + 1];
    blocks.push({
      line: line(node),
      language: node.lang ?? "",
      meta: node.meta ?? "",
      text: node.value,
      notRun: mark(before, "not run"),
      shows: after?.type === "code" && after.lang === "text" ? after.value : null,
    });
  });
  return blocks;
}

export function parsePage(file: string): Page {
  const tree = fromMarkdown(readFileSync(path.join(root, file), "utf8"), {
    extensions: [gfmTable()],
    mdastExtensions: [gfmTableFromMarkdown()],
  });
  const slugger = new GithubSlugger();
  const page: Page = { file, runBy: null, headings: 0, anchors: new Set(), links: [], blocks: blocksOf(tree), spans: [] };
  visit(tree, (node) => {
    switch (node.type) {
      case "heading":
        if (node.depth === 1) page.headings++;
        page.anchors.add(slugger.slug(toString(node)));
        break;
      case "link":
      case "image":
      case "definition":
        page.links.push({ line: line(node), target: node.url });
        break;
      case "inlineCode":
        page.spans.push(node.value.replaceAll("\n", " "));
        break;
      case "html":
        page.runBy ??= mark(node, "run by");
        for (const [, id] of node.value.matchAll(/\b(?:id|name)="([^"]+)"/g)) if (id) page.anchors.add(id);
        break;
    }
  });
  return page;
}

/** Files of the repository, those not yet committed too. */
export function repositoryFiles(...patterns: string[]): string[] {
  return execFileSync("git", ["ls-files", "-co", "--exclude-standard", "--", ...patterns], { cwd: root, encoding: "utf8" })
    .split("\n")
    .filter((file) => file !== "");
}

const shells = new Set(["sh", "bash", "sql", "console"]);

/** Whether a block is something that a reader would type. */
export const isCommand = (block: Block): boolean => shells.has(block.language);
