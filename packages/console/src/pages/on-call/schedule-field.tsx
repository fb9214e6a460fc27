import type { OnCallSituation } from '@yumops/protocol';

export interface ScheduleFieldProps {
  schedules: readonly OnCallSituation[];
  value: string;
  onChange(schedule: string): void;
}

/** Chooses the schedule, where there is a choice. */
export function ScheduleField({ schedules, value, onChange }: ScheduleFieldProps) {
  return (
    <label className="field">
      <span className="field-label">Schedule</span>
      <select className="input" value={value} onChange={(event) => onChange(event.target.value)}>
        {schedules.map(({ schedule }) => (
          <option key={schedule}>{schedule}</option>
        ))}
      </select>
    </label>
  );
}
