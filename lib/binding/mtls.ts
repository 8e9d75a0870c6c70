import { X509Certificate, hash } from 'node:crypto'
import { TLSSocket } from 'node:tls'
import type { Socket } from 'node:net'
import type { FastifyRequest } from 'fastify'
import type { CertificateSource } from './certificate-options.js'

/** Why there is no certificate to compare with. */
export interface NoCertificate {
  readonly why: string
}

/** Finds the thumbprint of the certificate a request's sender showed. */
export type CertificateThumbprint = (request: FastifyRequest) => string | NoCertificate

/** Characters of a certificate in a header. */
const LONGEST = 16_384

/**
 * Thumbprints of client certificates. The TLS handshake proved that the sender has the private key; who signed the
 * certificate is not asked here: the issuer of the token vouched for it.
 *
 * @see RFC 8705 section 3, RFC 9440
 */
export function createCertificateThumbprint (source: CertificateSource): CertificateThumbprint {
  const known = new WeakMap<Socket, string>()

  function ofConnection ({ raw: { socket } }: FastifyRequest): string | NoCertificate {
    const seen = known.get(socket)
    if (seen !== undefined) return seen
    if (!(socket instanceof TLSSocket)) return { why: 'the connection is not TLS: where a proxy ends it, name its header with clientCertificate' }
    const certificate = socket.getPeerX509Certificate()
    if (certificate === undefined) return { why: 'the client showed no certificate: the server asks for one with https: { requestCert: true, rejectUnauthorized: false }' }
    const thumbprint = thumbprintOf(certificate)
    known.set(socket, thumbprint)
    return thumbprint
  }

  if (source.from === 'tls') return ofConnection
  return function ofHeader ({ raw }) {
    const { header, format, trusts } = source
    if (!trusts(raw.socket.remoteAddress)) return { why: `the connection comes from none of trustedProxies, so ${header} is not believed` }
    const values = raw.rawHeaders.filter((_, index) => index % 2 === 1 && raw.rawHeaders[index - 1]!.toLowerCase() === header)
    if (values.length !== 1) return { why: values.length === 0 ? `no header ${header}` : `the header ${header} came ${values.length} times` }
    return thumbprintIn(values[0]!, format) ?? { why: `the header ${header} holds no certificate in the format ${format}` }
  }
}

/** The thumbprint of a certificate given as PEM or DER; undefined for what is none. */
export function thumbprintFrom (certificate: string | Uint8Array): string | undefined {
  try {
    return thumbprintOf(new X509Certificate(certificate))
  } catch {
    return undefined
  }
}

function thumbprintOf ({ raw }: X509Certificate): string {
  return hash('sha256', raw, 'base64url')
}

function thumbprintIn (value: string, format: (CertificateSource & { from: 'header' })['format']): string | undefined {
  if (value.length > LONGEST) return undefined
  if (format === 'pem') return ofPem(value)
  return format === 'xfcc' ? ofForwarded(value) : ofByteSequence(value)
}

/**
 * RFC 9440 section 2.1: a byte sequence of RFC 9651 section 3.3.5. Parameters, which mean nothing here, may follow it, but no
 * comma: it would stand between two headers that somebody made one of.
 */
function ofByteSequence (value: string): string | undefined {
  const [, base64] = /^\s*:([A-Za-z0-9+/]+={0,2}):\s*(?:;[^,]*)?$/.exec(value) ?? []
  return base64 === undefined ? undefined : thumbprintFrom(Buffer.from(base64, 'base64'))
}

/**
 * A PEM as proxies write it into one line: percent-encoded, with spaces where lines ended, or its base64 alone. Of a chain
 * the first is the client's.
 */
function ofPem (value: string): string | undefined {
  const [, base64] = /^(?:-----BEGIN CERTIFICATE-----)?([A-Za-z0-9+/=\s]+)(?:-----END CERTIFICATE-----|,|$)/.exec(decoded(value).trim()) ?? []
  return base64 === undefined ? undefined : thumbprintFrom(Buffer.from(base64, 'base64'))
}

function decoded (value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return ''
  }
}

/**
 * Envoy's elements are separated by commas, their pairs by semicolons, values may be quoted. Each proxy adds an element
 * behind the others, so the last is what the trusted one says.
 */
function ofForwarded (value: string): string | undefined {
  const [last] = partsFromEnd(value, ',')
  const [certificate, another] = Array.from(partsFromEnd(last!, ';'), (pair) => pair.trim()).filter((pair) => /^cert=/i.test(pair))
  return certificate === undefined || another !== undefined ? undefined : ofPem(certificate.slice('cert='.length).replaceAll('"', ''))
}

/**
 * What stands between separators outside quotes, the last first. It is read from its end, which the trusted proxy wrote:
 * a quote that a client left open before it must not turn its inside out.
 */
function * partsFromEnd (text: string, separator: string): Generator<string> {
  let isQuoted = false
  let end = text.length
  for (let at = end - 1; at >= 0; at--) {
    if (text[at] === '"' && !isEscaped(text, at)) isQuoted = !isQuoted
    else if (text[at] === separator && !isQuoted) {
      yield text.slice(at + 1, end)
      end = at
    }
  }
  yield text.slice(0, end)
}

function isEscaped (text: string, at: number): boolean {
  let first = at
  while (text[first - 1] === '\\') first--
  return (at - first) % 2 === 1
}
