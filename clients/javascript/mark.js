/** How far this user has read in a room: told until the server knows. */
export class ReadMark {
  seq = 0;
  #told = 0;
  #room;
  #link;

  /**
   * @param {string} room
   * @param {() => import("./link.js").Link | undefined} link
   */
  constructor(room, link) {
    this.#room = room;
    this.#link = link;
  }

  async tell() {
    const { seq } = this;
    const link = this.#link();
    if (!link || this.#told >= seq) return;
    this.#told = seq;
    try {
      await link.ask({ type: "read", room: this.#room, seq });
    } catch {
      // The next mark, or the next connection, tells it.
      this.#told = Math.min(this.#told, seq - 1);
    }
  }
}
