import { EventOf, WebhookEvent } from "../event-class.js";
import { labelExample, labelLinkExample, projectExample } from "./example-objects.js";
import { idOnlySchema, labelLinkSchema, projectMember } from "./object-schemas.js";

const createdLinks = {
  type: "object",
  required: ["label_link"],
  properties: {
    label_link: { type: "array", items: labelLinkSchema, description: "The links; the singular name is the wire's." },
    project: projectMember,
  },
} as const;

const updatedLink = {
  type: "object",
  required: ["label_link"],
  properties: {
    label_link: labelLinkSchema,
    project: projectMember,
    label: { description: "The linked label, as a label object." },
  },
} as const;

const deletedLink = {
  type: "object",
  required: ["label_link"],
  properties: { label_link: idOnlySchema, project: projectMember },
} as const;

/** Labels were linked to a project: one event for all of one request. */
@WebhookEvent({
  action: "LABEL_LINK_CREATED",
  title: "Label link created",
  bulk: "label_link",
  summary: "Labels were linked to a project.",
  example: { label_link: [labelLinkExample], project: projectExample },
})
export class LabelLinkCreated extends EventOf(createdLinks) {}

/** The link of a label to a project was changed. */
@WebhookEvent({
  action: "LABEL_LINK_UPDATED",
  title: "Label link updated",
  summary: "The link of a label to a project was changed.",
  example: { label_link: labelLinkExample, project: projectExample, label: labelExample },
})
export class LabelLinkUpdated extends EventOf(updatedLink) {}

/** The link of a label to a project was removed. */
@WebhookEvent({
  action: "LABEL_LINK_DELETED",
  title: "Label link deleted",
  summary: "The link of a label to a project was removed.",
  example: { label_link: { id: 3 }, project: projectExample },
})
export class LabelLinkDeleted extends EventOf(deletedLink) {}
