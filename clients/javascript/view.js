/**
 * @typedef {import("./protocol.js").Entry} Entry
 * @typedef {import("./protocol.js").Message} Message
 */

/**
 * The messages that a log amounts to. Entries are taken in once and in order; a history, which shows
 * messages as they now are, may be put before them.
 */
export class View {
  /** Ascending. @type {Message[]} */
  messages = [];
  /** The seq of the last entry that was taken in; nothing is known before the first. @type {number | undefined} */
  position = undefined;
  /** @type {string | undefined} */
  lastId = undefined;
  /** @type {Map<number, Message>} */
  #bySeq = new Map();

  /**
   * Starts behind an entry.
   * @param {number} position
   * @param {string} [lastId]
   */
  start(position, lastId) {
    this.position = position;
    this.lastId = lastId;
  }

  /**
   * Takes in the next entry. `undefined` when it was taken in before.
   * @param {Entry} entry
   * @returns {{ message?: Message } | undefined}
   */
  apply(entry) {
    if (this.position !== undefined && entry.seq <= this.position) return undefined;
    this.position = entry.seq;
    this.lastId = entry.id;
    if (entry.type === "message") {
      const message = asMessage(entry);
      this.messages.push(message);
      this.#bySeq.set(message.seq, message);
      return { message };
    }
    const message = this.#bySeq.get(entry.target ?? 0);
    if (message && !message.deleted) amend(message, entry);
    return { message };
  }

  /**
   * Puts messages before the first one, and says which were not here.
   * @param {Entry[]} entries
   */
  prepend(entries) {
    const added = entries.filter(({ seq }) => !this.#bySeq.has(seq)).map(asMessage);
    for (const message of added) this.#bySeq.set(message.seq, message);
    this.messages = [...added, ...this.messages].sort((one, other) => one.seq - other.seq);
    return added;
  }
}

/**
 * @param {Entry} entry
 * @returns {Message}
 */
function asMessage({ seq, id, time, sender = "", text = "", edited = false, deleted = false }) {
  return { seq, id, time, sender, text: deleted ? "" : text, edited, deleted };
}

/**
 * @param {Message} message
 * @param {Entry} entry
 */
function amend(message, entry) {
  if (entry.type === "edited") {
    message.text = entry.text ?? "";
    message.edited = true;
  } else if (entry.type === "deleted") {
    message.text = "";
    message.deleted = true;
  }
}
