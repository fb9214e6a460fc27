export interface SelectFieldProps {
  label: string;
  /** Name of the value in the form. */
  name: string;
  choices: readonly { value: string; label: string }[];
  /** The value that is chosen at first; offered by its own name where the choices do not have it. */
  chosen: string | undefined;
}

/** A field of a form that takes one of several values. */
export function SelectField({ label, name, choices, chosen }: SelectFieldProps) {
  // The browser would choose the first one in its place, and the form would send that.
  const isMissing = chosen !== undefined && !choices.some(({ value }) => value === chosen);
  const offered = isMissing ? [...choices, { value: chosen, label: chosen }] : choices;
  return (
    <label className="field">
      <span className="field-label">{label}</span>
      <select className="input" name={name} defaultValue={chosen}>
        {offered.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.label}
          </option>
        ))}
      </select>
    </label>
  );
}
