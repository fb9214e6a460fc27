const PROBLEMS: Record<string, string> = {
  wrong_credentials: 'E-mail or password is wrong.',
  too_many_attempts: 'Too many attempts with this e-mail. Try again later.',
  address_taken: 'There is an account with this address. Sign in instead.',
  bad_address: 'This is not an e-mail address.',
  bad_field: 'Something in the form is missing or too long. A password has at least 10 characters.',
  signed_out: 'Sign in first.',
  payment_failed: 'The payment did not go through. Nothing was charged; try again shortly.',
  photo_too_large: 'A photo may have at most 5 MB.',
  not_a_photo: 'Send a JPEG, PNG or WebP photo.',
  no_photo: 'Choose a photo first.',
  no_upload: 'This upload is not there any more. Send the photo again.',
};

const DONE: Record<string, string> = {
  rated: 'Thank you. Your rating counts from now on.',
  ordered: 'Ordered and paid. A confirmation is on its way to you.',
  photo: 'Your photo is on the page.',
  saved: 'Saved.',
};

/** What the form that led here brought about, by the codes in the query string. */
export function Note({ problem, done }: { problem?: string | undefined; done?: string | undefined }) {
  if (problem !== undefined) {
    return (
      <p className="note note-problem" role="alert">
        {PROBLEMS[problem] ?? 'That did not work. Try again.'}
      </p>
    );
  }
  const message = done === undefined ? undefined : DONE[done];
  return message ? <output className="note note-done">{message}</output> : null;
}
