export interface SelectFieldProps {
  label: string;
  /** Name of the value in the form. */
  name: string;
  choices: readonly { value: string; label: string }[];
  /** The value that is chosen at first. */
  chosen: string | undefined;
}

/** A field of a form that takes one of several values. */
export function SelectField({ label, name, choices, chosen }: SelectFieldProps) {
  return (
    <label className="field">
      <span className="field-label">{label}</span>
      <select className="input" name={name} defaultValue={chosen}>
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.label}
          </option>
        ))}
      </select>
    </label>
  );
}
