import { EventOf, WebhookEvent } from "../event-class.js";
import { projectExample } from "./example-objects.js";
import { idOnlySchema, projectSchema } from "./object-schemas.js";

const aboutProject = { type: "object", required: ["project"], properties: { project: projectSchema } } as const;
const aboutDeletedProject = { type: "object", required: ["project"], properties: { project: idOnlySchema } } as const;

/** A project came into being. Reaches organization webhooks only. */
@WebhookEvent({
  action: "PROJECT_CREATED",
  title: "Project created",
  scope: "organization",
  summary: "A project was created.",
  example: { project: projectExample },
})
export class ProjectCreated extends EventOf(aboutProject) {}

/** Settings of a project were saved, its labeling configuration for example. Carries the state after the change. */
@WebhookEvent({
  action: "PROJECT_UPDATED",
  title: "Project updated",
  summary: "A project's settings were saved.",
  example: { project: projectExample },
})
export class ProjectUpdated extends EventOf(aboutProject) {}

/** A project is gone. Reaches organization webhooks only; carries its id. */
@WebhookEvent({
  action: "PROJECT_DELETED",
  title: "Project deleted",
  scope: "organization",
  summary: "A project was deleted.",
  example: { project: { id: 12 } },
})
export class ProjectDeleted extends EventOf(aboutDeletedProject) {}
