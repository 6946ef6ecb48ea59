import type { JsonSchema } from "../json-schema.js";

/**
 * The objects of Label Studio as its webhooks carry them (`serializers_for_hooks.py`, every column of the model). Only `id`
 * is demanded: the set of members grows with each of its versions, so the rest is described and left open.
 */
function record<const Members extends Readonly<Record<string, JsonSchema>>>(description: string, members: Members) {
  return {
    type: "object",
    description,
    required: ["id"],
    properties: { id: { type: "integer", description: "Number of the object." }, ...members },
  } as const;
}

/** Named by its number alone, as after a deletion. */
export const idOnlySchema = record("An object named by its id alone: it is gone.", {});

export const projectSchema = record("A project with its settings and counters.", {
  title: { description: "String: the project's name." },
  description: { description: "String." },
  label_config: { description: "String: the labeling configuration, XML." },
  parsed_label_config: { description: "Object: the labeling configuration as control tags by name." },
  expert_instruction: { description: "String: instructions for annotators." },
  task_number: { description: "Integer: tasks in the project." },
  finished_task_number: { description: "Integer: tasks that are done." },
  total_predictions_number: { description: "Integer." },
  total_annotations_number: { description: "Integer." },
  num_tasks_with_annotations: { description: "Integer." },
  useful_annotation_number: { description: "Integer: annotations that were neither skipped nor ground truth." },
  ground_truth_number: { description: "Integer." },
  skipped_annotations_number: { description: "Integer." },
  maximum_annotations: { description: "Integer: annotations a task wants." },
  min_annotations_to_start_training: { description: "Integer." },
  is_published: { description: "Boolean." },
  is_draft: { description: "Boolean." },
  organization: { description: "Integer: the organization's id." },
  created_by: { description: "Integer: a user's id." },
  created_at: { description: "String: ISO 8601, UTC." },
  updated_at: { description: "String: ISO 8601, UTC." },
});

export const taskSchema = record("A task. Its annotations and predictions are not inside.", {
  data: { description: "Object: what is to be labeled." },
  meta: { description: "Object or null." },
  is_labeled: { description: "Boolean: has as many annotations as it wants." },
  overlap: { description: "Integer: annotations it wants." },
  inner_id: { description: "Integer: its number inside the project." },
  total_annotations: { description: "Integer; may still be the count before this event." },
  cancelled_annotations: { description: "Integer: times it was skipped." },
  total_predictions: { description: "Integer." },
  comment_count: { description: "Integer." },
  project: { description: "Integer: the project's id." },
  updated_by: { description: "Integer or null: a user's id." },
  file_upload: { description: "Integer or null." },
  created_at: { description: "String: ISO 8601, UTC." },
  updated_at: { description: "String: ISO 8601, UTC." },
});

export const annotationSchema = record("An annotation of a task.", {
  result: { description: "Array: the labeled regions." },
  was_cancelled: { description: "Boolean: the task was skipped." },
  ground_truth: { description: "Boolean." },
  lead_time: { description: "Number or null: seconds of work." },
  prediction: { description: "Object: the prediction it began with, or empty." },
  result_count: { description: "Integer." },
  unique_id: { description: "String: UUID." },
  task: { description: "Integer: the task's id." },
  project: { description: "Integer: the project's id." },
  completed_by: { description: "Integer: a user's id." },
  updated_by: { description: "Integer or null: a user's id." },
  parent_prediction: { description: "Integer or null." },
  parent_annotation: { description: "Integer or null." },
  created_at: { description: "String: ISO 8601, UTC." },
  updated_at: { description: "String: ISO 8601, UTC." },
});

export const labelLinkSchema = record("The link of a label to a project.", {
  project: { description: "Integer: the project's id." },
  label: { description: "Integer: the label's id." },
  from_name: { description: "String: the control tag that uses the label." },
});

/** Beside what an event is about; filled in as `{"id": …}` when the emitter leaves it out. */
export const projectMember = {
  description:
    'The project that the event belongs to, as a project object; `{"id": …}` alone when the emitter gave none.',
} as const;
