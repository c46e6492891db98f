/** The options of rlrr train that make up a recipe, and those of its images. */

import { Option } from "commander";
import { preprocessing } from "../index.ts";
import { recipeNames } from "../node.ts";
import { numberOption, wholeNumberOption } from "./options.ts";

/** What says how to train, by the names of a recipe. */
export const recipeOptions = [
  new Option(
    "--recipe <name>",
    "what decides options that are not given: default follows the data and says what it chose, official is the published recipe; official-vtab, official-fgvc and official-fgvc-aug are the official scripts', set by set, by the name of the folder of --data (default: default)",
  ).choices(recipeNames),
  numberOption(
    "--epochs <n>",
    "passes over the training images; 0 is the linear probe alone (default: as suits the data; official: 100)",
  ),
  numberOption("--batch-size <n>", "images per optimizer step (default: as suits the data; official: 32)"),
  numberOption("--micro-batch-size <n>", "images per run of the graph (default: as memory allows)"),
  numberOption("--learning-rate <x>", "top of the schedule (default: the method's own)"),
  numberOption("--min-learning-rate <x>", "end of the schedule (default: 1e-8)"),
  numberOption("--warmup-learning-rate <x>", "start of the warm-up (default: 1e-7)"),
  numberOption("--warmup-epochs <n>", "epochs of warm-up (default: a tenth of all epochs)"),
  new Option(
    "--schedule <kind>",
    "learning rate over epochs; cosine-restarts starts again after each cycle (default: cosine)",
  ).choices(["cosine", "linear", "constant", "cosine-restarts"]),
  numberOption("--restart-epochs <n>", "epochs of the first cycle of cosine-restarts (default: 10)"),
  numberOption(
    "--restart-factor <n>",
    "how many times longer each cycle is than the one before it (default: 2)",
  ),
  numberOption("--weight-decay <x>", "weight decay of AdamW (default: 1e-4)"),
  numberOption("--clip-norm <x>", "clip gradients to this norm (default: off)"),
  numberOption("--dropout <p>", "dropout in residual branches, as in the official code (default: 0)"),
  numberOption("--drop-path <p>", "drop whole residual branches: stochastic depth (default: 0)"),
  numberOption("--consistency <lambda>", "PACE: penalise how far two noisy passes differ (default: 0, off)"),
  numberOption("--consistency-noise <sigma>", "std of that noise in the first block (default: 0.5)"),
  numberOption("--label-smoothing <x>", "label smoothing (default: 0.1; official: 0)"),
  numberOption(
    "--mixup <alpha>",
    "blend pairs of images and their labels, in shares of a beta distribution; 0.8 is usual (default: 0, off)",
  ),
  numberOption(
    "--cutmix <alpha>",
    "put a box of one image into another, and mix their labels so; with --mixup each has half of the steps; 1 is usual (default: 0, off)",
  ),
  numberOption(
    "--ema-decay <x>",
    "validate and keep an average of the weights over about 1 / (1 - x) steps; of few steps much is still the start (default: 0, off)",
  ),
  numberOption(
    "--blend <share>",
    "validate and keep weights so far between their start and the trained ones: 1 is all of training (default: the method's own; without one 0.5 from a probe on less than 100 images, else 1)",
  ),
  new Option(
    "--class-weights <kind>",
    "weigh rare classes more (default: balanced where classes are uneven; official: none)",
  ).choices(["none", "balanced"]),
  new Option(
    "--precision <kind>",
    "int8 computes the large matrix products of training in 8 bits, which is faster and less exact; evaluation and merging stay fp32 (default: fp32)",
  ).choices(["fp32", "int8"]),
  numberOption("--seed <n>", "random seed (default: 42)"),
  new Option(
    "--select <epoch>",
    "keep the latest epoch that validation cannot tell from the best, the best one, or train on validation images too and keep the last (default: latest; official: val)",
  ).choices(["latest", "val", "last"]),
  numberOption(
    "--folds <n>",
    "cross-validate over n folds instead of holding images out, then train on all; 0 is off (default: 4 below 100 images without validation images; official: 0)",
  ),
  new Option(
    "--start <head>",
    "head of zeros, as published, a linear probe on frozen features, or the model's own head (rlrr zero-shot makes one of prompts); the latter two are kept where no epoch is better; with --continue-from that of new classes alone (default: probe; official: zero)",
  ).choices(["zero", "probe", "head"]),
  new Option(
    "--schedule-unit <unit>",
    "move the learning rate after each epoch, as published, or after each step (default: step; official: epoch)",
  ).choices(["epoch", "step"]),
  numberOption(
    "--patience <n>",
    "stop after this many epochs without improvement; 0 is never (default: half of the epochs, 5 at least, by latest; else 0)",
  ),
];

/** What says how training images are prepared. */
export const imageOptions = [
  wholeNumberOption("--image-size <pixels>", "image size in pixels (default: the model's)"),
  new Option(
    "--resize <how>",
    "squash both sides, or keep the aspect ratio and crop (default: the model's, else squash)",
  ).choices(["squash", "short"]),
  new Option("--interpolation <filter>", "resampling filter (default: the model's, else bicubic)").choices(
    preprocessing.filters,
  ),
  new Option(
    "--crop <how>",
    "crop of training images (default: random-resized of 30 % of the area or more; official: the model's, else none, or center with --resize short)",
  ).choices(["none", "center", "random", "random-resized"]),
  numberOption(
    "--crop-scale <x>",
    "smallest share of the area that a random-resized crop takes (default: 0.08)",
  ),
  new Option("--flip", "flip half of the training images left to right"),
  numberOption(
    "--rand-augment <magnitude>",
    "RandAugment: two random changes of colours and place for each training image, the stronger the higher; 9 is usual (default: off)",
  ),
  new Option("--normalize <values>", "mean and std of colours (default: the model's, else half)").choices([
    "half",
    "imagenet",
  ]),
];
