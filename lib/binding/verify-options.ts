import { expected, plainObject, refuseUnknownKeys } from '../configuration.js'
import { thumbprintFrom } from './mtls.js'
import { normalUri } from './target-uri.js'

/** A proof as it came, and what it must have been made for. */
export interface SentProof {
  readonly jwt: string
  readonly method: string
  /** In its normal spelling; undefined: no proof can be for it. */
  readonly uri: string | undefined
}

/** What came beside a token, checked. */
export interface CheckedVerifyOptions {
  readonly proof: SentProof | undefined
  /** Its thumbprint. */
  readonly certificate: string | undefined
  readonly ignoresBinding: boolean
}

const PATH = 'gatehouse.verify()'

/** @throws TypeError naming the path: whoever calls wrote it, no client of theirs */
export function readVerifyOptions (options: unknown): CheckedVerifyOptions {
  const { proof, certificate, dangerouslyIgnoreBinding = false, ...rest } = plainObject(PATH, options, 'pass { proof, certificate } or nothing')
  refuseUnknownKeys(PATH, rest, ['proof', 'certificate', 'dangerouslyIgnoreBinding'])
  if (typeof dangerouslyIgnoreBinding !== 'boolean') throw expected(`${PATH}: dangerouslyIgnoreBinding`, 'true or false', dangerouslyIgnoreBinding)
  return {
    proof: proof === undefined ? undefined : readProof(`${PATH}: proof`, proof),
    certificate: certificate === undefined ? undefined : readCertificate(`${PATH}: certificate`, certificate),
    ignoresBinding: dangerouslyIgnoreBinding
  }
}

function readProof (path: string, value: unknown): SentProof {
  const { jwt, method, url, ...rest } = plainObject(path, value, 'pass { jwt, method, url }: the proof alone does not say what it should have been made for')
  refuseUnknownKeys(path, rest, ['jwt', 'method', 'url'])
  // Not shown: it may be a token in the wrong place.
  if (typeof jwt !== 'string') throw new TypeError(`${path}.jwt: expected the proof, a text, got a value of type ${typeof jwt}`)
  if (typeof method !== 'string' || method === '') throw expected(`${path}.method`, 'the method the client used', method)
  if (typeof url !== 'string' || !/^https?:\/\//i.test(url)) throw expected(`${path}.url`, 'the http URL the client asked for, with its origin', url)
  return { jwt, method, uri: normalUri(url) }
}

function readCertificate (path: string, value: unknown): string {
  const thumbprint = typeof value === 'string' || value instanceof Uint8Array ? thumbprintFrom(value) : undefined
  if (thumbprint !== undefined) return thumbprint
  throw new TypeError(`${path}: expected an X.509 certificate, as PEM or DER`)
}
