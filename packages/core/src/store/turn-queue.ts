/** What one member made of its turn. */
export interface Turn {
  /** How much it used of what it was offered. */
  readonly used: number;
  /** Whether it stands in line again. A member that used nothing must not: the line would never end. */
  readonly again: boolean;
}

/** Below this, cutting off what was served costs more than it frees. */
const shortestCut = 32;

/** A line of members who take turns. Whoever had a turn goes to the end; the order lasts from one call to the next. */
export class TurnQueue<Member> {
  #line: Member[] = [];
  #head = 0;

  get size(): number {
    return this.#line.length - this.#head;
  }

  push(member: Member): void {
    this.#line.push(member);
  }

  /**
   * Shares out `limit`: each member in line is offered an equal part (at least 1), and what some leave is shared out again
   * among those who stay, until it is used up or nobody is left. Returns how much was used. A member whose turn throws
   * keeps its place.
   */
  shareOut(limit: number, takeTurn: (member: Member, offer: number) => Turn): number {
    let left = limit;
    while (left > 0 && this.size > 0) {
      const share = Math.max(1, Math.floor(left / this.size));
      for (let turns = this.size; turns > 0 && left > 0; turns -= 1)
        left -= this.#serve(Math.min(share, left), takeTurn);
    }
    return limit - left;
  }

  #serve(offer: number, takeTurn: (member: Member, offer: number) => Turn): number {
    const member = this.#line[this.#head];
    if (member === undefined) return 0;
    const { used, again } = takeTurn(member, offer);
    this.#head += 1;
    if (again) this.push(member);
    if (this.#head >= shortestCut && this.#head * 2 >= this.#line.length) this.#cut();
    return used;
  }

  /** An array whose served half is cut off costs a constant per turn; shifting it would cost its length. */
  #cut(): void {
    this.#line = this.#line.slice(this.#head);
    this.#head = 0;
  }
}
