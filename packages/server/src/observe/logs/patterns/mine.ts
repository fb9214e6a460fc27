/** What stands for whatever differs. */
export const ANY = '<*>';

/** A message as it came, or with its digits made equal, and how often. */
export interface MessageCount {
  message: string;
  count: number;
  errors: number;
  example: string;
}

/** A form that messages have in common. */
export interface Pattern extends Omit<MessageCount, 'message'> {
  template: string;
}

/** Words of a message that are compared; what follows them is one more. */
const MOST_WORDS = 40;

/** Messages with no other alike among which pairs of positions are tried. */
const MOST_PAIRED = 4_000;
const MOST_PAIRED_WORDS = 16;

/** Different paths at one place from which they are taken for one form; routes are few, files are many. */
const MANY_PATHS = 50;

/**
 * Replaces what differs from one message of a form to the next by its looks: quoted texts, addresses, and words with a
 * digit, piece by piece, so that `/restaurants/42/menu` keeps its ends.
 */
export function maskMessage(message: string): string {
  return message
    .replace(/"[^"]{0,500}"/g, `"${ANY}"`)
    .replace(/(?<![\w])'[^']{0,500}'(?!\w)/g, `'${ANY}'`)
    .replace(/\bhttps?:\/\/[^\s"')]+/gi, ANY)
    .replace(/[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+/g, ANY)
    .replace(/(?<![\w.-])[\w.-]*\d[\w-]*(?:\.[\w-]+)*/g, ANY)
    .replace(/<\*>(?:[:/,.+xT-]<\*>)+/g, ANY)
    .replace(/<\*>\s?(?:ms|s|µs|us|min|h|%|[kKMG]i?B|B)(?![\w])/g, ANY);
}

interface Form extends MessageCount {
  words: string[];
}

/**
 * Finds the forms of messages. First by their looks; then a word is taken for a value where many different ones stand at
 * the same place of otherwise equal messages. Few different ones are what messages say: accepted and refused stay two.
 * @returns the commonest first
 */
export function minePatterns(messages: Iterable<MessageCount>): Pattern[] {
  let forms = joined([...messages].map((one) => ({ ...one, words: wordsOf(maskMessage(one.message)) })));
  for (let before = -1; before !== forms.length; ) {
    before = forms.length;
    forms = generalised(forms);
  }
  forms = joined(paired(forms));
  return absorbed(joinedByTemplate(forms))
    .map(({ template, count, errors, example }) => ({ template, count, errors, example }))
    .sort((a, b) => b.count - a.count || a.template.localeCompare(b.template));
}

function wordsOf(masked: string): string[] {
  const words = masked.split(/\s+/).filter((word) => word !== '');
  return words.length <= MOST_WORDS ? words : [...words.slice(0, MOST_WORDS), ANY];
}

/** Forms with the same words become one. */
function joined(forms: readonly Form[]): Form[] {
  return joinedBy(forms, ({ words }) => words.join(' '));
}

function joinedBy(forms: readonly Form[], keyOf: (form: Form) => string): Form[] {
  const byKey = new Map<string, Form>();
  for (const form of forms) {
    const key = keyOf(form);
    const known = byKey.get(key);
    if (known) {
      known.count += form.count;
      known.errors += form.errors;
    } else byKey.set(key, { ...form });
  }
  return [...byKey.values()];
}

/** Different words at one place from which they are values, by the words that stay the same around it. */
function enough(form: Form, place: number, word: string): number {
  const constant = form.words.reduce((sum, one, index) => sum + Number(index !== place && one !== ANY), 0);
  if (constant === 0) return Number.POSITIVE_INFINITY;
  if (word.startsWith('/')) return MANY_PATHS;
  return constant >= 3 ? 4 : constant === 2 ? 8 : 20;
}

/** Replaces one place of each form where many forms differ in nothing else. */
function generalised(forms: readonly Form[]): Form[] {
  const seen = new Map<string, number>();
  const keys = forms.map((form) => form.words.map((word, place) => (word === ANY ? '' : withAny(form.words, [place]))));
  for (const places of keys) for (const key of places) if (key !== '') seen.set(key, (seen.get(key) ?? 0) + 1);
  return joined(
    forms.map((form, index) => {
      const place = bestPlace(form, keys[index] as string[], seen);
      return place === -1 ? form : { ...form, words: form.words.with(place, ANY) };
    }),
  );
}

function bestPlace(form: Form, keys: readonly string[], seen: ReadonlyMap<string, number>): number {
  let best = -1;
  let most = 0;
  keys.forEach((key, place) => {
    const different = key === '' ? 0 : (seen.get(key) ?? 0);
    if (different > most && different >= enough(form, place, form.words[place] as string)) {
      best = place;
      most = different;
    }
  });
  return best;
}

function withAny(words: readonly string[], places: readonly number[]): string {
  return words.map((word, place) => (places.includes(place) ? ANY : word)).join(' ');
}

/** Where two words differ at once, as with two names in one message, no single place stands out; pairs of places do. */
function paired(forms: readonly Form[]): Form[] {
  const rare = forms.filter(({ words }) => words.length >= 4 && words.length <= MOST_PAIRED_WORDS);
  if (rare.length < 8 || rare.length > MOST_PAIRED) return [...forms];
  const seen = new Map<string, number>();
  for (const { words } of rare) {
    for (const pair of pairsOf(words)) {
      const key = withAny(words, pair);
      seen.set(key, (seen.get(key) ?? 0) + 1);
    }
  }
  return forms.map((form) => {
    if (form.words.length < 4 || form.words.length > MOST_PAIRED_WORDS) return form;
    const found = pairsOf(form.words)
      .map((pair) => ({ pair, different: seen.get(withAny(form.words, pair)) ?? 0 }))
      .filter(({ different }) => different >= 8)
      .sort((a, b) => b.different - a.different)[0];
    if (!found) return form;
    return { ...form, words: form.words.map((word, place) => (found.pair.includes(place) ? ANY : word)) };
  });
}

/** Pairs of places with words, beside which at least two words stay. */
function pairsOf(words: readonly string[]): [number, number][] {
  const places = words.flatMap((word, place) => (word === ANY || word.startsWith('/') ? [] : [place]));
  if (places.length < 4) return [];
  return places.flatMap((first, index) => places.slice(index + 1).map((second): [number, number] => [first, second]));
}

/** A value may be several words: `<*> <*>` and `<*>` are the same form. */
function joinedByTemplate(forms: readonly Form[]): (Form & { template: string })[] {
  const templateOf = ({ words }: Form) => words.join(' ').replace(/(?<!\S)<\*>(?: <\*>)+(?!\S)/g, ANY);
  return joinedBy(forms, templateOf).map((form) => ({ ...form, template: templateOf(form) }));
}

/** Forms among which those with a value of several words are looked for. */
const MOST_ABSORBED = 2_000;
const MOST_VALUE_WORDS = 4;

/** A value may be one word in most messages and several in some: a form that fits a commoner one is that one. */
function absorbed(forms: readonly (Form & { template: string })[]): (Form & { template: string })[] {
  if (forms.length > MOST_ABSORBED) return [...forms];
  const kept: { form: Form & { template: string }; fits: RegExp | undefined }[] = [];
  for (const form of forms.toSorted((a, b) => b.count - a.count)) {
    const home = kept.find(({ fits }) => fits?.test(form.template));
    if (home) {
      home.form.count += form.count;
      home.form.errors += form.errors;
    } else kept.push({ form: { ...form }, fits: wordsAround(form.template) });
  }
  return kept.map(({ form }) => form);
}

/** What finds the form with several words for a value; nothing where too little stays the same to be sure. */
function wordsAround(template: string): RegExp | undefined {
  const words = template.split(' ');
  const constant = words.filter((word) => word !== ANY).length;
  if (constant < 3 || constant === words.length) return undefined;
  const value = `\\S+(?: \\S+){0,${MOST_VALUE_WORDS - 1}}`;
  const pattern = words.map((word) => (word === ANY ? value : word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')));
  return new RegExp(`^${pattern.join(' ')}$`);
}
