/**
 * Somebody who acts for the subject of a token, as a verified `act` claim names them.
 *
 * @see RFC 8693 section 4.1
 */
export interface Actor {
  /** The `sub` of the actor. With several issuers only `issuer` and `subject` together say who it is. */
  readonly subject: string
  /** The `iss` of the actor, if it is named. */
  readonly issuer?: string | undefined
  /** The `client_id` of the actor, if it is named. */
  readonly clientId?: string | undefined
  /** All that is said of the actor, deeply frozen; earlier actors stand in its `act`. */
  readonly claims: Readonly<Record<string, unknown>>
}
