import { CopyButton } from '../../components/copy-button.tsx';

/** A secret that was just made, and will not be shown again. @param what it is, in a word */
export function SecretOnce({ secret, what }: { secret: string; what: string }) {
  return (
    <>
      <p>This is shown once. Put it where your secrets are.</p>
      <p className="access-secret">
        <code>{secret}</code>
        <CopyButton text={secret} label={`Copy the ${what}`} />
      </p>
    </>
  );
}
