// SPDX-License-Identifier: Apache-2.0
// A small generator: the same seed draws the same, so that a run can be had again.

export class Random {
  private state: number;

  constructor(readonly seed: number) {
    // Neighbours would begin alike.
    this.state = (Math.imul(seed ^ 0x9e37_79b9, 0x85eb_ca6b) >>> 1) % 2_147_483_647 || 1;
  }

  /** CHAOS_SEED, or else a new one. */
  static ofRun(): Random {
    return new Random(Number(process.env.CHAOS_SEED ?? 0) || Date.now() % 1_000_000);
  }

  /** A whole number from 0 to below. */
  below(limit: number): number {
    this.state = (this.state * 48_271) % 2_147_483_647;
    return this.state % limit;
  }

  between(from: number, to: number): number {
    return from + this.below(to - from + 1);
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)] as T;
  }
}
