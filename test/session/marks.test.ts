import t from 'tap'
import { LocalMarks, localMarksOf } from '../../lib/session/local-marks.js'
import { Marks } from '../../lib/session/marks.js'
import { newRecord } from '../../lib/session/record.js'
import { memoryStore } from '../../lib/store/memory.js'
import type { SessionRecord } from '../../types/session.js'
import { fakeClock } from '../support/clock.js'
import { ISSUER, KEEPERS, logIn, loginOf, newBrowser, watched, whoIs } from '../support/session-stage.js'

const ABSOLUTE = 86_400
const recordOf = (subject: string, sid?: string) => newRecord(loginOf({ subject, sid }))
const whoKnows = async (marks: Marks, record: SessionRecord): Promise<SessionRecord> => ({ ...record, outlived: await marks.knownTo(record) })

for (const [title, singleProcess] of [['in this process', false], ['in a shared store', true]] as const) {
  const open = () => new Marks(memoryStore({ singleProcess }), ABSOLUTE)

  t.test(`${title} a logout of one session ends that session`, async (t) => {
    const marks = open()
    const [one, two] = [recordOf('ada'), recordOf('ada')]
    t.equal(await marks.isEnded(one), false)
    await marks.end(one)
    t.equal(await marks.isEnded(one), true)
    t.equal(await marks.isEnded(two), false)
    t.equal(marks.endTogether(one, two), false)
  })

  t.test(`${title} a logout of a session at the provider ends what began in it`, async (t) => {
    const marks = open()
    const [one, two, other] = [recordOf('ada', 'a'), recordOf('ada', 'a'), recordOf('ada', 'b')]
    t.equal(marks.endTogether(one, two), true)
    await marks.endBySid({ issuer: ISSUER, sid: 'a' })
    t.strictSame(await Promise.all([one, two, other].map((record) => marks.isEnded(record))), [true, true, false])
    await marks.end(other)
    t.equal(await marks.isEnded(other), true)
  })

  t.test(`${title} a logout of a person ends every session of theirs, of this issuer`, async (t) => {
    const marks = open()
    const records = [recordOf('ada'), recordOf('ada', 'a'), recordOf('eve'), { ...recordOf('ada'), issuer: 'https://other.example' }]
    await marks.endBySubject({ issuer: ISSUER, subject: 'ada' })
    t.strictSame(await Promise.all(records.map((record) => marks.isEnded(record))), [true, true, false, false])
  })

  t.test(`${title} names of several kinds are not mistaken for each other`, async (t) => {
    const marks = open()
    await marks.endBySid({ issuer: ISSUER, sid: 'ada' })
    await marks.endBySubject({ issuer: ISSUER, subject: 'a' })
    t.equal(await marks.isEnded(recordOf('ada', 'a')), false)
  })

  t.test(`${title} whoever logs in after a logout stays logged in, whatever the clocks say`, async (t) => {
    const marks = open()
    const before = recordOf('ada', 'a')
    await marks.end(before)
    await marks.endBySubject({ issuer: ISSUER, subject: 'ada' })
    const after = await whoKnows(marks, { ...recordOf('ada', 'a'), startedAt: before.startedAt - 50 })
    t.equal(after.outlived?.length, 2)
    t.equal(await marks.isEnded(after), false)
    t.equal(await marks.isEnded(before), true)
    await marks.endBySid({ issuer: ISSUER, sid: 'a' })
    t.equal(await marks.isEnded(after), true, 'the next logout ends it')
  })

  t.test(`${title} a mark outlasts every session it ends, and no longer`, async (t) => {
    const clock = fakeClock(t)
    const marks = open()
    const record = recordOf('ada')
    await marks.end(record)
    clock.advance((ABSOLUTE + 59) * 1_000)
    t.equal(await marks.isEnded(record), true)
    clock.advance(2_000)
    t.equal(await marks.isEnded(record), false)
  })
}

t.test('without a shared store no promise is made', async (t) => {
  const marks = new Marks(memoryStore(), ABSOLUTE)
  t.equal(marks.isEnded(recordOf('ada')), false)
})

