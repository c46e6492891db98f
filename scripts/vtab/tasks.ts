/** The 19 tasks of VTAB-1k. */

import { cifarTasks } from "./cifar.ts";
import type { VtabTask } from "./task.ts";

export const tasks: readonly VtabTask[] = [...cifarTasks];
