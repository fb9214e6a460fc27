/** Uploads bytes that are the same each time, and goes on where an earlier process was killed. */
import { openBlobStore } from '../../dist/store/blob/index.js';

const MB = 1024 * 1024;
const store = await openBlobStore(process.env.STORE, '/');
async function* body() {
  for (let n = 0; n < 36; n++) yield Buffer.alloc(MB, `piece ${n} `);
}
await store.put('copy/base.tar', body(), { resume: true });
store.close();
