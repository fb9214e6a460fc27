// The app's side of the measurement as a process of its own, as an app is: `fork` it with the address of the database, the
// ids and the rate. It answers `take` with the samples since the last one, and `stop` by ending.
import { Load } from './load.mjs';

const { url, people, rate } = JSON.parse(process.env.LOAD ?? '{}');
const load = new Load(url, people, rate);
process.on('message', async (wish) => {
  if (wish === 'take') process.send?.(load.take());
  if (wish === 'stop') {
    await load.stop();
    process.disconnect();
  }
});
load.start();
