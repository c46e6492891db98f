/** NWPU-RESISC45: JPEG files in a folder for each class. */

import { readClassFolders } from "./class-folders.ts";
import { type OriginalFormat, slicesOfOne, type VtabTask } from "./task.ts";

/** In the order of TensorFlow Datasets. */
export const resiscClasses = `
  airplane airport baseball_diamond basketball_court beach bridge chaparral church circular_farmland cloud
  commercial_area dense_residential desert forest freeway golf_course ground_track_field harbor industrial_area
  intersection island lake meadow medium_residential mobile_home_park mountain overpass palace parking_lot railway
  railway_station rectangular_farmland river roundabout runway sea_ice ship snowberg sparse_residential stadium
  storage_tank tennis_court terrace thermal_power_station wetland
`
  .trim()
  .split(/\s+/);

const originals: OriginalFormat = {
  files:
    "that of NWPU-RESISC45.rar, extracted: airplane/airplane_001.jpg and so on (https://1drv.ms/u/s!AmgKYzARBl5ca3HNaHIlzp_IXjs)",
  open: async (folder) => ({ train: await readClassFolders(folder, resiscClasses) }),
};

export const resiscTasks: readonly VtabTask[] = [
  {
    ...{ name: "resisc45", tfds: "resisc45/3.0.0", folder: "NWPU-RESISC45", classes: resiscClasses.length },
    counts: { train: 31_500 },
    slices: slicesOfOne(31_500, { train: 60, val: 20 }),
    originals,
  },
];
