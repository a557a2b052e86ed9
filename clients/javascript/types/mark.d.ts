/** How far this user has read in a room: told until the server knows. */
export class ReadMark {
    /**
     * @param {string} room
     * @param {() => import("./link.js").Link | undefined} link
     */
    constructor(room: string, link: () => import("./link.js").Link | undefined);
    seq: number;
    tell(): Promise<void>;
    #private;
}
