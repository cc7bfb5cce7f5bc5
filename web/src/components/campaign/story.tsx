// SPDX-License-Identifier: Apache-2.0
// Shows a story as text: paragraphs, "## " headings and "- " lists. Nothing in
// it is ever markup.
import { cn } from '@/lib/cn'

export function Story({ text, size = 'text-lg' }: { text: string; size?: string }) {
  const blocks = text.replaceAll('\r\n', '\n').split(/\n{2,}/)
  return (
    <div className={cn('grid max-w-prose gap-5 wrap-anywhere', size)} dir="auto">
      {blocks.map((block, index) => (
        <Block key={index} text={block.trim()} />
      ))}
    </div>
  )
}

function Block({ text }: { text: string }) {
  if (text.startsWith('## ')) return <h3 className="mt-3 text-2xl">{text.slice(3)}</h3>
  const lines = text.split('\n')
  if (lines.every((line) => line.startsWith('- '))) {
    return (
      <ul className="marker:text-poppy list-disc space-y-1 ps-6">
        {lines.map((line, index) => (
          <li key={index}>{line.slice(2)}</li>
        ))}
      </ul>
    )
  }
  return <p className="whitespace-pre-line">{text}</p>
}
