// SPDX-License-Identifier: Apache-2.0
// Which state a list shows; each has an address.
import { PlainLink } from '@/components/admin/ops/list'

type StateNavProps<State extends string> = {
  label: string
  states: readonly State[]
  state: State
  /** The name of a state for the reader, and its address; the first one is that of the bare list. */
  text: (state: State) => string
  href: (state: string) => string
  go: (state: string) => void
}

export function StateNav<State extends string>({ label, states, state, text, href, go }: StateNavProps<State>) {
  const value = (one: State) => (one === states[0] ? '' : one)
  return (
    <nav aria-label={label} className="bg-sunk flex flex-wrap justify-self-start rounded-2xl p-1">
      {states.map((one) => (
        <PlainLink
          key={one}
          href={href(value(one))}
          onFollow={() => go(value(one))}
          aria-current={one === state ? 'true' : undefined}
          className="aria-[current=true]:bg-ink aria-[current=true]:text-page flex min-h-10 items-center rounded-xl px-4 font-semibold"
        >
          {text(one)}
        </PlainLink>
      ))}
    </nav>
  )
}
