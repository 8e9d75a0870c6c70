import t from 'tap'
import { ExpiryHeap } from '../../lib/store/expiry-heap.js'

interface Entry { readonly expiresAt: number, position: number }

/** A row of numbers that looks random and is the same in every run. */
function * numbers (): Generator<number, never> {
  for (let state = 1; ;) yield state = (state * 48_271) % 2_147_483_647
}

function drain (heap: ExpiryHeap<Entry>): number[] {
  const times: number[] = []
  for (let { first } = heap; first !== undefined; { first } = heap) {
    times.push(first.expiresAt)
    heap.remove(first)
  }
  return times
}

t.test('entries come out in the order they expire', async (t) => {
  const heap = new ExpiryHeap<Entry>()
  t.equal(heap.first, undefined)
  for (const expiresAt of [5, 1, 4, 1, 3, 9, 2, 6]) heap.add({ expiresAt, position: -1 })
  t.strictSame(drain(heap), [1, 1, 2, 3, 4, 5, 6, 9])
  t.equal(heap.first, undefined)
})

t.test('any entry can be removed, and the others keep their order', async (t) => {
  const random = numbers()
  for (let round = 0; round < 300; round++) {
    const heap = new ExpiryHeap<Entry>()
    const held: Entry[] = []
    for (let step = 0; step < 60; step++) {
      if (random.next().value % 3 > 0 || held.length === 0) {
        const entry = { expiresAt: random.next().value % 20, position: -1 }
        heap.add(entry)
        held.push(entry)
      } else {
        const [entry] = held.splice(random.next().value % held.length, 1)
        heap.remove(entry!)
      }
    }
    const expected = held.map(({ expiresAt }) => expiresAt).sort((one, other) => one - other)
    if (String(drain(heap)) !== String(expected)) t.fail(`round ${round}`)
  }
  t.pass('in 300 rounds of 60 steps')
})
