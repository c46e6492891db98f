/** VTAB-1k and FGVC: their data sets by the folder names of the official code, in the papers' order, with its hyper-parameters for each. */

/** A data set of a benchmark, with the options that the official code trains it with. */
export interface BenchmarkSet {
  readonly folder: string;
  readonly group?: string;
  readonly learningRate: number;
  readonly weightDecay: number;
  /** What the official code calls drop path: dropout of single numbers, more in later blocks. */
  readonly dropout: number;
  readonly flip: boolean;
  /** Whether `train_fgvc.py` restarts the schedule every five epochs. */
  readonly restarting?: boolean;
}

const set = (
  folder: string,
  [learningRate, weightDecay, dropout]: readonly [number, number, number],
  { group, ...rest }: Pick<BenchmarkSet, "group" | "flip" | "restarting">,
): BenchmarkSet => ({ folder, ...(group && { group }), learningRate, weightDecay, dropout, ...rest });

const natural = { group: "Natural" };
const specialized = { group: "Specialized" };
const structured = { group: "Structured" };

/** `RLRRDatasets/VTABConfig.py` of the official code at 287c772. */
export const vtabSets: readonly BenchmarkSet[] = [
  set("cifar", [3e-3, 5e-5, 0.1], { ...natural, flip: false }),
  set("caltech101", [1e-3, 5e-5, 0.1], { ...natural, flip: false }),
  set("dtd", [2e-3, 5e-5, 0.1], { ...natural, flip: true }),
  set("oxford_flowers102", [3e-3, 5e-2, 0.3], { ...natural, flip: false }),
  set("oxford_iiit_pet", [1e-3, 5e-5, 0.1], { ...natural, flip: true }),
  set("svhn", [5e-3, 5e-5, 0.3], { ...natural, flip: false }),
  set("sun397", [1e-3, 5e-5, 0.1], { ...natural, flip: false }),
  set("patch_camelyon", [3e-3, 5e-2, 0.3], { ...specialized, flip: true }),
  set("eurosat", [1e-3, 5e-5, 0.1], { ...specialized, flip: true }),
  set("resisc45", [3e-3, 5e-5, 0], { ...specialized, flip: false }),
  set("diabetic_retinopathy", [5e-3, 5e-5, 0.1], { ...specialized, flip: true }),
  set("clevr_count", [5e-3, 5e-5, 0.5], { ...structured, flip: true }),
  set("clevr_dist", [1e-2, 5e-5, 0.2], { ...structured, flip: true }),
  set("dmlab", [5e-3, 5e-5, 0.3], { ...structured, flip: true }),
  set("kitti", [3e-3, 5e-2, 0.3], { ...structured, flip: true }),
  set("dsprites_loc", [1e-2, 5e-5, 0.1], { ...structured, flip: false }),
  set("dsprites_ori", [5e-3, 5e-5, 0.1], { ...structured, flip: false }),
  set("smallnorb_azi", [5e-3, 5e-2, 0.3], { ...structured, flip: false }),
  set("smallnorb_ele", [1e-3, 5e-5, 0.3], { ...structured, flip: true }),
];

/** `FGVCConfig.py` of the same; every set is flipped. */
export const fgvcSets: readonly BenchmarkSet[] = [
  set("CUB_200_2011", [3e-3, 5e-2, 0.1], { flip: true, restarting: true }),
  set("NABirds", [5e-4, 5e-2, 0.3], { flip: true }),
  set("OxfordFlowers", [3e-3, 5e-2, 0.2], { flip: true }),
  set("StanfordDogs", [1e-4, 5e-2, 0], { flip: true, restarting: true }),
  set("StanfordCars", [3e-3, 5e-2, 0.2], { flip: true }),
];
