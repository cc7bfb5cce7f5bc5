// SPDX-License-Identifier: Apache-2.0
// What the tests told the API and it told them that must never stand in a log: e-mail
// addresses, names and messages of donors, passwords, tokens, cookies. Kept in a file
// of the stack's folder, for system/logs.test.ts, which looks for each in every log.
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import path from "node:path";

const file = (dir: string): string => path.join(dir, "told.secrets");
const personal = new Set(["email", "donor_email", "donor_name", "message", "password", "new_password", "current_password"]);
const seen = new Set<string>();

function add(dir: string, kind: string, value: string): void {
  // What is short, one letter again and again, a plain word (a password that is refused) or
  // an address of nobody (the host alone) may stand in a log by chance.
  if (value.length < 8 || value.length > 2000 || /^([a-z]{8,16}|(.)\2*|@.*)$/s.test(value) || seen.has(value)) return;
  seen.add(value);
  appendFileSync(file(dir), `${JSON.stringify([kind, value])}\n`, { mode: 0o600 });
}

function walk(dir: string, value: unknown, key: string, parent: string): void {
  if (Array.isArray(value)) for (const one of value) walk(dir, one, key, parent);
  else if (typeof value === "object" && value !== null)
    for (const [name, one] of Object.entries(value)) walk(dir, one, name, key);
  else if (typeof value === "string" && (personal.has(key) || key.endsWith("token") || (key === "name" && parent === "donor")))
    add(dir, key, value);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Remembers what one request and its answer hold. */
export function rememberSecrets(dir: string, sent: string | undefined, headers: Headers, answered: Headers, text: string): void {
  if (sent !== undefined) walk(dir, parsed(sent), "", "");
  if (/json/.test(answered.get("content-type") ?? "")) walk(dir, parsed(text), "", "");
  for (const cookie of answered.getSetCookie()) add(dir, "cookie", cookie.split(/[=;]/)[1] ?? "");
  add(dir, "access token", /^Bearer (.+)$/.exec(headers.get("authorization") ?? "")?.[1] ?? "");
}

/** All that was told, and what it is; hashed to be shown. */
export function toldSecrets(dir: string): { kind: string; value: string; hash: string }[] {
  if (!existsSync(file(dir))) return [];
  const lines = readFileSync(file(dir), "utf8").split("\n").filter((line) => line !== "");
  const pairs = new Map(lines.map((line) => (JSON.parse(line) as [string, string]).reverse() as [string, string]));
  return [...pairs].map(([value, kind]) => ({ kind, value, hash: createHash("sha256").update(value).digest("hex").slice(0, 12) }));
}
