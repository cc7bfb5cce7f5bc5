// SPDX-License-Identifier: Apache-2.0
/** The title that came with the page stands until a page has set its own behind it. */
export function handOverTitle(): void {
  const came = document.querySelector('head > title')
  if (came === null) return
  new MutationObserver((_, observer) => {
    if (document.querySelectorAll('head > title').length < 2) return
    observer.disconnect()
    came.remove()
  }).observe(document.head, { childList: true })
}
