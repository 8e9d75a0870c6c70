import type { FastifyReply } from 'fastify'

/** A promise that knows whether somebody waits for it. What is derived from it is a promise like any other. */
class Watched<Value> extends Promise<Value> {
  isWaitedFor = false

  static override get [Symbol.species] (): PromiseConstructor {
    return Promise
  }

  // `await`, `return` from an async function, and Fastify come here, for its constructor is not theirs.
  override then<Fulfilled = Value, Rejected = never> (onFulfilled?: ((value: Value) => Fulfilled | PromiseLike<Fulfilled>) | null, onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null): Promise<Fulfilled | Rejected> {
    this.isWaitedFor = true
    return super.then(onFulfilled, onRejected)
  }
}

/**
 * The answer a decorator of ours gives later. Where that fails and nobody waits for it, for a handler forgot to return
 * it, the error is the answer: the request does not hang, and no rejection that nobody handles ends the process. Who
 * waits has the error, and answers.
 */
export function waitedFor (reply: FastifyReply, step: Promise<FastifyReply>): Promise<FastifyReply> {
  const answer = new Watched<FastifyReply>((resolve, reject) => { step.then(resolve, reject) })
  const wasSent = watchSend(reply)
  // By the method of all promises: this is nobody who answers.
  Promise.prototype.then.call(answer, undefined, (error: unknown) => {
    // Who returns it from an async function waits from a later microtask on.
    setImmediate(() => {
      if (answer.isWaitedFor) return
      if (wasSent() || reply.sent) reply.log.error({ err: error }, 'a login or logout failed after the request was answered: return reply.login()')
      else reply.send(error)
    })
  })
  return answer
}

/** `reply.sent` says it when the answer has left; hooks may still be at work on it, and a second one would get in their way. */
function watchSend (reply: FastifyReply): () => boolean {
  const { send } = reply
  let wasSent = false
  reply.send = (payload) => {
    wasSent = true
    return send.call(reply, payload)
  }
  return () => wasSent
}
