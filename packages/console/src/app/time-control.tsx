import { useState } from 'react';
import { Button as AriaButton } from 'react-aria-components/Button';
import { Dialog, DialogTrigger } from 'react-aria-components/Dialog';
import { Popover } from 'react-aria-components/Popover';
import { Button, IconButton } from '../components/button.tsx';
import { Choice } from '../components/choice.tsx';
import { Icon } from '../components/icon.tsx';
import { usePageTime } from '../time/page-time.tsx';
import { PRESETS, parseRange, type Range, rangeLabel, rangeText, zoomOut } from '../time/range.ts';
import { setZone, useZone, ZONES, zoneChoice } from '../time/zone.ts';
import './time-control.css';

/** Shows and sets the one range of time of the page. */
export default function TimeControl() {
  const { range, span, setRange } = usePageTime();
  const zone = useZone();
  return (
    <div className="time-control">
      <DialogTrigger>
        <AriaButton className="button time-button">
          <Icon name="pending" />
          <span className="time-button-text">{rangeLabel(range, Date.now(), zone)}</span>
          <Icon name="chevron-down" />
        </AriaButton>
        <Popover className="popover" placement="bottom end">
          <Dialog className="time-dialog" aria-label="Time range">
            {({ close }) => (
              <TimeForm
                range={range}
                choose={(next) => {
                  setRange(next);
                  close();
                }}
              />
            )}
          </Dialog>
        </Popover>
      </DialogTrigger>
      <IconButton icon="zoom-out" label="Twice as long a range" onClick={() => setRange(zoomOut(span, Date.now()))} />
    </div>
  );
}

function TimeForm({ range, choose }: { range: Range; choose(range: Range): void }) {
  const zone = useZone();
  const [text, setText] = useState(() => rangeText(range, zone));
  const [refused, setRefused] = useState(false);
  const submit = () => {
    const parsed = parseRange(text, Date.now(), zone);
    if (parsed === null) setRefused(true);
    else choose(parsed);
  };
  return (
    <>
      <form
        className="time-form"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <label className="field">
          <span className="field-label">Time range</span>
          <input
            className="input"
            value={text}
            aria-invalid={refused}
            aria-describedby="time-help"
            onChange={(event) => {
              setText(event.target.value);
              setRefused(false);
            }}
          />
        </label>
        <Button type="submit" look="primary">
          Apply
        </Button>
        <p id="time-help" className={refused ? 'time-help time-help-bad' : 'time-help'}>
          {refused ? 'This is not a range. Try: ' : 'For example '}
          <code>45m</code>, <code>yesterday</code>, <code>09:00 to 10:30</code>, <code>2026-11-23 09:00 to now</code>
        </p>
      </form>
      <ul className="time-presets" aria-label="Presets">
        {PRESETS.map((preset) => (
          <li key={preset.text}>
            <button
              type="button"
              className="menu-item"
              aria-pressed={range.kind === 'last' && range.text === preset.text}
              onClick={() => choose(parseRange(preset.text, Date.now(), zone) ?? range)}
            >
              {preset.label}
            </button>
          </li>
        ))}
      </ul>
      <Choice
        label="Time zone"
        value={zone}
        options={ZONES.map((each) => ({ value: each, label: zoneChoice(each) }))}
        onChange={setZone}
      />
    </>
  );
}
