/** How projects name the weights of a Swin or SwinV2: one table per project, and where its blocks stand. */

/** A place of ours that has a weight and a bias: their name of it, and which third of a fused q, k, v it is. */
interface Named {
  readonly theirs: string;
  readonly part?: number;
}

export interface SwinNaming {
  /** For messages. */
  readonly title: string;
  readonly family: "swin" | "swinv2";
  readonly patch: string;
  readonly patchNorm: string;
  readonly norm: string;
  /** Newer and older names of the head. */
  readonly head: readonly string[];
  /** Before the number of a stage, whose blocks are `{stage}.blocks.{i}.`; ours are numbered through. */
  readonly stages: string | undefined;
  /** By our role in a block. */
  readonly block: Readonly<Record<string, Named>>;
  /** By our name in a block: tensors that are no site's. */
  readonly own: Readonly<Record<string, string>>;
  /** Of q, k and v, where biases are tensors of their own; `undefined` where there is none. */
  readonly biases?: Readonly<Record<string, string | undefined>>;
}

/** Where a block stands: in which stage, there, and of all. */
export interface BlockPlace {
  readonly stage: number;
  readonly at: number;
  readonly index: number;
}

export const blockPrefix = ({ stages }: SwinNaming, { stage, at, index }: BlockPlace): string =>
  stages === undefined ? `blocks.${index}.` : `${stages}${stage}.blocks.${at}.`;

/** `late`: the merging stands in the stage that reads it, as timm has it, and not in the one before. */
export const mergePrefix = (
  { stages }: SwinNaming,
  { stage, late }: { readonly stage: number; readonly late: boolean },
): string => (stages === undefined ? `merges.${stage}.` : `${stages}${late ? stage + 1 : stage}.downsample.`);

const roles = ["norm1", "q", "k", "v", "o", "norm2", "fc1", "fc2"] as const;
type Role = (typeof roles)[number];

/** Our roles by names that have no parts. */
const named = (names: Readonly<Partial<Record<Role, string>>>): Record<string, Named> =>
  Object.fromEntries(Object.entries(names).map(([role, theirs]) => [role, { theirs }]));

const cosineNames = (scale: string, mlp: string): Record<string, string> => ({
  "positions.fc1.weight": `${mlp}.0.weight`,
  "positions.fc1.bias": `${mlp}.0.bias`,
  "positions.fc2.weight": `${mlp}.2.weight`,
  cosineScale: scale,
});

const timmOuter = {
  ...{ title: "timm", patch: "patch_embed.proj", patchNorm: "patch_embed.norm", norm: "norm" },
  ...{ head: ["head.fc", "head"], stages: "layers." },
  block: {
    ...named({ norm1: "norm1", norm2: "norm2", o: "attn.proj", fc1: "mlp.fc1", fc2: "mlp.fc2" }),
    ...Object.fromEntries(["q", "k", "v"].map((role, part) => [role, { theirs: "attn.qkv", part }])),
  },
};

/** timm's names, which are the authors' own but for the place of the merging and the head. */
const timm: readonly SwinNaming[] = [
  { ...timmOuter, family: "swin", own: { positions: "attn.relative_position_bias_table" } },
  {
    ...{ ...timmOuter, family: "swinv2", own: cosineNames("attn.logit_scale", "attn.cpb_mlp") },
    biases: { q: "attn.q_bias", k: undefined, v: "attn.v_bias" },
  },
];

const huggingFaceOuter = {
  ...{ title: "Hugging Face", patch: "embeddings.patch_embeddings.projection", patchNorm: "embeddings.norm" },
  ...{ norm: "layernorm", head: ["classifier"], stages: "encoder.layers." },
  block: named({
    ...{ norm1: "layernorm_before", norm2: "layernorm_after" },
    ...{ q: "attention.self.query", k: "attention.self.key", v: "attention.self.value" },
    ...{ o: "attention.output.dense", fc1: "intermediate.dense", fc2: "output.dense" },
  }),
};

/** Names on disk, which transformers writes to this day, and with which merged models are written. */
export const huggingFaceSwin = {
  swin: {
    ...{ ...huggingFaceOuter, family: "swin" },
    own: { positions: "attention.self.relative_position_bias_table" },
  },
  swinv2: {
    ...{ ...huggingFaceOuter, family: "swinv2" },
    own: cosineNames("attention.self.logit_scale", "attention.self.continuous_position_bias_mlp"),
    biases: { q: "attention.self.query.bias", k: undefined, v: "attention.self.value.bias" },
  },
} as const satisfies Record<string, SwinNaming>;

/** Names in memory since transformers 5. */
const huggingFace5: SwinNaming = {
  ...{ ...huggingFaceSwin.swin, title: "Hugging Face (transformers 5)" },
  block: named({
    ...{ norm1: "layernorm_before", norm2: "layernorm_after" },
    ...{ q: "attention.q_proj", k: "attention.k_proj", v: "attention.v_proj", o: "attention.o_proj" },
    ...{ fc1: "mlp.fc1", fc2: "mlp.fc2" },
  }),
  own: { positions: "attention.relative_position_bias.relative_position_bias_table" },
};

const ownOuter = {
  ...{
    title: "rlrr",
    patch: "patch",
    patchNorm: "patchNorm",
    norm: "norm",
    head: ["head"],
    stages: undefined,
  },
  block: named(Object.fromEntries(roles.map((role) => [role, role]))),
};

/** Our own names, as converted files hold them. */
const own: readonly SwinNaming[] = [
  { ...ownOuter, family: "swin", own: { positions: "positions" } },
  {
    ...{ ...ownOuter, family: "swinv2" },
    own: Object.fromEntries(Object.keys(cosineNames("", "")).map((name) => [name, name])),
  },
];

export const swinNamings: readonly SwinNaming[] = [
  ...timm,
  ...Object.values(huggingFaceSwin),
  huggingFace5,
  ...own,
];
