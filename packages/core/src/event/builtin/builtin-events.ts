import type { AnyEventClass } from "../event-class.js";
import { AnnotationCreated, AnnotationsCreated, AnnotationsDeleted, AnnotationUpdated } from "./annotation-events.js";
import { LabelLinkCreated, LabelLinkDeleted, LabelLinkUpdated } from "./label-link-events.js";
import { ProjectCreated, ProjectDeleted, ProjectUpdated } from "./project-events.js";
import { TasksCreated, TasksDeleted } from "./task-events.js";

/** The twelve actions of open-source Label Studio, by action, in the order in which its API lists them. */
export const builtinEvents = {
  PROJECT_CREATED: ProjectCreated,
  PROJECT_UPDATED: ProjectUpdated,
  PROJECT_DELETED: ProjectDeleted,
  TASKS_CREATED: TasksCreated,
  TASKS_DELETED: TasksDeleted,
  ANNOTATION_CREATED: AnnotationCreated,
  ANNOTATIONS_CREATED: AnnotationsCreated,
  ANNOTATION_UPDATED: AnnotationUpdated,
  ANNOTATIONS_DELETED: AnnotationsDeleted,
  LABEL_LINK_CREATED: LabelLinkCreated,
  LABEL_LINK_UPDATED: LabelLinkUpdated,
  LABEL_LINK_DELETED: LabelLinkDeleted,
} as const satisfies Readonly<Record<string, AnyEventClass>>;
