// SPDX-License-Identifier: Apache-2.0
// The stack's Prometheus: started for a test, asked by PromQL.
import type { Stack } from "./stack.ts";
import { until } from "./until.ts";

export interface Series {
  metric: Record<string, string>;
  value: [number, string];
}

interface Answer<T> {
  status: string;
  error?: string;
  data: T;
}

export class Prometheus {
  constructor(private readonly url: string) {}

  async get<T>(path: string, parameters: Record<string, string> = {}): Promise<T> {
    const response = await fetch(`${this.url}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`);
    const answer = (await response.json()) as Answer<T>;
    if (answer.status !== "success") throw new Error(`${path} ${JSON.stringify(parameters)}: ${answer.error ?? ""}`);
    return answer.data;
  }

  /** What an instant query gives; a scalar is one series without labels. */
  async query(expression: string): Promise<Series[]> {
    const data = await this.get<{ resultType: string; result: unknown }>("query", { query: expression });
    if (data.resultType === "vector") return data.result as Series[];
    if (data.resultType === "scalar") return [{ metric: {}, value: data.result as [number, string] }];
    throw new Error(`${expression} gives a ${data.resultType}`);
  }

  /** Waits until every process has been scraped well. */
  async scraped(): Promise<void> {
    await until("every target to be up", async () => {
      const { activeTargets } = await this.get<{ activeTargets: { health: string; lastError: string; scrapeUrl: string }[] }>("targets");
      const wrong = activeTargets.filter((target) => target.health !== "up");
      if (activeTargets.length < 6 || wrong.length > 0) throw new Error(JSON.stringify(wrong));
      return true;
    });
  }
}

/** Starts Prometheus in the stack, scraping each second. */
export async function startPrometheus(stack: Stack): Promise<Prometheus> {
  await stack.configure({ STACK_PROMETHEUS_INTERVAL: "1s" });
  await stack.start(["prometheus"]);
  const prometheus = new Prometheus(`http://127.0.0.1:${stack.port("PROMETHEUS")}`);
  await prometheus.scraped();
  return prometheus;
}

/** Selectors in an expression, each without its range: name{labels}. */
export function selectors(expression: string): string[] {
  const found = expression.matchAll(/(?<![\w:"])(?:careforall[\w:]*|node_\w+|route:\w[\w:]*|job:\w[\w:]*|outcome:\w[\w:]*|up)(?:\{[^}]*\})?/g);
  return [...new Set([...found].map((match) => match[0]))];
}
