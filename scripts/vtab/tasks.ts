/** The tasks of VTAB-1k. */

import { cifarTasks } from "./cifar.ts";
import { dmlabTasks } from "./dmlab.ts";
import { eurosatTasks } from "./eurosat.ts";
import { resiscTasks } from "./resisc.ts";
import { retinopathyTasks } from "./retinopathy.ts";
import { sun397Tasks } from "./sun397.ts";
import type { VtabTask } from "./task.ts";

export const tasks: readonly VtabTask[] = [
  ...cifarTasks,
  ...dmlabTasks,
  ...eurosatTasks,
  ...resiscTasks,
  ...retinopathyTasks,
  ...sun397Tasks,
];
