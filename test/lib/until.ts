// SPDX-License-Identifier: Apache-2.0
// Waiting by polling: a test never sleeps for a fixed time.

export const sleep = (ms: number): Promise<void> =>
  new Promise((done) => setTimeout(done, ms));

/**
 * Polls until the function gives something truthy and returns that; fails with the
 * last value or error after the deadline. Errors while polling count as "not yet".
 */
export async function until<T>(
  what: string,
  poll: () => Promise<T> | T,
  timeoutMs = 60_000,
): Promise<NonNullable<T>> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await poll();
      if (value) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) {
      const shown = last instanceof Error ? last.message : JSON.stringify(last);
      throw new Error(`waited ${timeoutMs} ms for ${what}; last: ${shown}`);
    }
    await sleep(25);
  }
}

/** Runs the functions with at most `width` at a time, results in order. */
export async function pool<T>(
  width: number,
  jobs: (() => Promise<T>)[],
): Promise<T[]> {
  const results = new Array<T>(jobs.length);
  let next = 0;
  const worker = async (): Promise<void> => {
    for (;;) {
      const index = next++;
      const job = jobs[index];
      if (job === undefined) return;
      results[index] = await job();
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, jobs.length) }, worker));
  return results;
}
