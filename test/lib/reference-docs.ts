// SPDX-License-Identifier: Apache-2.0
// Writes what is generated in docs/reference: a whole page, and in pages that people write what stands between
// <!-- made by ops/docs/reference.sh: NAME --> and <!-- end -->. With --check it only compares; exit
// status 1 with one line for each page that is out of date.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { apiPage } from "./reference-api.ts";
import { eventOutcomes, pledgeOutcomes, problemTypes, sqlstates } from "./reference-errors.ts";
import { events, further, headers, members } from "./reference-events.ts";
import { root } from "./stack.ts";

const parts: Record<string, Record<string, () => string>> = {
  "docs/reference/errors.md": {
    "problem types": problemTypes,
    "outcomes of a pledge": pledgeOutcomes,
    "outcomes of a provider event": eventOutcomes,
    SQLSTATEs: sqlstates,
  },
  "docs/reference/events.md": {
    headers,
    "events of pledges": () => events("pledge"),
    "data of pledges": () => members("Pledge"),
    delta: () => members("Delta"),
    "further data of pledges": further,
    "events of campaigns": () => events("campaign"),
    "data of campaigns": () => members("Campaign"),
    "events of waiting lists": () => events("waiting"),
    "data of waiting lists": () => members("Waiting"),
    "document of a campaign": () => members("CampaignDocument"),
  },
};

/** The page with its generated parts made anew; each has to be there once. */
function filled(file: string, makers: Record<string, () => string>): string {
  const found = new Set<string>();
  const text = readFileSync(path.join(root, file), "utf8").replace(
    /(<!-- made by ops\/docs\/reference\.sh: (.+?) -->\n)[\s\S]*?(<!-- end -->\n)/g,
    (_, begin: string, name: string, end: string) => {
      const make = makers[name];
      if (make === undefined || found.has(name)) throw new Error(`${file}: cannot make "${name}"`);
      found.add(name);
      return `${begin}\n${make()}\n\n${end}`;
    },
  );
  const missing = Object.keys(makers).filter((name) => !found.has(name));
  if (missing.length > 0) throw new Error(`${file}: has no part "${missing.join('", "')}"`);
  return text;
}

const pages: [string, () => string][] = [
  ["docs/reference/api.md", () => `${apiPage()}\n`],
  ...Object.entries(parts).map(([file, makers]): [string, () => string] => [file, () => filled(file, makers)]),
];

const isCheck = process.argv.includes("--check");
let failed = false;
for (const [file, make] of pages) {
  try {
    const text = make();
    const target = path.join(root, file);
    if (!isCheck) writeFileSync(target, text);
    else if (!existsSync(target) || readFileSync(target, "utf8") !== text) throw new Error(`${file} is out of date: run ops/docs/reference.sh`);
  } catch (error) {
    console.error(`reference: ${error instanceof Error ? error.message : String(error)}`);
    failed = true;
  }
}
if (failed) process.exit(1);
console.log(`reference: ${pages.length} pages are ${isCheck ? "up to date" : "made"}`);
