import type { OrganizationId } from "@hookwright/core";
import type { ErrorAnswer } from "../error-envelope.js";
import type { ApiPorts } from "./api-ports.js";

/**
 * Owns what the log says of one batch: however many lines are refused, it is one line that counts them, and one for the first
 * fault of the service. The rest is at debug, under the ids that the caller was given.
 */
export class BatchRefusals {
  readonly #organization: OrganizationId;
  readonly #ports: Pick<ApiPorts, "errors" | "logger">;
  #refused = 0;
  #failed = 0;

  constructor(organization: OrganizationId, ports: Pick<ApiPorts, "errors" | "logger">) {
    this.#organization = organization;
    this.#ports = ports;
  }

  add(answer: ErrorAnswer, error: unknown): void {
    const { errors } = this.#ports;
    if (answer.blame === "caller") this.#refused += 1;
    else this.#failed += 1;
    if (answer.blame === "service" && this.#failed === 1) errors.write(answer, error);
    else errors.writeQuietly(answer);
  }

  /** There are no more; `lines` were answered. */
  end(lines: number): void {
    const [refused, failed] = [this.#refused, this.#failed];
    if (refused + failed === 0) return;
    const counts = { organization: this.#organization, refused, failed };
    this.#ports.logger.info(`${refused + failed} of ${lines} lines of a batch were refused`, counts);
  }
}
