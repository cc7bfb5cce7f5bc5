// SPDX-License-Identifier: Apache-2.0
// The tables of docs/reference/errors.md: what the code answers comes from its tables, what it
// means from openapi.yaml and from the comments beside the SQLSTATEs.
import { readFileSync } from "node:fs";
import path from "node:path";
import { repositoryFiles } from "./docs.ts";
import { document } from "./reference-api.ts";
import { table } from "./reference-markdown.ts";
import { root } from "./stack.ts";

const read = (file: string): string => readFileSync(path.join(root, file), "utf8");
const status = read("kore-app/src/status.c");
const documented = document["x-problem-types"];

/** Rows of a table in C; a page must not lose half of it without a word. */
function rows(source: string, pattern: RegExp, least: number, what: string): string[][] {
  const found = [...source.matchAll(pattern)].map((match) => match.slice(1).map((part: string | undefined) => part ?? ""));
  if (found.length < least) throw new Error(`only ${found.length} ${what} found`);
  return found;
}

const coded = rows(status, /^\t\[(CFA_PROBLEM_\w+)\] = \{"([a-z-]+)", (\d{3}), "([^"]+)", (\d+)\},$/gm, 40, "problem types in status.c");
const codeOf = new Map(coded.map(([name = "", code = ""]) => [name, code]));

const problem = (name: string): string => {
  const code = codeOf.get(name);
  if (code === undefined) throw new Error(`status.c has no ${name}`);
  return `[\`${code}\`](#${code})`;
};

/** What the code and openapi.yaml say of the same types; they must agree. */
export function problemTypes(): string {
  const names = document.components.schemas.ProblemCode?.enum;
  const expected = coded.map(([, code, number, title]) => [code, Number(number), title]);
  const found = Object.entries(documented).map(([code, { status: number, title }]) => [code, number, title]);
  if (JSON.stringify(expected) !== JSON.stringify(found)) {
    const odd = expected.find((one, i) => JSON.stringify(one) !== JSON.stringify(found[i]));
    throw new Error(`x-problem-types of openapi.yaml differs from status.c, from ${String(odd?.[0] ?? found.at(expected.length)?.[0])} on`);
  }
  if (JSON.stringify(names) !== JSON.stringify(Object.keys(documented))) throw new Error("ProblemCode of openapi.yaml differs from x-problem-types");
  return table(
    ["code", "status", "meaning", "what to do"],
    coded.map(([, code = "", number, , retry]) => [
      `<a id="${code}"></a>\`${code}\``,
      `${number}${retry === "0" ? "" : ", Retry-After"}`,
      documented[code]?.meaning ?? "",
      documented[code]?.remedy ?? "",
    ]),
  );
}

export function pledgeOutcomes(): string {
  const source = read("kore-app/src/handlers/pledges.c");
  const found = rows(source, /^\t\{"([a-z_]+)", (CFA_PROBLEM_\w+), CFA_M_\w+, (?:"([^"]*)"|NULL), (?:",\\"reason\\":\\"(\w+)\\""|"[^\n]*"|NULL)\},$/gm, 10, "outcomes in pledges.c");
  return table(
    ["outcome", "answer", "says"],
    [
      ["`created`", "201", ""],
      ["`replayed`", "201, `Idempotency-Replayed: true`", "The first answer."],
      ...found.map(([outcome = "", name = "", detail = "", reason = ""]) => [`\`${outcome}\``, problem(name) + (reason === "" ? "" : `, reason \`${reason}\``), detail]),
    ],
  );
}

export function eventOutcomes(): string {
  const outcome = document.components.schemas.ProviderEventResult?.properties?.outcome?.oneOf ?? [];
  return table(["outcome", "means"], outcome.map((one) => [`\`${one.const ?? ""}\``, one.description ?? ""]));
}

/** Every SQLSTATE of class PL that a source raises, or that the extension has a name for. */
function raised(): Set<string> {
  const names = read("extension/src/cfa_errcodes.h").matchAll(/MAKE_SQLSTATE\('P', 'L', '(\d)', '(\d)', '(\d)'\)/g);
  const sources = repositoryFiles("sql/functions/*.sql", "sql/schema/*.sql", "sql/migrations/*.sql").map(read).join("\n");
  return new Set([...[...names].map((digits) => `PL${digits.slice(1).join("")}`), ...(sources.match(/\bPL\d{3}\b/g) ?? [])]);
}

export function sqlstates(): string {
  const found = rows(status, /^\t\{"([0-9A-Z]{2,5})", (CFA_PROBLEM_\w+), (true|false)\}, +\/\* (.+) \*\/$/gm, 30, "SQLSTATEs with a meaning in status.c");
  const all = status.match(/^\t\{"[0-9A-Z]{2,5}", CFA_PROBLEM_/gm) ?? [];
  if (found.length !== all.length) throw new Error(`status.c has ${all.length} SQLSTATEs, but ${found.length} with a meaning`);
  const missing = [...raised()].filter((one) => !found.some(([prefix]) => prefix === one));
  if (missing.length > 0) throw new Error(`raised, but not in status.c: ${missing.sort().join(", ")}`);
  return table(
    ["SQLSTATE", "raised when", "sent again", "problem type"],
    [
      ...found.map(([prefix = "", name = "", again, meaning = ""]) => [prefix.length === 5 ? prefix : `${prefix}...`, meaning, again === "true" ? "yes" : "", problem(name)]),
      ["any other", "a fault of ours", "", problem("CFA_PROBLEM_INTERNAL")],
    ],
  );
}
