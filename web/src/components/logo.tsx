// SPDX-License-Identifier: Apache-2.0
/** Four patches sewn into one, the last of them a heart. */
export function Logo({ className }: { className?: string }) {
  return <img src="/icon.svg" alt="" width={40} height={40} className={className} />
}
