/** Everything a logger wrote. */
export interface CapturedLogs {
  /** For Fastify: `Fastify({ logger: { level: 'trace', stream: logs.stream } })`. */
  readonly stream: { write (text: string): void }
  /** One object a line, oldest first. Set `lines.length = 0` to forget. */
  readonly lines: Record<string, unknown>[]
  /** The very text that was written, for searching it for secrets. */
  text (): string
}

/** Captures what Fastify logs. */
export function captureLogs (): CapturedLogs {
  const written: string[] = []
  const lines: Record<string, unknown>[] = []
  return {
    stream: {
      write (text) {
        written.push(text)
        for (const line of text.split('\n')) {
          if (line !== '') lines.push(JSON.parse(line))
        }
      }
    },
    lines,
    text: () => written.join('')
  }
}
