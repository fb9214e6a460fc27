import { expect, test } from 'vitest';
import { groupKeyOf } from './episodes.ts';

const labels = { alertname: 'Disk', host: 'a' };

test.each([
  [['alertname'], { labels, project: '2' }, [['alertname', 'Disk']]],
  [
    ['alertname', 'project'],
    { labels, project: '2' },
    [
      ['alertname', 'Disk'],
      ['project', '2'],
    ],
  ],
  [
    ['alertname', 'project'],
    { labels },
    [
      ['alertname', 'Disk'],
      ['project', ''],
    ],
  ],
  [['project'], { labels: { ...labels, project: '7' }, project: null }, [['project', '7']]],
  [
    ['...'],
    { labels, project: '2' },
    [
      ['alertname', 'Disk'],
      ['host', 'a'],
      ['project', '2'],
    ],
  ],
  [
    ['...'],
    { labels },
    [
      ['alertname', 'Disk'],
      ['host', 'a'],
    ],
  ],
])('alerts grouped by %j', (by, alert, key) => {
  expect(JSON.parse(groupKeyOf(by, alert))).toEqual(key);
});
