import { describe, expect, it } from "vitest";
import { html } from "./html.ts";
import { renderPage } from "./report-page.ts";

describe("renderPage", () => {
  const page = renderPage({
    title: "</title><script>alert(1)</script>",
    subtitle: "a & b",
    headlines: [{ name: "top-1", value: "98.6", unit: "%", note: "of <9>" }],
    facts: [["Data", '"><img src=x>']],
    sections: [html`<section>one</section>`],
  });

  it("is a whole document that loads and runs nothing", () => {
    expect(page).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(page).toContain("default-src &#39;none&#39;; img-src data:; style-src &#39;unsafe-inline&#39;");
    expect(page).not.toMatch(/<script|<link|<img|url\(|https?:/);
  });

  it("escapes whatever it is given", () => {
    expect(page).toContain("<title>&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;</title>");
    expect(page).toContain("<dt>Data</dt><dd>&quot;&gt;&lt;img src=x&gt;</dd>");
  });

  it("shows headlines and sections", () => {
    expect(page).toContain("<div><b>98.6<small>%</small></b><span>top-1</span><em>of &lt;9&gt;</em></div>");
    expect(page).toContain("<section>one</section>");
  });

  it("is made for light and dark", () => {
    expect(page).toContain("prefers-color-scheme: dark");
  });

  it("leaves out an empty list of facts", () => {
    expect(renderPage({ title: "", subtitle: "", headlines: [], facts: [], sections: [] })).not.toContain(
      "About",
    );
  });
});