t.test('with a shared store both marks are asked for at once', async (t) => {
  const store = watched(memoryStore({ singleProcess: true }))
  const marks = new Marks(store, ABSOLUTE)
  const asked = marks.isEnded(recordOf('ada', 'a'))
  t.strictSame(store.calls, ['get', 'get'])
  t.equal(await asked, false)
  t.strictSame(store.calls, ['get', 'get'])
})

t.test('where the store is away nobody knows, and a logout is not acknowledged', async (t) => {
  const store = watched(memoryStore({ singleProcess: true }))
  const marks = new Marks(store, ABSOLUTE)
  const record = recordOf('ada')
  store.away = 'all'
  const unavailable = { name: 'StoreUnavailableError' }
  await Promise.all([
    marks.isEnded(record), marks.knownTo(record), marks.end(record), marks.endBySid({ issuer: ISSUER, sid: 'a' }), marks.endBySubject({ issuer: ISSUER, subject: 'ada' })
  ].map((call) => t.rejects(Promise.resolve<unknown>(call), unavailable)))
})

t.test('marks beside one store are the same for all who ask, and of another store others', async (t) => {
  const store = memoryStore()
  const record = recordOf('ada')
  await new Marks(store, ABSOLUTE).end(record)
  t.equal(new Marks(store, ABSOLUTE).isEnded(record), true)
  t.equal(new Marks(memoryStore(), ABSOLUTE).isEnded(record), false)
  t.equal(localMarksOf(store), localMarksOf(store))
})

t.test('in memory no live mark is dropped; where there is no room none is written', async (t) => {
  const clock = fakeClock(t)
  const marks = new LocalMarks(2)
  marks.set('a', '1', 1_000)
  marks.set('b', '1', 2_000)
  t.throws(() => { marks.set('c', '1', 1_000) }, { name: 'StoreUnavailableError', reason: 'full' })
  marks.set('a', '2', 3_000)
  t.strictSame(['a', 'b', 'c'].map((key) => marks.get(key)), ['2', '1', undefined])
  clock.advance(2_000)
  t.equal(marks.get('b'), undefined)
  marks.set('c', '1', 1_000)
  t.equal(marks.size, 2)
  clock.advance(10_000)
  marks.set('d', '1', 1_000)
  t.equal(marks.size, 1, 'the expired are cleared')
})

t.test('each write clears some of the expired, not all at once', async (t) => {
  const clock = fakeClock(t)
  const marks = new LocalMarks()
  for (let index = 0; index < 40; index++) marks.set(String(index), 'x', 1_000)
  clock.advance(1_000)
  marks.set('new', 'x', 1_000)
  t.equal(marks.size, 25)
})

t.test('as many logouts are remembered as the store in memory holds entries', async (t) => {
  const store = memoryStore({ max: 2 })
  const marks = new Marks(store, ABSOLUTE)
  for (const subject of ['ada', 'eve', 'ada']) await marks.endBySubject({ issuer: ISSUER, subject })
  await t.rejects(marks.endBySubject({ issuer: ISSUER, subject: 'bob' }), { name: 'StoreUnavailableError', reason: 'full', message: /: 2 are remembered in memory; raise memoryStore\(\{ max \}\) or use redisStore\(\)/ })
  const own = localMarksOf(watched(memoryStore({ max: 2 })))
  for (const key of ['a', 'b', 'c']) own.set(key, 'mark', 1_000)
  t.equal(own.size, 3, "of an app's own store nobody knows how much it holds")
})

t.test('a mark that is none of ours ends nothing, and stands in no session', async (t) => {
  for (const mark of ['', 'x', 'x'.repeat(20_000), `${'A'.repeat(22)}\n`]) {
    const store = watched(memoryStore({ singleProcess: true }))
    store.get = async () => mark
    const keeper = KEEPERS.cookie(store)
    const browser = newBrowser()
    const { record } = await logIn(keeper, browser)
    t.equal(record.outlived, undefined)
    t.equal(await whoIs(keeper, browser.header()), 'ada')
  }
})
