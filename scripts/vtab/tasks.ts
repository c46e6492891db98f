/** The tasks of VTAB-1k. */

import { caltechTasks } from "./caltech.ts";
import { cifarTasks } from "./cifar.ts";
import { clevrTasks } from "./clevr.ts";
import { dmlabTasks } from "./dmlab.ts";
import { dspritesTasks } from "./dsprites.ts";
import { dtdTasks } from "./dtd.ts";
import { eurosatTasks } from "./eurosat.ts";
import { flowersTasks } from "./flowers.ts";
import { kittiTasks } from "./kitti.ts";
import { patchCamelyonTasks } from "./patch-camelyon.ts";
import { petsTasks } from "./pets.ts";
import { resiscTasks } from "./resisc.ts";
import { retinopathyTasks } from "./retinopathy.ts";
import { smallNorbTasks } from "./small-norb.ts";
import { sun397Tasks } from "./sun397.ts";
import { svhnTasks } from "./svhn.ts";
import type { VtabTask } from "./task.ts";

export const tasks: readonly VtabTask[] = [
  ...caltechTasks,
  ...cifarTasks,
  ...clevrTasks,
  ...dmlabTasks,
  ...dspritesTasks,
  ...dtdTasks,
  ...eurosatTasks,
  ...kittiTasks,
  ...flowersTasks,

  ...patchCamelyonTasks,
  ...petsTasks,
  ...resiscTasks,
  ...retinopathyTasks,
  ...smallNorbTasks,
  ...sun397Tasks,
  ...svhnTasks,
];
