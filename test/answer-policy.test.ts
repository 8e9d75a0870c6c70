import t from 'tap'
import { answerPolicy } from '../lib/answer-policy.js'
import { mistake } from './support/mistake.js'

const DEFAULTS = { ttl: 30_000, negativeTtl: 10_000, max: 10_000, perSecond: 100, burst: 1_000 }

t.test('what is not said has its default', async (t) => {
  for (const [cache, budget] of [[undefined, undefined], [{}, {}], [{ ttl: undefined, negativeTtl: undefined, max: undefined }, { perSecond: undefined, burst: undefined }]]) {
    const policy = answerPolicy('test()', cache, budget)
    t.strictSame({ ...policy }, DEFAULTS)
    t.ok(Object.isFrozen(policy))
  }
})

t.test('seconds become milliseconds, and the bounds of a number are part of it', async (t) => {
  t.strictSame({ ...answerPolicy('test()', { ttl: 0, negativeTtl: 0, max: 1 }, { perSecond: 0.1, burst: 1 }) }, { ttl: 0, negativeTtl: 0, max: 1, perSecond: 0.1, burst: 1 })
  t.strictSame({ ...answerPolicy('test()', { ttl: 3600, negativeTtl: 3600, max: 1_000_000 }, { perSecond: 1_000_000, burst: 1_000_000 }) },
    { ttl: 3_600_000, negativeTtl: 3_600_000, max: 1_000_000, perSecond: 1_000_000, burst: 1_000_000 })
  t.equal(answerPolicy('test()', { ttl: 1.5 }).ttl, 1_500)
})

t.test('a wrong value is refused with its path, never repaired', async (t) => {
  for (const [cache, budget, sentence] of [
    [null, {}, '.cache: expected an object, got null'],
    [false, {}, '.cache: expected an object, got false'],
    [[], {}, '.cache: expected an object, got []'],
    [{ TTL: 1 }, {}, '.cache: unknown key "TTL"; did you mean "ttl"?'],
    [{ negative_ttl: 1 }, {}, '.cache: unknown key "negative_ttl"; did you mean "negativeTtl"?'],
    [{ size: 1 }, {}, '.cache: unknown key "size"; known are ttl, negativeTtl, max'],
    [{ ttl: -1 }, {}, '.cache.ttl: expected 0 to 3600 seconds, got -1'],
    [{ ttl: 3601 }, {}, '.cache.ttl: expected 0 to 3600 seconds, got 3601'],
    [{ ttl: NaN }, {}, '.cache.ttl: expected 0 to 3600 seconds, got NaN'],
    [{ ttl: '30' }, {}, ".cache.ttl: expected 0 to 3600 seconds, got '30'"],
    [{ ttl: null }, {}, '.cache.ttl: expected 0 to 3600 seconds, got null'],
    [{ negativeTtl: Infinity }, {}, '.cache.negativeTtl: expected 0 to 3600 seconds, got Infinity'],
    [{ max: 0 }, {}, '.cache.max: expected 1 to 1000000 answers, got 0'],
    [{ max: 1.5 }, {}, '.cache.max: expected a whole number, got 1.5'],
    [{ max: Infinity }, {}, '.cache.max: expected 1 to 1000000 answers, got Infinity'],
    [{}, null, '.budget: expected an object, got null'],
    [{}, { per_second: 1 }, '.budget: unknown key "per_second"; did you mean "perSecond"?'],
    [{}, { rate: 1 }, '.budget: unknown key "rate"; known are perSecond, burst'],
    [{}, { perSecond: 0 }, '.budget.perSecond: expected 0.1 to 1000000 calls, got 0'],
    [{}, { perSecond: Infinity }, '.budget.perSecond: expected 0.1 to 1000000 calls, got Infinity'],
    [{}, { burst: 0 }, '.budget.burst: expected 1 to 1000000 calls, got 0'],
    [{}, { burst: 2.5 }, '.budget.burst: expected a whole number, got 2.5']
  ] as const) t.equal(mistake(() => answerPolicy('test()', cache, budget)), `test()${sentence}`)
})
