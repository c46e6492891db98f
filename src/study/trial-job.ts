/** The trial that a worker finds in a job: checked, as any program may write to the queue. */

import type { Job } from "bullmq";
import { z } from "zod";
import { FileError } from "../errors.ts";
import { describeIssue } from "../model/describe-issue.ts";
import { version } from "../version.ts";
import type { TrialJob } from "./queue-connection.ts";
import type { Trial } from "./trial.ts";

const trialSchema = z.looseObject({
  name: z.string().regex(/^[0-9a-f]{16}$/),
  content: z.looseObject({
    purpose: z.enum(["validate", "test", "test-epochs"]),
    data: z.string().regex(/^[0-9a-f]{64}$/),
    method: z.looseObject({ name: z.string() }),
  }),
  ...{ dataPath: z.string(), model: z.string(), folder: z.string(), features: z.string() },
  store: z
    .object({ address: z.string(), model: z.string().regex(/^[0-9a-f]{64}$/), keepState: z.boolean() })
    .optional(),
});

/** The trial of a job; what is not this version's is refused for good. */
export function trialOf({ data }: Job<TrialJob>, Unrecoverable: new (message: string) => Error): Trial {
  if (data.version !== version)
    throw new Unrecoverable(
      `A worker of rlrr ${version} was given a trial of rlrr ${data.version}, whose numbers might differ. Run the same version everywhere.`,
    );
  const parsed = trialSchema.safeParse(data.trial);
  if (!parsed.success)
    throw new Unrecoverable(new FileError(`The queue: ${describeIssue(parsed.error, data.trial)}.`).message);
  return parsed.data as unknown as Trial;
}
