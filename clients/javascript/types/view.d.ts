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
    messages: Message[];
    /** The seq of the last entry that was taken in; nothing is known before the first. @type {number | undefined} */
    position: number | undefined;
    /** @type {string | undefined} */
    lastId: string | undefined;
    /**
     * Starts behind an entry.
     * @param {number} position
     * @param {string} [lastId]
     */
    start(position: number, lastId?: string): void;
    /**
     * Takes in the next entry. `undefined` when it was taken in before.
     * @param {Entry} entry
     * @returns {{ message?: Message } | undefined}
     */
    apply(entry: Entry): {
        message?: Message;
    } | undefined;
    /**
     * Puts messages before the first one, and says which were not here.
     * @param {Entry[]} entries
     */
    prepend(entries: Entry[]): import("./protocol.js").Message[];
    #private;
}
export type Entry = import("./protocol.js").Entry;
export type Message = import("./protocol.js").Message;
