import { EventOf, WebhookEvent } from "../event-class.js";
import { projectExample, taskExample } from "./example-objects.js";
import { idOnlySchema, projectMember, taskSchema } from "./object-schemas.js";

const createdTasks = {
  type: "object",
  required: ["tasks"],
  properties: { tasks: { type: "array", items: taskSchema }, project: projectMember },
} as const;

const deletedTasks = {
  type: "object",
  required: ["tasks"],
  properties: { tasks: { type: "array", items: idOnlySchema }, project: projectMember },
} as const;

/** Tasks were created or imported: one event for one import. */
@WebhookEvent({
  action: "TASKS_CREATED",
  aliases: ["TASK_CREATED"],
  title: "Task created",
  bulk: "tasks",
  summary: "Tasks were created or imported; one event per import.",
  example: { tasks: [taskExample], project: projectExample },
})
export class TasksCreated extends EventOf(createdTasks) {}

/** Tasks were deleted: one event for one deletion. */
@WebhookEvent({
  action: "TASKS_DELETED",
  aliases: ["TASK_DELETED"],
  title: "Task deleted",
  bulk: "tasks",
  summary: "Tasks were deleted; one event per deletion.",
  example: { tasks: [{ id: 101 }, { id: 102 }], project: projectExample },
})
export class TasksDeleted extends EventOf(deletedTasks) {}
