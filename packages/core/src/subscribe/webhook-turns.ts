import type { WebhookId } from "../foundation/ids.js";

/**
 * Owns the order in which one webhook's changes are made: a receiver is asked about a URL before it is stored, and no other
 * change of the webhook may come in between.
 */
export class WebhookTurns {
  readonly #last = new Map<WebhookId, Promise<unknown>>();

  /** Does the work once all earlier work for this webhook has ended, however it ended. */
  async take<Result>(id: WebhookId, work: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(id);
    const turn = before === undefined ? work() : before.then(work, work);
    this.#last.set(id, turn);
    try {
      return await turn;
    } finally {
      if (this.#last.get(id) === turn) this.#last.delete(id);
    }
  }
}
