// SPDX-License-Identifier: Apache-2.0
// Dialogs are the browser's own: it keeps the focus in them, takes the page behind away
// from everybody, and gives the focus back to where it was.
import { createContext, useContext, useId, useLayoutEffect, useRef, type ComponentProps, type ReactNode, type RefObject } from 'react'
import { t } from '@/i18n'
import { cn } from '@/lib/cn'
import { Icon } from './icon'

const IdContext = createContext('')

type ModalProps = Omit<ComponentProps<'dialog'>, 'onClose' | 'ref'> & {
  /** Asked to close; it does so by no longer being rendered. */
  onClose: () => void
  /** Takes the focus instead of the first control. */
  firstFocus?: RefObject<HTMLElement | null>
  /** Also asks to close at a click beside it: only where nothing can be lost. */
  closesBeside?: boolean
}

/** Over the whole window, mounted while it is open; its panel is for the caller to draw. */
export function Modal({ onClose, firstFocus, closesBeside = false, className, children, ...props }: ModalProps) {
  const ref = useRef<HTMLDialogElement>(null)
  const id = useId()
  useLayoutEffect(() => {
    const dialog = ref.current
    dialog?.showModal()
    firstFocus?.current?.focus()
    return () => dialog?.close()
  }, [firstFocus])
  return (
    // The keyboard has Escape for what the pointer does beside the panel.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions, jsx-a11y/click-events-have-key-events
    <dialog
      ref={ref}
      aria-labelledby={`${id}-title`}
      data-scroll
      onCancel={(event) => {
        if (event.target !== event.currentTarget) return
        event.preventDefault()
        onClose()
      }}
      // A browser that is told to close twice does so; whether it may is for the caller to say.
      onClose={({ currentTarget: dialog }) => {
        if (dialog.open || !dialog.isConnected) return
        dialog.showModal()
        onClose()
      }}
      onClick={(event) => closesBeside && event.target === event.currentTarget && onClose()}
      className={cn(
        'text-ink backdrop:animate-fade-in fixed inset-0 size-full max-h-none max-w-none grid-cols-1 overflow-y-auto overscroll-contain bg-transparent backdrop:bg-[#070a24]/65 open:grid',
        className,
      )}
      {...props}
    >
      <IdContext value={id}>{children}</IdContext>
    </dialog>
  )
}

/** The name of the dialog. */
export function DialogTitle({ children, ...props }: ComponentProps<'h2'>) {
  const id = useContext(IdContext)
  return (
    <h2 id={`${id}-title`} {...props}>
      {children}
    </h2>
  )
}

type DialogProps = Omit<ModalProps, 'title'> & { header: ReactNode }

/** A sheet from below on small screens, a panel in the middle on others. */
export function Dialog({ className, header, children, onClose, ...props }: DialogProps) {
  return (
    <Modal onClose={onClose} className="scroll-pt-32 items-end pt-[max(1rem,env(safe-area-inset-top))] sm:place-items-center sm:p-6" {...props}>
      <div
        className={cn(
          'animate-sheet-in bg-paper shadow-card relative w-full rounded-t-2xl sm:max-w-xl sm:rounded-2xl',
          className,
        )}
      >
        <div className="border-line bg-paper sticky -top-[max(1rem,env(safe-area-inset-top))] z-10 flex items-start justify-between gap-4 rounded-t-2xl border-b px-5 py-3 sm:-top-6 sm:px-7">
          <div className="min-w-0 self-center">{header}</div>
          <button
            type="button"
            aria-label={t('dialog.close')}
            onClick={onClose}
            className="hover:bg-sunk -me-2 grid size-11 shrink-0 place-items-center rounded-full"
          >
            <Icon name="close" />
          </button>
        </div>
        <div className="px-5 pt-5 pb-[max(1.5rem,env(safe-area-inset-bottom))] sm:px-7 sm:pb-7">{children}</div>
      </div>
    </Modal>
  )
}
