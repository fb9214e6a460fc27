import pg from 'pg';

const READ = [
  'SELECT id, name, cuisine, city, average_rating, rating_count FROM restaurants WHERE id = $1',
  'SELECT t.id, u.display_name, t.score, t.comment FROM ratings t JOIN user_profiles u ON u.id = t.user_id WHERE t.restaurant_id = $1 ORDER BY t.created_at DESC LIMIT 20',
  'SELECT id, course, name, price_cents FROM menu_items WHERE restaurant_id = $1 ORDER BY id',
];
const RATE = `INSERT INTO ratings (restaurant_id, user_id, score, comment) VALUES ($1, $2, $3, 'again')
  ON CONFLICT (restaurant_id, user_id) DO UPDATE SET score = excluded.score, created_at = now()`;

/**
 * The statements of YumZoom's pages at a fixed rate, whatever the answers: a request that waits does not hold up the
 * next, and its wait counts from the moment at which it was due.
 */
export class Load {
  #pool;
  #people;
  #rate;
  #took = [];
  #failed = 0;
  #stopped = false;
  #running;

  /** @param {string} url @param {{ restaurants: number[], users: number[] }} people @param {number} rate requests a second */
  constructor(url, people, rate) {
    this.#pool = new pg.Pool({ connectionString: url, max: 20, application_name: 'yumzoom' });
    this.#pool.on('error', () => undefined);
    this.#people = people;
    this.#rate = rate;
  }

  start() {
    this.#running = this.#pace();
  }

  async #pace() {
    const begun = performance.now();
    const open = new Set();
    for (let number = 0; !this.#stopped; number++) {
      const due = begun + (number * 1_000) / this.#rate;
      const wait = due - performance.now();
      if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait));
      const request = this.#request(number).then(
        () => this.#took.push([performance.timeOrigin + due, performance.now() - due, number % 5 === 0 ? 1 : 0]),
        () => {
          this.#failed += 1;
        },
      );
      open.add(request);
      request.finally(() => open.delete(request));
    }
    await Promise.all(open);
  }

  async #request(number) {
    const { restaurants, users } = this.#people;
    const restaurant = restaurants[(number * 7_919) % restaurants.length];
    if (number % 5 === 0) {
      return this.#pool.query(RATE, [restaurant, users[(number * 104_729) % users.length], 1 + (number % 5)]);
    }
    for (const sql of READ) await this.#pool.query(sql, [restaurant]);
  }

  /** What was measured since the last time: moment due (ms since the epoch), milliseconds taken, 1 for a write. */
  take() {
    const answer = { samples: this.#took, failed: this.#failed };
    this.#took = [];
    this.#failed = 0;
    return answer;
  }

  async stop() {
    this.#stopped = true;
    await this.#running;
    await this.#pool.end();
  }
}
