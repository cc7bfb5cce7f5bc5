// SPDX-License-Identifier: Apache-2.0
/** Four patches sewn into one, the last of them a heart. */
export function Logo({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 40 40" aria-hidden="true" className={className}>
      <path d="M4 0h15v19H0V4a4 4 0 0 1 4-4z" fill="#1b2466" />
      <path d="M21 0h15a4 4 0 0 1 4 4v15H21z" fill="#ff5a45" />
      <path d="M0 21h19v19H4a4 4 0 0 1-4-4z" fill="#8fd5b5" />
      <path d="M21 21h19v15a4 4 0 0 1-4 4H21z" fill="#ffcf3f" />
      <circle cx="9.5" cy="9.5" r="4.5" fill="#bfe0ff" />
      <path d="M21 19L40 0v15a4 4 0 0 1-4 4z" fill="#1b2466" opacity=".22" />
      <path d="M0 40c0-10.5 8.5-19 19-19v19z" fill="#1b2466" opacity=".85" />
      <path d="M30.5 36s-6-3.6-6-8a3.3 3.3 0 0 1 6-1.9 3.3 3.3 0 0 1 6 1.9c0 4.4-6 8-6 8z" fill="#1b2466" />
    </svg>
  )
}
