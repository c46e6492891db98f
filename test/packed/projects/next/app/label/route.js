import { load } from "rlrr/node";

export const dynamic = "force-dynamic";

/** A server route. */
export async function GET(request) {
  const { searchParams } = new URL(request.url);
  const model = await load(searchParams.get("adapter"), { threads: 1 });
  try {
    for await (const { labels, error } of model.predict(searchParams.get("image"), { topK: 1 }))
      return Response.json(error ? { error: error.message } : labels[0]);
  } finally {
    await model.close();
  }
}
