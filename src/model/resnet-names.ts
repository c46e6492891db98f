/** How projects name the weights of a ResNet: one table per project. */

/** A convolution and the batch norm behind it. */
export interface ConvolutionNames {
  readonly convolution: string;
  readonly norm: string;
}

export interface ResNetNaming {
  /** For messages. */
  readonly title: string;
  readonly stem: ConvolutionNames;
  /** Of one of our roles in a block: `conv1`, `shortcut`. */
  readonly inBlock: (
    role: string,
    place: { readonly stage: number; readonly at: number },
  ) => ConvolutionNames;
  /** Before what stands inside. */
  readonly head: string;
}

/** timm's, which are torchvision's too. */
const timm: ResNetNaming = {
  ...{ title: "timm", stem: { convolution: "conv1", norm: "bn1" }, head: "fc" },
  inBlock: (role, { stage, at }) => {
    const block = `layer${stage + 1}.${at}.`;
    return role === "shortcut"
      ? { convolution: `${block}downsample.0`, norm: `${block}downsample.1` }
      : { convolution: block + role, norm: block + role.replace("conv", "bn") };
  },
};

/** Merged models are written with these. */
export const huggingFaceResNet: ResNetNaming = {
  ...{ title: "Hugging Face", head: "classifier.1" },
  stem: { convolution: "embedder.embedder.convolution", norm: "embedder.embedder.normalization" },
  inBlock: (role, { stage, at }) => {
    const block = `encoder.stages.${stage}.layers.${at}.`;
    const inner = role === "shortcut" ? role : `layer.${Number(role.slice("conv".length)) - 1}`;
    return { convolution: `${block}${inner}.convolution`, norm: `${block}${inner}.normalization` };
  },
};

export const resNetNamings: readonly ResNetNaming[] = [timm, huggingFaceResNet];
