import type { Test } from 'tap'
import { LONG, values } from './subject.js'
import type { Open } from './subject.js'

/** Texts that something on the way could take for something else. */
const TEXTS = [
  '', ' ', 'a b', '\n', 'a\nb', '\r\n', '\t', '"', "'", '\\', '\\n', '*', '{a}', '{', ':', 'k:', 'i:', '%s', '$5', '0', '-1', 'null', 'true', 'NX',
  '\0', 'a\0b', '\u0001\u007f\u0080\u00ff', 'ä', '日本語', '👩‍🚀', '\ufeff', '\u2028', 'e\u0301', '\u00e9',
  '__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf'
]

const LATIN = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join('')

/** What every store does with keys, values and indexes of any kind: a part of the contract. */
export function textContract (t: Test, open: Open): void {
  t.test('keys are any text, and each is its own', async (t) => {
    const { store, other } = await open(t)
    const keys = [...TEXTS, 'x'.repeat(100_000), `${'x'.repeat(100_000)} `]
    t.strictSame(await values(store, ...keys), keys.map(() => undefined), 'none is there before')
    for (const [index, key] of keys.entries()) t.equal(await store.add(key, `value ${index}`, LONG), true)
    t.strictSame(await values(other, ...keys), keys.map((_, index) => `value ${index}`))
    for (const [index, key] of keys.entries()) {
      t.equal(await other.extend(key, `value ${index}`, LONG), true)
      t.equal(await store.set(key, 'y', LONG, { onlyIfPresent: true, indexes: ['all'] }), true)
    }
    t.equal(await store.deleteByIndex('all'), keys.length)
    t.strictSame(await values(other, ...keys), keys.map(() => undefined))
  })

  t.test('indexes are any text, and each is its own', async (t) => {
    const { store } = await open(t)
    const indexes = [...TEXTS, 'x'.repeat(100_000)]
    for (const index of indexes) t.equal(await store.deleteByIndex(index), 0)
    for (const index of indexes) await store.set(`under ${index}`, 'x', LONG, { indexes: [index] })
    for (const index of indexes) t.equal(await store.deleteByIndex(index), 1)
    await store.set('under all', 'x', LONG, { indexes })
    t.equal(await store.deleteByIndex('__proto__'), 1)
    for (const index of indexes) t.equal(await store.deleteByIndex(index), 0)
  })

  t.test('values come back to the letter', async (t) => {
    const { store, other } = await open(t)
    for (const value of [...TEXTS, LATIN, LATIN.repeat(4_096), '日'.repeat(350_000)]) {
      await store.set('set', value, LONG, { indexes: ['one', 'two'] })
      await store.add('added', value, LONG)
      const read = await values(other, 'set', 'added')
      t.ok(read.every((text) => text === value), `${value.length} characters`)
      t.equal(await other.extend('set', value, LONG), true, 'an owner is any text as well')
      t.equal(await other.extend('set', `${value} `, LONG), false)
      t.equal(await other.release('added', value), true)
    }
  })
}
