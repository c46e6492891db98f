import { inspect } from "rlrr/node";

/** A server component. */
export default async function Page() {
  const { type } = await inspect("vit-b16");
  return <p>{type}</p>;
}
