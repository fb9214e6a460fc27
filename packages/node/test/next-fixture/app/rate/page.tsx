import { rate } from './rate';

export default function Rate() {
  return (
    <form action={rate}>
      <input name="stars" />
      <button type="submit">Rate</button>
    </form>
  );
}
