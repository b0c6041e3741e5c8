"use strict";
(() => {
  const find = document.getElementById("find");
  const boxes = [...document.querySelectorAll("input[name=verdict]")];
  const items = [...document.querySelectorAll("[data-verdict]")];
  const parts = [...document.querySelectorAll("[data-part]")];
  const said = document.getElementById("said");
  const words = new Map(items.map((item) => [item, item.textContent.toLowerCase()]));
  const clauses = items.filter((item) => item.dataset.kind === "clause");

  const sift = () => {
    const wanted = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    const verdicts = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    for (const item of items) {
      const text = words.get(item);
      item.hidden = !verdicts.has(item.dataset.verdict) || !wanted.every((word) => text.includes(word));
    }
    for (const part of parts) {
      part.hidden = [...part.querySelectorAll("[data-verdict]")].every((item) => item.hidden);
    }
    said.textContent = `${clauses.filter((item) => !item.hidden).length} of ${clauses.length} clauses`;
  };

  const fold = (open) => {
    for (const item of document.querySelectorAll("details")) item.open = open;
  };

  find.addEventListener("input", sift);
  for (const box of boxes) box.addEventListener("change", sift);
  document.getElementById("unfold").addEventListener("click", () => fold(true));
  document.getElementById("fold").addEventListener("click", () => fold(false));
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement.tagName !== "INPUT") {
      event.preventDefault();
      find.focus();
    }
  });
  window.addEventListener("beforeprint", () => fold(true));
  document.getElementById("finder").hidden = false;
  sift();
})();
