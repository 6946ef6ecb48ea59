import { EventOf, WebhookEvent } from "../event-class.js";
import { annotationExample, projectExample, taskExample } from "./example-objects.js";
import { annotationSchema, idOnlySchema, projectMember } from "./object-schemas.js";

const oneAnnotation = {
  type: "object",
  required: ["annotation"],
  properties: {
    annotation: annotationSchema,
    project: projectMember,
    task: { description: "The annotated task, as a task object." },
  },
} as const;

const manyAnnotations = {
  type: "object",
  required: ["annotation"],
  properties: {
    annotation: {
      type: "array",
      items: annotationSchema,
      description: "The annotations; the singular name is the wire's.",
    },
    project: projectMember,
    task: {
      description: "Array of the annotated tasks, one for each annotation in the same order; a task may repeat.",
    },
  },
} as const;

const deletedAnnotations = {
  type: "object",
  required: ["annotations"],
  properties: { annotations: { type: "array", items: idOnlySchema }, project: projectMember },
} as const;

/** One annotation was saved, or a task was skipped (`was_cancelled`). */
@WebhookEvent({
  action: "ANNOTATION_CREATED",
  title: "Annotation created",
  summary: "An annotation was created, or a task was skipped.",
  example: { annotation: annotationExample, project: projectExample, task: taskExample },
})
export class AnnotationCreated extends EventOf(oneAnnotation) {}

/** Annotations were made in bulk, out of predictions for example: one event for all of them. */
@WebhookEvent({
  action: "ANNOTATIONS_CREATED",
  title: "Annotations created",
  bulk: ["annotation", "task"],
  summary: "Annotations were created in bulk; one event for all.",
  example: { annotation: [annotationExample], project: projectExample, task: [taskExample] },
})
export class AnnotationsCreated extends EventOf(manyAnnotations) {}

/** An annotation was changed or overwritten. Carries the state after the change. */
@WebhookEvent({
  action: "ANNOTATION_UPDATED",
  title: "Annotation updated",
  summary: "An annotation was updated or overwritten.",
  example: { annotation: annotationExample, project: projectExample, task: taskExample },
})
export class AnnotationUpdated extends EventOf(oneAnnotation) {}

/** Annotations were deleted: one event for one deletion. */
@WebhookEvent({
  action: "ANNOTATIONS_DELETED",
  aliases: ["ANNOTATION_DELETED"],
  title: "Annotation deleted",
  bulk: "annotations",
  summary: "Annotations were deleted; one event per deletion.",
  example: { annotations: [{ id: 55 }], project: projectExample },
})
export class AnnotationsDeleted extends EventOf(deletedAnnotations) {}
