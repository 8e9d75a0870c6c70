import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'

/** Nonces of a registration. */
export interface Nonces {
  /** The one to hand out. @param now milliseconds since the epoch */
  current (now: number): string
  /** Whether a proof may carry it; `old` ones will not do for long. */
  judge (nonce: string, now: number): 'current' | 'old' | 'unknown'
}

/**
 * Nonces derived from a secret and the time: nothing is stored, and every process that has the secret agrees. The one of
 * the last step and, for clocks that differ, of the next are good as well.
 *
 * @param secrets the first makes nonces, all are accepted
 * @param lifetime milliseconds of a step
 * @see RFC 9449 section 8
 */
export function createNonces (secrets: readonly string[], lifetime: number): Nonces {
  const keys = secrets.map((secret) => Buffer.from(hkdfSync('sha256', secret, '', 'fastify-gatehouse DPoP nonce', 32)))
  const stepAt = (now: number) => Math.floor(now / lifetime)
  const made = (key: Buffer, step: number) => createHmac('sha256', key).update(String(step)).digest('base64url')

  return {
    current: (now) => made(keys[0]!, stepAt(now)),
    judge (nonce, now) {
      const step = stepAt(now)
      if (isEqual(nonce, made(keys[0]!, step))) return 'current'
      const others = keys.flatMap((key) => [step, step - 1, step + 1].map((other) => made(key, other)))
      return others.some((other) => isEqual(nonce, other)) ? 'old' : 'unknown'
    }
  }
}

function isEqual (one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one, 'latin1'), Buffer.from(other, 'latin1'))
}
