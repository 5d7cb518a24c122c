// Small helps for officers. Every page works without this file.
"use strict";

// How many signs a field still takes.
for (const field of document.querySelectorAll("[data-count]")) {
  const left = document.createElement("span");
  left.className = "count-left";
  const label = field.closest("label");
  label.insertBefore(left, field);
  const tell = () => { left.textContent = `${field.value.length} of ${field.maxLength}`; };
  field.addEventListener("input", tell);
  tell();
}

// Figures that could not be refreshed are marked as old, never shown as if they were new.
const board = document.getElementById("board");
if (board) {
  const old = () => board.classList.add("stale");
  document.body.addEventListener("htmx:sendError", old);
  document.body.addEventListener("htmx:responseError", old);
  document.body.addEventListener("htmx:timeout", old);
  document.body.addEventListener("htmx:afterSwap", () => board.classList.remove("stale"));
}

// Nothing typed is lost by closing the tab.
const form = document.getElementById("compose");
if (form) {
  let changed = false;
  form.addEventListener("input", () => { changed = true; });
  form.addEventListener("submit", () => { changed = false; });
  window.addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
}

// The band on top follows the choice between a drill and a live alert before it is saved.
const words = {
  live: ["Live", "Real people receive this on their own phones."],
  drill: ["Drill", "Simulated people only. Nothing leaves for a real address."],
};
for (const choice of document.querySelectorAll("input[name=status][type=radio]")) {
  choice.addEventListener("change", () => {
    const kind = choice.value === "Actual" ? "live" : "drill";
    const band = document.querySelector(".band");
    band.className = `band ${kind}`;
    band.querySelector("strong").textContent = words[kind][0];
    band.querySelector("span").textContent = words[kind][1];
    document.body.className = `is-${kind}`;
  });
}
