import { AGE } from '../pauses.js'
import type { Check } from '../rows.js'
import type { VirtualTime } from '../virtual-time.js'
import { poisonedSet, removedKey, replacedGuess, replacedSet } from './key-changes.js'
import { longOutage } from './long-outage.js'
import { absentDocuments, discoveryAway, retryAfter } from './retry-after.js'
import { firstRequests, forgedAtOnce, forgedOverTime } from './unknown-keys.js'

/** Each under the name `--only` knows it by. */
export const numbers: ReadonlyArray<{ title: string, run (time: VirtualTime): Promise<Check> }> = [
  { title: 'first requests', run: firstRequests },
  { title: 'forged at one moment', run: forgedAtOnce },
  { title: 'forged over time', run: forgedOverTime },
  { title: 'long outage', run: longOutage },
  { title: 'removed key', run: (time) => removedKey(time, {}, AGE) },
  { title: 'removed key, max-age=60', run: (time) => removedKey(time, { 'cache-control': 'max-age=60' }, 60) },
  { title: 'poisoned set, same key id', run: poisonedSet },
  { title: 'poisoned set, another key id', run: replacedSet },
  { title: 'replaced key, neither has an id', run: () => replacedGuess('nobody') },
  { title: 'replaced key, tokens have an id', run: () => replacedGuess('tokens') },
  { title: 'replaced key, keys have an id', run: () => replacedGuess('keys') },
  { title: 'Retry-After on 429', run: (time) => retryAfter(time, 'status-429', 120, 120) },
  { title: 'Retry-After on 503', run: (time) => retryAfter(time, 'status-503', 120, 120) },
  { title: 'Retry-After of a day', run: (time) => retryAfter(time, 'status-429', 86_400, 600) },
  { title: 'Retry-After on discovery alone', run: discoveryAway },
  { title: 'Retry-After on 404', run: absentDocuments }
]
