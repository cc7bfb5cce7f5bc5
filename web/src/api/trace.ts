// SPDX-License-Identifier: Apache-2.0
// Traces that begin in the browser: only where the site was built with a share of
// requests to trace (VITE_TRACE_RATIO, 0 to 1; docs/howto/tracing.md). Nothing is stored and
// nothing tells visits apart: each request has a trace of its own.

/** The header of a request that is to be traced; nothing for the others. */
export function traceHeaders(ratio: number): Record<string, string> {
  if (!(Math.random() < ratio)) return {}
  const bytes = crypto.getRandomValues(new Uint8Array(24))
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return { traceparent: `00-${hex.slice(0, 32)}-${hex.slice(32)}-03` }
}

export const traceRatio = Number(import.meta.env.VITE_TRACE_RATIO ?? 0)
