import type { ReactNode } from 'react';
import { Dialog } from 'react-aria-components/Dialog';
import { Modal as AriaModal, ModalOverlay } from 'react-aria-components/Modal';

/** A box over the page; Esc and a click beside it close it. */
export function Modal({ label, close, children }: { label: string; close(): void; children: ReactNode }) {
  return (
    <ModalOverlay className="overlay" isOpen isDismissable onOpenChange={(open) => !open && close()}>
      <AriaModal className="overlay-box">
        <Dialog aria-label={label}>{children}</Dialog>
      </AriaModal>
    </ModalOverlay>
  );
}
