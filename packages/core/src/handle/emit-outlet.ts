import type { OrganizationId, ProjectId } from "../foundation/ids.js";
import type { EmitEntry } from "../store/message-log.js";

/** Where an event of a handler comes from. */
export interface EmitOrigin {
  readonly organization: OrganizationId;
  /** The project of the message that is handled. */
  readonly project: ProjectId | null;
  /** What its messages are marked with. */
  readonly hops: number;
}

/** An event that is checked, and not yet matched. */
export interface PreparedEmit {
  /** Of its messages' payloads together. */
  readonly bytes: number;
  /** Matches it and makes what is to be stored; again after each `stale`. @throws HookwrightError `middleware_failed` when a transform fails. */
  entry(): Promise<EmitEntry>;
  /** It is stored: those who listen are told. */
  stored(): void;
}

/** How a handler's events leave it. */
export interface EmitOutlet {
  /**
   * Checks what a handler gave to `emit`.
   *
   * @throws HookwrightError `definition_invalid`, `action_unknown`, `action_reserved`, `payload_invalid` or `scope_invalid`.
   */
  prepare(given: readonly unknown[], origin: EmitOrigin): PreparedEmit;
  /** Reads what changed about an organization's webhooks, so that the next match is up to date. */
  catchUp(organization: OrganizationId): Promise<void>;
}
