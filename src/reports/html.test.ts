import { describe, expect, it } from "vitest";
import { breakable, escapeHtml, html } from "./html.ts";

describe("html", () => {
  it("escapes strings, keeps pieces, and joins lists", () => {
    const items = ["<b>", "\"'&"].map((text) => html`<li title="${text}">${text}</li>`);
    expect(html`<ul>${items}${3}</ul>`.text).toBe(
      '<ul><li title="&lt;b&gt;">&lt;b&gt;</li><li title="&quot;&#39;&amp;">&quot;&#39;&amp;</li>3</ul>',
    );
  });

  it("escapes once, however deep", () => {
    expect(html`<p>${html`<i>${"&"}</i>`}</p>`.text).toBe("<p><i>&amp;</i></p>");
  });

  it("neutralises control characters and reversed text", () => {
    expect(escapeHtml("a\u0000b\u001bc\u202ed\n")).toBe("a\ufffdb\ufffdc\ufffdd\n");
  });

  it("lets a name break after its separators alone", () => {
    expect(breakable("a/red_spider-lily & <b>.jpg").text).toBe(
      "a/<wbr>red_<wbr>spider-<wbr>lily &amp; &lt;b&gt;.<wbr>jpg",
    );
  });
});
