import { randomBytes } from 'node:crypto'
import type { SessionRecord } from '../../types/session.js'
import { plainObject, refuseUnknownKeys } from '../configuration.js'
import { jsonMembersOf } from './json.js'

/** What a login says; the rest of a record is ours. */
export type Login = Omit<SessionRecord, 'id' | 'startedAt' | 'touchedAt' | 'outlived' | 'data'> & Partial<Pick<SessionRecord, 'data'>>

type Read = (path: string, value: unknown) => unknown

/** 43 characters of base64url; the last carries no stray bits. */
const ID = /^[\w-]{42}[AEIMQUYcgkosw048]$/
/** Seconds since the epoch: in milliseconds it would be the year 1973. */
const LATEST = 1e11
const MOST_MARKS = 2

/** Every member in the order it is written, and how it is read. */
const MEMBERS: Readonly<Record<keyof SessionRecord, Read>> = {
  id: (path, value) => checked(path, value, typeof value === 'string' && isSessionId(value)),
  provider: text,
  issuer: text,
  clientId: text,
  subject: text,
  sid: optional(text),
  startedAt: time,
  touchedAt: time,
  ceiling: optional(time),
  outlived: optional((path, value) => Object.freeze(texts(path, value))),
  idToken: text,
  accessToken: optional(text),
  accessTokenSince: optional(time),
  accessTokenExpiresAt: optional(time),
  refreshToken: optional(text),
  scope: optional((path, value) => checked(path, value, typeof value === 'string')),
  user: jsonMembersOf,
  data: jsonMembersOf
}
const NAMES = Object.keys(MEMBERS)

/** An id nobody can guess. */
export function newSessionId (): string {
  return randomBytes(32).toString('base64url')
}

/** Whether a text could be the id of a session. */
export function isSessionId (text: string): boolean {
  return ID.test(text)
}

/**
 * The record of a session that begins now.
 *
 * @throws TypeError naming the member that is not of its form, never its value
 */
export function newRecord (login: Login): SessionRecord {
  const now = Date.now() / 1000
  return recordOf({ data: {}, ...login, id: newSessionId(), startedAt: now, touchedAt: now })
}

/**
 * A deeply frozen copy of what is exactly a record: its members, each of its form, no others.
 *
 * @throws TypeError naming the member that is not, never its value
 */
export function recordOf (value: unknown): SessionRecord {
  const given = plainObject('session', value)
  refuseUnknownKeys('session', given, NAMES)
  const record = Object.fromEntries(Object.entries(MEMBERS).flatMap(([name, read]) => {
    const member = read(`session.${name}`, given[name])
    return member === undefined ? [] : [[name, member]]
  }))
  // Sound: every member was read as MEMBERS says, and there are no others.
  return Object.freeze(record) as Readonly<Record<string, unknown>> & SessionRecord
}

/** A record as JSON. Only what `recordOf` gave may be written. */
export function writeRecord (record: SessionRecord): string {
  return JSON.stringify(record)
}

/** The record a text says, to the letter as `writeRecord` wrote it; undefined for every other text. */
export function readRecord (text: string): SessionRecord | undefined {
  try {
    const record = recordOf(JSON.parse(text))
    // Another spelling is another's work: members twice, blanks, members in another order.
    return writeRecord(record) === text ? record : undefined
  } catch {
    return undefined
  }
}

function optional (read: Read): Read {
  return (path, value) => value === undefined ? undefined : read(path, value)
}

function text (path: string, value: unknown): unknown {
  return checked(path, value, typeof value === 'string' && value !== '')
}

function time (path: string, value: unknown): unknown {
  return checked(path, value, typeof value === 'number' && value > 0 && value < LATEST)
}

function texts (path: string, value: unknown): unknown[] {
  if (!Array.isArray(value) || value.length > MOST_MARKS) throw malformed(path)
  return Array.from(value, (item: unknown) => text(path, item))
}

function checked (path: string, value: unknown, isOfItsForm: boolean): unknown {
  if (!isOfItsForm) throw malformed(path)
  return value
}

/** What was found may be a token. */
function malformed (path: string): TypeError {
  return new TypeError(`${path}: not of its form`)
}
