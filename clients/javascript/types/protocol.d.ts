/**
 * The words of the wire contract: what frames look like, and what close codes mean.
 * Frames that the client does not know are ignored, so that older clients outlive newer servers.
 */
export const SUBPROTOCOL: "ihs.v1";
/** Why the server ended a socket. */
export const Close: Readonly<{
    NOT_JSON: 4400;
    TOKEN_ENDED: 4401;
    NOT_A_MEMBER: 4403;
    SILENT: 4408;
    FRAME_TOO_LARGE: 4413;
    TOO_FAST: 4429;
    GOING_AWAY: 1012;
}>;
/** The largest frame that a server takes by default. */
export const FRAME_BYTES: 65536;
/**
 * An entry of a room's log.
 */
export type Entry = {
    type: "message" | "edited" | "deleted" | "members";
    room: string;
    seq: number;
    id: string;
    time: string;
    sender?: string | undefined;
    text?: string | undefined;
    /**
     * the seq of the message that is edited or deleted
     */
    target?: number | undefined;
    /**
     * of a message in a history: its text is not the first one
     */
    edited?: boolean | undefined;
    /**
     * of a message in a history: its text is gone
     */
    deleted?: boolean | undefined;
    by?: string | undefined;
    added?: string[] | undefined;
    removed?: string[] | undefined;
};
/**
 * A message as it now is.
 */
export type Message = {
    seq: number;
    id: string;
    time: string;
    sender: string;
    /**
     * empty once it is deleted
     */
    text: string;
    edited: boolean;
    deleted: boolean;
};
/**
 * The answer to a send, an edit or a deletion: the entry that it became.
 */
export type Ack = {
    room: string;
    seq: number;
    id: string;
    time: string;
};
export type Joined = {
    room: string;
    /**
     * the room's last entry
     */
    seq: number;
    unread: number;
    online: string[];
    read: Record<string, number>;
    diverged?: boolean | undefined;
};
export type SyncedRoom = {
    room: string;
    name?: string | undefined;
    kind?: string | undefined;
    seq: number;
    unread: number;
    newest: Entry[];
    /**
     * the log was set back: it follows from its first entry
     */
    diverged?: boolean | undefined;
};
export type Notification = {
    id: string;
    title: string;
    text: string;
    category: string;
    time_created: string;
    viewed?: boolean | undefined;
};
export type Frame = {
    type: string;
    ref?: string | number;
    [field: string]: any;
};
