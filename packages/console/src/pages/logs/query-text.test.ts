import { describe, expect, it } from 'vitest';
import { completionsFor, termFor, termsOf, tokenAt, withTerm } from './query-text.ts';

const COUNTS = [
  {
    name: 'level',
    values: [
      { value: 'error', count: 4 },
      { value: 'info', count: 90 },
    ],
  },
  { name: 'restaurant.city', values: [{ value: 'St Albans', count: 2 }] },
];

describe('termsOf', () => {
  it.each([
    ['', []],
    ['a b', ['a', 'b']],
    ['"two words" level:error', ['"two words"', 'level:error']],
    ['message:"a \\"quoted\\" word" -x:1', ['message:"a \\"quoted\\" word"', '-x:1']],
    ['"open quote', ['"open quote']],
  ])('splits %j', (query, terms) => {
    expect(termsOf(query)).toEqual(terms);
  });
});

describe('termFor', () => {
  it.each([
    ['level', 'error', false, 'level:error'],
    ['level', 'error', true, '-level:error'],
    ['endpoint', '/api/ratings', false, 'endpoint:/api/ratings'],
    ['endpoint', '/restaurants/[id]', false, 'endpoint:"/restaurants/[id]"'],
    ['message', 'say "hi"', false, 'message:"say \\"hi\\""'],
    ['path', 'C:\\temp', false, 'path:"C:\\\\temp"'],
    ['word', 'OR', false, 'word:"OR"'],
    ['list', 'a,b', false, 'list:"a,b"'],
    ['number', '>5', false, 'number:">5"'],
  ])('%s = %s (%s)', (field, value, exclude, term) => {
    expect(termFor(field, value, exclude)).toBe(term);
  });
});

describe('withTerm', () => {
  it('adds a term at the end', () => {
    expect(withTerm('a', 'level:error')).toBe('a level:error');
  });
  it('replaces the term that says the opposite', () => {
    expect(withTerm('-level:error a', 'level:error')).toBe('a level:error');
    expect(withTerm('level:error a', '-level:error')).toBe('a -level:error');
  });
  it('never says the same twice', () => {
    expect(withTerm('level:error', 'level:error')).toBe('level:error');
  });
});

describe('tokenAt', () => {
  it.each([
    ['level:err', 9, 'level:err'],
    ['a level:err b', 11, 'level:err'],
    ['a level:err b', 4, 'level:err'],
    ['a ', 2, ''],
    ['"two wo', 7, '"two wo'],
  ])('in %j at %i', (query, caret, text) => {
    expect(tokenAt(query, caret).text).toBe(text);
  });
});

describe('completionsFor', () => {
  it('offers names of fields, those of the range first', () => {
    expect(completionsFor('', COUNTS)[0]?.insert).toBe('level:');
    expect(completionsFor('rest', COUNTS).map(({ insert }) => insert)).toEqual(['restaurant.city:']);
    expect(completionsFor('-statusC', COUNTS).map(({ insert }) => insert)).toEqual(['-statusCode:']);
  });
  it('offers values after a field, quoted where they must be', () => {
    expect(completionsFor('level:e', COUNTS)).toEqual([{ insert: 'level:error ', label: 'error', detail: '4' }]);
    expect(completionsFor('restaurant.city:"st', COUNTS)[0]?.insert).toBe('restaurant.city:"St Albans" ');
  });
  it('offers nothing for an unknown field', () => {
    expect(completionsFor('nothing:', COUNTS)).toEqual([]);
  });
});
