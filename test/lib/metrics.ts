// SPDX-License-Identifier: Apache-2.0
// Reads Prometheus text of our processes.
import type { Stack } from "./stack.ts";

export type Samples = Map<string, number>;

export const exporters = ["API_ADMIN", "DATABASE", "RELAY", "PROJECTOR", "PAYMENTS", "MOCKPAY"] as const;
export type Exporter = (typeof exporters)[number];

/** Prometheus text of a process, or of the database, which the API speaks for. */
export async function exposition(stack: Stack, from: Exporter): Promise<string> {
  const url = from === "DATABASE" ? `${stack.url("API_ADMIN")}/metrics/database` : `${stack.url(from)}/metrics`;
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  return response.text();
}

/** Every sample of a process, by name with labels as they stand in the text. */
export async function scrape(stack: Stack, from: Exporter): Promise<Samples> {
  const samples: Samples = new Map();
  for (const line of (await exposition(stack, from)).split("\n")) {
    const match = /^([a-zA-Z_:][\w:]*(?:\{.*\})?) (\S+)/.exec(line);
    if (match?.[1]) samples.set(match[1], Number(match[2]));
  }
  return samples;
}

/** Sum of the samples whose name with labels matches. */
export function sum(samples: Samples, pattern: RegExp): number {
  let total = 0;
  for (const [name, value] of samples) if (pattern.test(name)) total += value;
  return total;
}
