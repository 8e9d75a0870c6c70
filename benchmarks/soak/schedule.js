// What happens when, in milliseconds since the start of the run.

/** A new key signs so often. */
export const rotation = 20_000
/** A key is in the key set so long before it signs: longer than the plugin's pause between two fetches, and shorter, in turn. */
const ahead = [40_000, 10_000]
/** And so long after it signed its last token. */
const after = 40_000
/** Tokens of a key that left the set are still sent for so long. */
const afterlife = 130_000

/** An outage begins in this part of its minute. */
export const outageWindow = { from: 10_000, until: 40_000 }
export const outageLength = 15_000
export const modes = ['refused', 'hang', '500']

/** When a key comes into the key set and leaves it. Keys are numbered from 0. */
export function lifeOf (index) {
  const signsFrom = index * rotation
  const publishedFrom = index === 0 ? -Infinity : signsFrom - ahead[index % 2]
  return { publishedFrom, removedAt: signsFrom + rotation + after }
}

export const signingKey = (now) => Math.max(0, Math.floor(now / rotation))

/** Every key that was published until now and whose tokens may still be sent. */
export function keysInUse (now) {
  const latest = signingKey(now + Math.max(...ahead))
  const oldest = Math.max(0, signingKey(now - rotation - after - afterlife))
  return Array.from({ length: latest - oldest + 1 }, (_, i) => oldest + i).filter((index) => now >= lifeOf(index).publishedFrom)
}

/** The keys in the key set. */
export function publishedKeys (now) {
  return keysInUse(now).filter((index) => now < lifeOf(index).removedAt)
}

/**
 * The outage of that minute of the run: `mode`, and `wait`, the time after the last delivered key set at which it
 * begins. The plugin fetches 30 s after a key set at the latest, so each outage meets a fetch, early or late in it.
 */
export function outageOf (minute) {
  return { mode: modes[minute % modes.length], wait: 18_000 + (minute * 4_000) % 11_000 }
}
