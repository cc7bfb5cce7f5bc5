// SPDX-License-Identifier: Apache-2.0
import * as Primitive from '@radix-ui/react-dialog'
import type { ComponentProps, ReactNode } from 'react'
import { t } from '@/i18n'
import { cn } from '@/lib/cn'
import { useFocusGivenBack } from './focus'
import { Icon } from './icon'

export const Dialog = Primitive.Root
export const DialogTitle = Primitive.Title
export const DialogDescription = Primitive.Description

type DialogContentProps = ComponentProps<typeof Primitive.Content> & { header: ReactNode }

/** A sheet from below on small screens, a panel in the middle on others. */
export function DialogContent({ className, header, children, ...props }: DialogContentProps) {
  const giveBack = useFocusGivenBack()
  return (
    <Primitive.Portal>
      <Primitive.Overlay
        data-scroll
        className="animate-fade-in fixed inset-0 z-40 grid grid-cols-1 scroll-pt-32 items-end overflow-y-auto bg-[#070a24]/65 pt-[max(1rem,env(safe-area-inset-top))] sm:place-items-center sm:p-6">
        <Primitive.Content
          className={cn(
            'animate-sheet-in bg-paper shadow-card relative w-full rounded-t-2xl sm:max-w-xl sm:rounded-2xl',
            className,
          )}
          onCloseAutoFocus={giveBack}
          {...props}
        >
          <div className="border-line bg-paper sticky top-0 z-10 flex items-start justify-between gap-4 rounded-t-2xl border-b px-5 py-4 sm:px-7">
            <div className="min-w-0">{header}</div>
            <Primitive.Close
              aria-label={t('dialog.close')}
              className="hover:bg-sunk -me-2 grid size-11 shrink-0 place-items-center rounded-full"
            >
              <Icon name="close" />
            </Primitive.Close>
          </div>
          <div className="px-5 pt-5 pb-[max(1.5rem,env(safe-area-inset-bottom))] sm:px-7 sm:pb-7">{children}</div>
        </Primitive.Content>
      </Primitive.Overlay>
    </Primitive.Portal>
  )
}
