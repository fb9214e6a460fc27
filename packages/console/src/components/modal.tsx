import type { ReactNode } from 'react';
import { Dialog } from 'react-aria-components/Dialog';
import { Modal as AriaModal, ModalOverlay } from 'react-aria-components/Modal';

export interface ModalProps {
  label: string;
  close(): void;
  /** A sheet comes from the bottom edge, where thumbs are; default a box in the middle. */
  look?: 'box' | 'sheet';
  children: ReactNode;
}

/** A box over the page; Esc and a click beside it close it. */
export function Modal({ label, close, look = 'box', children }: ModalProps) {
  return (
    <ModalOverlay className="overlay" data-look={look} isOpen isDismissable onOpenChange={(open) => !open && close()}>
      <AriaModal className="overlay-box">
        <Dialog aria-label={label}>{children}</Dialog>
      </AriaModal>
    </ModalOverlay>
  );
}
