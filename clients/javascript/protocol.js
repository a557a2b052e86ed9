/**
 * The words of the wire contract: what frames look like, and what close codes mean.
 * Frames that the client does not know are ignored, so that older clients outlive newer servers.
 */

export const SUBPROTOCOL = "ihs.v1";

/** Why the server ended a socket. */
export const Close = Object.freeze({
  NOT_JSON: 4400,
  TOKEN_ENDED: 4401,
  NOT_A_MEMBER: 4403,
  SILENT: 4408,
  FRAME_TOO_LARGE: 4413,
  TOO_FAST: 4429,
  GOING_AWAY: 1012,
});

/** The largest frame that a server takes by default. */
export const FRAME_BYTES = 65_536;

/**
 * An entry of a room's log.
 * @typedef {object} Entry
 * @property {"message" | "edited" | "deleted" | "members"} type
 * @property {string} room
 * @property {number} seq
 * @property {string} id
 * @property {string} time
 * @property {string} [sender]
 * @property {string} [text]
 * @property {number} [target] the seq of the message that is edited or deleted
 * @property {boolean} [edited] of a message in a history: its text is not the first one
 * @property {boolean} [deleted] of a message in a history: its text is gone
 * @property {string} [by]
 * @property {string[]} [added]
 * @property {string[]} [removed]
 */

/**
 * A message as it now is.
 * @typedef {object} Message
 * @property {number} seq
 * @property {string} id
 * @property {string} time
 * @property {string} sender
 * @property {string} text empty once it is deleted
 * @property {boolean} edited
 * @property {boolean} deleted
 */

/**
 * The answer to a send, an edit or a deletion: the entry that it became.
 * @typedef {{ room: string, seq: number, id: string, time: string }} Ack
 */

/**
 * @typedef {object} Joined
 * @property {string} room
 * @property {number} seq the room's last entry
 * @property {number} unread
 * @property {string[]} online
 * @property {Record<string, number>} read
 * @property {boolean} [diverged]
 */

/**
 * @typedef {object} SyncedRoom
 * @property {string} room
 * @property {string} [name]
 * @property {string} [kind]
 * @property {number} seq
 * @property {number} unread
 * @property {Entry[]} newest
 * @property {boolean} [diverged] the log was set back: it follows from its first entry
 */

/**
 * @typedef {object} Notification
 * @property {string} id
 * @property {string} title
 * @property {string} text
 * @property {string} category
 * @property {string} time_created
 * @property {boolean} [viewed]
 */

/** @typedef {{ type: string, ref?: string | number, [field: string]: any }} Frame */
