/** An answer as it came over the wire. */
export interface WireResponse {
  /** 401 */
  readonly statusCode: number
  /** `Unauthorized` */
  readonly statusMessage: string
  /** Names in lower case; a name that came more than once has an array, in order of arrival. */
  readonly headers: Readonly<Record<string, string | string[]>>
  /** The body as UTF-8, without its transfer coding. */
  readonly body: string
}

/**
 * The first final answer in these bytes (1xx are skipped), `undefined` while it is incomplete.
 * Once the connection is closed, a body ends where the bytes end.
 */
export function parseResponse (bytes: Buffer, isClosed: boolean): WireResponse | undefined {
  const end = bytes.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const [statusLine = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n')
  const [, code = '0', ...reason] = statusLine.split(' ')
  const statusCode = Number(code)
  const rest = bytes.subarray(end + 4)
  if (statusCode < 200) return parseResponse(rest, isClosed)
  const headers = parseHeaders(lines)
  const body = bodyOf(statusCode, headers, rest, isClosed)
  return body === undefined ? undefined : { statusCode, statusMessage: reason.join(' '), headers, body: body.toString() }
}

function parseHeaders (lines: string[]): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {}
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    const value = line.slice(colon + 1).trim()
    const earlier = headers[name]
    headers[name] = earlier === undefined ? value : [earlier, value].flat()
  }
  return headers
}

function bodyOf (statusCode: number, headers: WireResponse['headers'], rest: Buffer, isClosed: boolean): Buffer | undefined {
  if (statusCode === 204 || statusCode === 304) return Buffer.alloc(0)
  if (headers['transfer-encoding'] === 'chunked') return unchunk(rest) ?? (isClosed ? rest : undefined)
  const length = Number(headers['content-length'] ?? Infinity)
  if (rest.length >= length) return rest.subarray(0, length)
  return isClosed ? rest : undefined
}

function unchunk (bytes: Buffer): Buffer | undefined {
  const chunks: Buffer[] = []
  for (let at = 0; ;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd === -1) return undefined
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16)
    if (size === 0) return Buffer.concat(chunks)
    const start = lineEnd + 2
    if (bytes.length < start + size + 2) return undefined
    chunks.push(bytes.subarray(start, start + size))
    at = start + size + 2
  }
}
