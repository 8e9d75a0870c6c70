/** Reads raw HTTP answers from one connection. */
export class AnswerReader {
  #text = ''

  /** Takes what arrived and tells how many answers it completed. Throws at one whose status is another. */
  take (chunk, status) {
    this.#text += chunk.latin1Slice()
    let at = 0
    let complete = 0
    for (let end; (end = endOfAnswer(this.#text, at)) !== -1; at = end) {
      if (!this.#text.startsWith(`HTTP/1.1 ${status} `, at)) throw new Error(`expected status ${status}, got:\n${this.#text.slice(at, end)}`)
      complete++
    }
    this.#text = this.#text.slice(at)
    return complete
  }
}

// Where the answer that begins at `at` ends; -1: it is not all there. Every server here sends a Content-Length.
function endOfAnswer (text, at) {
  const end = text.indexOf('\r\n\r\n', at)
  if (end === -1) return -1
  const length = /\ncontent-length: (\d+)/i.exec(text.slice(at, end))?.[1]
  if (length === undefined) throw new Error(`an answer without Content-Length:\n${text.slice(at, end)}`)
  const whole = end + 4 + Number(length)
  return whole <= text.length ? whole : -1
}
