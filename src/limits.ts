/** Every limit of the program in one table: what is more is refused, ended or left out, and why the line is drawn there. */

const KiB = 2 ** 10;
const MiB = 2 ** 20;
const GiB = 2 ** 30;

interface Row {
  readonly value: number;
  /** What is counted, as `docs/limits.md` prints it. */
  readonly unit: string;
  /** What it limits, and why there: one sentence. */
  readonly reason: string;
}
export interface Limit extends Row {
  readonly area: string;
}

const area = <Name extends string>(
  name: string,
  rows: Readonly<Record<Name, Row>>,
): Readonly<Record<Name, Limit>> =>
  Object.fromEntries(
    Object.entries<Row>(rows).map(([key, row]) => [key, { ...row, area: name }]),
  ) as Readonly<Record<Name, Limit>>;

/** By the names that the constants have where they are enforced. */
export const limits = {
  ...area("Files", {
    MAX_JSON_BYTES: {
      value: 32 * MiB,
      unit: "bytes",
      reason: "A JSON configuration: the largest seen, with 21,843 labels, has 2 MB.",
    },
    MAX_JSON_DEPTH: {
      value: 64,
      unit: "levels",
      reason:
        "JSON nests four levels deep in practice, and what checks and prints values calls itself: at some thousands it would end without a message.",
    },
    MAX_JSON_VALUES: {
      value: 2 ** 21,
      unit: "values",
      reason:
        "Values of a JSON text, safetensors headers among them: a list has two million images, and tens of millions of small values would fill the memory or take minutes.",
    },
    MAX_LOCK_BYTES: {
      value: KiB,
      unit: "bytes",
      reason: "A lock names a process and a machine; a longer file is something else, and is not removed.",
    },
    MAX_NAME_BYTES: {
      value: 190,
      unit: "bytes",
      reason:
        "A name inside a hidden name; longer ones are hashed, as disks take 255 bytes and what is put around takes less than 60.",
    },
    SPARE_BYTES: {
      value: 64 * MiB,
      unit: "bytes",
      reason: "A large file is not begun where less than this would be left of the disk for everything else.",
    },
  }),
  ...area("Weights", {
    MAX_HEADER_BYTES: {
      value: 100_000_000,
      unit: "bytes",
      reason: "A safetensors header: the format's own limit, that of its reference implementation.",
    },
    MAX_AXES: {
      value: 16,
      unit: "axes",
      reason: "A ViT's tensor has at most four axes; one with more is damaged.",
    },
    MAX_NPY_HEADER_BYTES: {
      value: 10_000,
      unit: "bytes",
      reason: "The header of a .npy array: NumPy itself refuses longer ones (max_header_size).",
    },
    MAX_ARRAY_BYTES: {
      value: GiB,
      unit: "bytes",
      reason:
        "An array of a .npz file is read whole; the largest of a known ViT, a head of 29,593 classes and width 1664, has 0.2 GB.",
    },
    MAX_ZIP_ENTRIES: {
      value: 20_000,
      unit: "entries",
      reason: "A zip file: optimizer states beside the weights of ViT-H make some 2,000 arrays.",
    },
    MAX_DIRECTORY_BYTES: {
      value: 16 * MiB,
      unit: "bytes",
      reason: "A zip directory: 1024 blocks of 16 arrays, with names of 100 bytes, take 2.5 MB.",
    },
    MAX_END_BYTES: {
      value: 22 + 65_535,
      unit: "bytes",
      reason: "The end of a zip file is searched for its directory: the end record and the longest comment.",
    },
    MAX_RATIO: {
      value: 1032,
      unit: "times",
      reason: "Deflate shrinks at most so many times; a zip directory that promises more lies.",
    },
    MAX_TOTAL_BYTES: {
      value: 32 * GiB,
      unit: "bytes",
      reason:
        "All entries of a zip file, inflated: the largest published ViT, ViT-G/14, has 7.4 GB of weights, and with both moments of its optimizer three times as much.",
    },
  }),
  ...area("The engine", {
    MAX_THREADS: {
      value: 256,
      unit: "threads",
      reason: "Threads inside the engine: each takes memory, and no machine of today gains from more.",
    },
  }),
  ...area("Models and the hub", {
    MAX_BLOCKS: {
      value: 256,
      unit: "blocks",
      reason:
        "Blocks of a ViT, in weights and in adapters: ViT-22B has 48, and more would take ONNX Runtime minutes to prepare.",
    },
    MAX_STAGES: {
      value: 8,
      unit: "stages",
      reason: "Stages of a Swin, ConvNeXt or ResNet: all published ones have four.",
    },
    MAX_WINDOW: {
      value: 64,
      unit: "tokens",
      reason: "Rows of a Swin's window: SwinV2 has 24, and a table of all pairs grows with the fourth power.",
    },
    MAX_TOKENIZER_BYTES: {
      value: 128 * MiB,
      unit: "bytes",
      reason: "A tokenizer.json: SigLIP 2's, with 256,000 words, has 34 MB.",
    },
    MAX_TOKENIZER_VALUES: {
      value: 2 ** 23,
      unit: "values",
      reason: "Values of a tokenizer.json: SigLIP 2's has some two million, words and pairs of them.",
    },
    MAX_PROMPTS: {
      value: 1_000_000,
      unit: "prompts",
      reason:
        "Prompts of all classes: 21,841 classes with 80 templates are more than any text tower reads in a day on a CPU.",
    },
    MAX_PROMPT_LENGTH: {
      value: 10_000,
      unit: "characters",
      reason: "One prompt: text towers read 64 or 77 tokens, some 300 letters.",
    },
    MAX_SHARDS: {
      value: 256,
      unit: "files",
      reason: "Files of one model: the largest ViTs come in two or three.",
    },
    MAX_CONFIG_SIZE: {
      value: 200_000,
      unit: "",
      reason:
        "Widths, depths and sides in pixels of a config.json: far above any ViT, and products of three stay exact.",
    },
    MAX_ADAPTER_SIZE: {
      value: 65_536,
      unit: "",
      reason:
        "Widths and sides in an rlrr_adapter.json: far above any ViT, and products of three stay exact.",
    },
    MAX_CLASSES: {
      value: 100_000,
      unit: "classes",
      reason: "Labels of an adapter: ImageNet-21k has 21,843, the largest published head 29,593.",
    },
    MAX_RECORDED_IMAGES: {
      value: 2_000_000,
      unit: "images",
      reason:
        "Images whose hashes an adapter keeps, 21 MB of them: of a run on more it is not recorded which were trained on.",
    },
    MAX_PUSHED_FILES: {
      value: 1000,
      unit: "files",
      reason:
        "Of a folder that is pushed to the hub: a model has a few dozen at the most, and all are listed first.",
    },
    MAX_MODELS_IN_FILE: {
      value: 8,
      unit: "models",
      reason:
        "In one file of weights, told apart by what stands before their names: files of training hold a student, a teacher and a few more.",
    },
    MAX_PLACES: {
      value: 1000,
      unit: "entries",
      reason:
        "Of a folder that is searched for the base of an adapter, so that a folder of a million images beside it is not.",
    },
    MAX_HUB_FILE_BYTES: {
      value: 50 * GiB,
      unit: "bytes",
      reason: "A file of weights from the hub, which itself allows 50 GB a file.",
    },
    MAX_ANSWER_BYTES: {
      value: 16 * MiB,
      unit: "bytes",
      reason: "What the hub says about a model: 10,000 files are listed in 2 MB.",
    },
    SILENCE_SECONDS: {
      value: 30,
      unit: "seconds",
      reason:
        "A hub that sends nothing for so long is not there; it is three times what Python's client waits, and HF_HUB_DOWNLOAD_TIMEOUT changes it.",
    },
    ATTEMPTS: {
      value: 4,
      unit: "times",
      reason:
        "A file is asked for so often, as a short break of the line heals itself; a long one is better told.",
    },
  }),
  ...area("Images", {
    MAX_IMAGE_FILE_BYTES: {
      value: 256 * MiB,
      unit: "bytes",
      reason:
        "An image file: the most pixels that are decoded could take more as an uncompressed PNG, but no real image comes near.",
    },
    MAX_PIXELS: {
      value: 2 ** 27,
      unit: "pixels",
      reason: "An image by its header, 384 MiB as RGB: the largest cameras give 102 million.",
    },
    MAX_DECODED_BYTES: {
      value: 1.5 * GiB,
      unit: "bytes",
      reason:
        "What decoding one image may take by its header; a kind that takes much for each pixel is allowed fewer.",
    },
    MAX_SCANS: {
      value: 500,
      unit: "scans",
      reason:
        "Each scan of a progressive JPEG is one more pass over all of it: encoders write about ten, and libjpeg-turbo's own fuzzing stops at 500.",
    },
    MAX_PNG_CHUNKS: {
      value: 2 ** 18,
      unit: "chunks",
      reason:
        "Chunks of a PNG: 256 MiB in those of 8 KiB, as libpng writes them, are 32,768, and millions of empty ones would fill the memory.",
    },
    MAX_PNG_TEXT: {
      value: MiB,
      unit: "bytes",
      reason: "EXIF of a PNG, of which only the orientation is wanted: cameras write less than 64 KiB.",
    },
    USUAL_ESTIMATED_BYTES: {
      value: 288 * MiB,
      unit: "bytes",
      reason:
        "Images that take this by their header, as a 48-megapixel JPEG or a 24-megapixel PNG, are decoded side by side; larger ones one at a time.",
    },
    USUAL_MEASURED_BYTES: {
      value: 640 * MiB,
      unit: "bytes",
      reason:
        "A process that takes more than this for one image is ended, and the image waits for its turn among the large ones.",
    },
    LARGE_MEASURED_BYTES: {
      value: 2.5 * GiB,
      unit: "bytes",
      reason:
        "A large image may take this and no more: with four processes that is less than 5 GiB, and it takes hostile files to come near.",
    },
    MAX_BOX_DEPTH: {
      value: 8,
      unit: "levels",
      reason:
        "Boxes inside boxes of a HEIC or AVIF: sizes stand three deep, and what reads them calls itself for each level.",
    },
    MAX_FAILED_STARTS: {
      value: 3,
      unit: "times",
      reason:
        "An image process that ends before it is ready is started again; after so many in a row none will start.",
    },
    TIME_LIMIT_MS: {
      value: 60_000,
      unit: "milliseconds",
      reason: "One image: the largest that is allowed takes a few seconds, and what hangs is ended.",
    },
  }),
  ...area("Time to end", {
    END_MS: {
      value: 1000,
      unit: "milliseconds",
      reason:
        "A killed image process is gone at once, unless the machine itself hangs, which is not waited for.",
    },
    WORK_PATIENCE_MS: {
      value: 60_000,
      unit: "milliseconds",
      reason:
        "A process that ends waits so long for ONNX Runtime, which crashes where it is ended in the middle of a run.",
    },
  }),
  ...area("Preprocessing", {
    MAX_STEPS: {
      value: 32,
      unit: "steps",
      reason: "A list of preprocessing steps: real ones have two to five.",
    },
    MAX_SIDE: {
      value: 4096,
      unit: "pixels",
      reason:
        "A side that a step makes: 65,536 patches of 16 are far above any ViT, and a wrong number cannot fill memory.",
    },
    MAX_RESIZED_PIXELS: {
      value: 2 ** 26,
      unit: "pixels",
      reason:
        "What a step makes of an image, 192 MiB: only a needle of an image passes it, say 1 × 90000, when its short side is made 256.",
    },
  }),
  ...area("Data sets", {
    MAX_TREE_ENTRIES: {
      value: 5_000_000,
      unit: "files and folders",
      reason:
        "What lies below a folder of images: four times ImageNet-1k, and the names alone would press on memory beyond it.",
    },
    MAX_TREE_DEPTH: {
      value: 32,
      unit: "folders deep",
      reason: "Data sets have three or four levels; a tree this deep is none, or was made to hurt.",
    },
    MAX_LIST_BYTES: {
      value: 128 * MiB,
      unit: "bytes",
      reason: "A list or table of images: two million lines of 64 characters.",
    },
    MAX_ROWS: {
      value: 2_000_000,
      unit: "rows",
      reason:
        "A row takes some 200 bytes of memory, so more would press on Node's usual limit; ImageNet-1k has 1.3 million images.",
    },
    MAX_COMPARED_IMAGES: {
      value: 250_000,
      unit: "images",
      reason:
        "Images among which near-duplicates are searched: each takes 1.1 kB of memory, so these take some 300 MB; of more the first are compared, and that is said.",
    },
    MAX_CORRECTION_BYTES: {
      value: 32 * MiB,
      unit: "bytes",
      reason: "Corrections of labels: a hundred thousand of 300 characters.",
    },
    MAX_CORRECTIONS: {
      value: 100_000,
      unit: "rows",
      reason: "Corrections of labels: a report has a thousand at most, and nobody looks at so many images.",
    },
    MAX_CELLS: {
      value: 10_000,
      unit: "cells",
      reason: "A row of a table: one-hot labels of ImageNet-1k take a thousand.",
    },
  }),
  ...area("Training", {
    MAX_EPOCHS: {
      value: 100_000,
      unit: "epochs",
      reason: "An epoch takes a second at least, so this is more than a day.",
    },
    MAX_BATCH: { value: 65_536, unit: "images", reason: "Images per optimizer step: more fit no machine." },
    MAX_FOLD_LOGITS: {
      value: 20_000,
      unit: "numbers",
      reason:
        "Logits of one fold after one epoch that a checkpoint keeps for calibration: 1,000 images of 20 classes.",
    },
    MAX_FOLDS: { value: 20, unit: "folds", reason: "Each fold is a training run of its own." },
    MAX_SEED: {
      value: 2 ** 32 - 1,
      unit: "",
      reason: "The seed: 32 bits, so that it is written exactly everywhere.",
    },
    MAX_METRICS_BYTES: {
      value: 256 * MiB,
      unit: "bytes",
      reason: "The log of which a page of curves is made: a million steps take 200 MB.",
    },
    MAX_SAMPLE_LOGITS: {
      value: 2 ** 23,
      unit: "logits",
      reason:
        "What a validation keeps for calibration, 32 MiB: 8,388 images of 1,000 classes, of more images evenly spaced ones; one number is fitted to them, in less than a second.",
    },
    MAX_KEPT_BYTES: {
      value: 4 * GiB,
      unit: "bytes",
      reason:
        "What frozen blocks make of the training images, in memory: 27,000 images of ViT-Ti/16, 7,000 of ViT-B/16; of more it is kept in a file of the run's folder, and removed with the run's end.",
    },
    MAX_ADAPTERS_AT_ONCE: {
      value: 32,
      unit: "adapters",
      reason:
        "Adapters that are analysed, combined or asked together: each is in memory, and more are rather a wildcard that names too much.",
    },
    MAX_GRAPH_VALUES: {
      value: 80_000,
      unit: "values",
      reason:
        "ONNX Runtime prepares a graph in a time that grows with the square of its values: 25,000 (a step of 100 blocks) took 6.6 s, so 255,000 would take a quarter of an hour.",
    },
  }),
  ...area("Studies", {
    MAX_STUDY_LIST: {
      value: 1000,
      unit: "entries",
      reason: "Data sets, methods or recipes of one study: the largest benchmark has 46 sets.",
    },
    MAX_STUDY_SEEDS: {
      value: 1000,
      unit: "seeds",
      reason: "Trainings that differ by their seed alone: papers take three to ten.",
    },
    MAX_TRIALS: {
      value: 100_000,
      unit: "trials",
      reason: "Trainings of one study: at a second each, more than a day.",
    },
    MAX_ARRAY: {
      value: 1000,
      unit: "trials",
      reason: "Of one array of Slurm, whose MaxArraySize is 1001 unless an administrator changed it.",
    },
    MAX_STORED_BYTES: {
      value: 512 * MiB,
      unit: "bytes",
      reason: "Of a list of files in a store: two million images of 150 bytes are 300 MB.",
    },
    MAX_RESULT_BYTES: {
      value: 256 * MiB,
      unit: "bytes",
      reason: "The results of a study: a hundred thousand trials of 2.5 kB.",
    },
  }),
  ...area("Messages", {
    MAX_CHARACTERS: {
      value: 80,
      unit: "characters",
      reason: "A value of a file in a message, which stays one line.",
    },
    MAX_PRINTED: {
      value: 20,
      unit: "lines",
      reason: "Bad or missing images that a message names; the rest are counted.",
    },
  }),
} as const satisfies Readonly<Record<string, Limit>>;
