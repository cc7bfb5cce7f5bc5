// SPDX-License-Identifier: Apache-2.0
// Reads Prometheus text of our processes.
import type { Stack } from "./stack.ts";

export type Samples = Map<string, number>;

type Exporter = "API_ADMIN" | "RELAY" | "PROJECTOR" | "PAYMENTS";

/** Every sample of a process, by name with labels as they stand in the text. */
export async function scrape(stack: Stack, from: Exporter): Promise<Samples> {
  const response = await fetch(`${stack.url(from)}/metrics`);
  if (!response.ok) throw new Error(`/metrics of ${from} answers ${response.status}`);
  const samples: Samples = new Map();
  for (const line of (await response.text()).split("\n")) {
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
