/**
 * Listeners by name. What a listener throws is reported as uncaught and disturbs nobody else.
 * @template {Record<string, any>} Events
 */
export class Emitter<Events extends Record<string, any>> {
    /**
     * Calls back on each event of this name, until the function that is returned is called.
     * @template {keyof Events} Name
     * @param {Name} name
     * @param {(detail: Events[Name]) => void} listener
     * @returns {() => void}
     */
    on<Name extends keyof Events>(name: Name, listener: (detail: Events[Name]) => void): () => void;
    /**
     * @template {keyof Events} Name
     * @param {Name} name
     * @param {Events[Name]} detail
     */
    emit<Name extends keyof Events>(name: Name, detail: Events[Name]): void;
    #private;
}
