import type { EventRegistry } from "../event/event-registry.js";
import { checkedId } from "../foundation/checked-id.js";
import type { OrganizationId, ProjectId } from "../foundation/ids.js";
import { payloadOf } from "../foundation/payload-bytes.js";
import type { EmitOrigin, EmitOutlet, PreparedEmit } from "../handle/emit-outlet.js";
import type { HandlerEmitOptions } from "../handle/handler.js";
import type { Hub } from "../observe/hub.js";
import type { EmitEntry } from "../store/message-log.js";
import { checkRequest, type EmitRequest } from "./emit-request.js";
import { emittable } from "./emittable.js";
import { PreparedEvent, type PreparePorts, type PrepareSettings } from "./prepared-event.js";
import { readEmit } from "./read-emit.js";

/** The collaborators of {@link EventOutlet}. */
export interface OutletPorts extends PreparePorts {
  readonly registry: EventRegistry;
  readonly hub: Hub;
}

/** Checks and matches what handlers emit, by the same rules as any other event; the handler's commit stores it. */
export class EventOutlet implements EmitOutlet {
  readonly #ports: OutletPorts;
  readonly #settings: PrepareSettings;

  constructor(ports: OutletPorts, settings: PrepareSettings) {
    this.#ports = ports;
    this.#settings = settings;
  }

  prepare(given: readonly unknown[], origin: EmitOrigin): PreparedEmit {
    const request = this.#requestOf(given, origin);
    const event = new PreparedEvent({ request, payload: checkRequest(request) }, this.#ports, this.#settings);
    let webhooks = 0;
    return {
      bytes: event.messages.reduce((sum, { payload }) => sum + payload.length, 0),
      entry: async (): Promise<EmitEntry> => {
        const { drafts, basedOn, webhooks: found } = await event.round();
        webhooks = found;
        return { organization: origin.organization, drafts, basedOn, idempotency: undefined };
      },
      stored: () => {
        for (const { id: message, action, organization, project } of event.messages)
          this.#ports.hub.notify("message.accepted", { message, action, organization, project, deliveries: webhooks });
      },
    };
  }

  catchUp(organization: OrganizationId): Promise<void> {
    return this.#ports.subscriptions.catchUp(organization);
  }

  #requestOf(given: readonly unknown[], origin: EmitOrigin): EmitRequest {
    const { action, payload, options } = readEmit<HandlerEmitOptions>(given);
    const event = emittable(this.#ports.registry, action);
    // An organization-only event has no project to keep.
    const kept = event.definition.scope === "organization" ? null : origin.project;
    const { organization, hops } = origin;
    return { event, payload: payloadOf(payload), organization, project: projectOf(options.project, kept), hops };
  }
}

function projectOf(given: number | null | undefined, kept: ProjectId | null): ProjectId | null {
  if (given === undefined) return kept;
  return given === null ? null : (checkedId("project", given) as ProjectId);
}
