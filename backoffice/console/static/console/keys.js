// Keys of the claim page: a, d, p, c, i, u, j, k, ?. They press what is on the page, so they can do nothing a click cannot.
// Off while somebody types, with Ctrl, Alt or Meta, and when the reader switched them off (kept in this browser).
(() => {
  const SWITCH = "console.keys";
  const dialog = document.getElementById("keys");
  const box = document.getElementById("keys-on");

  const stored = () => {
    try {
      return localStorage.getItem(SWITCH) !== "off";
    } catch {
      return true;
    }
  };
  box.checked = stored();
  box.addEventListener("change", () => {
    try {
      localStorage.setItem(SWITCH, box.checked ? "on" : "off");
    } catch {
      // not kept, but obeyed until the page is left
    }
  });

  const press = (target) => {
    if (target.dataset.dialog) {
      document.getElementById(target.dataset.dialog).showModal();
      return;
    }
    if (target.value === "deny") {
      const missing = [...document.querySelectorAll("[data-reason]")].find((select) => !select.value);
      if (missing) {
        missing.focus();
        return;
      }
    }
    target.click();
    if (target.tagName === "SUMMARY" && target.parentElement.open) {
      target.parentElement.querySelector("textarea, select")?.focus();
    }
  };

  document.querySelectorAll("[data-dialog]").forEach((button) => button.addEventListener("click", () => press(button)));

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      document.querySelectorAll(".pop[open]").forEach((pop) => {
        pop.open = false;
        pop.querySelector("summary").focus();
      });
    }
    const typing = event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
    if (typing || event.ctrlKey || event.altKey || event.metaKey || dialog.open) return;
    if (!box.checked && event.key !== "?") return;
    const target = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (target) {
      event.preventDefault();
      press(target);
    }
  });

  // The seconds left to undo. The server decides; this only counts.
  document.querySelectorAll("[data-until]").forEach((place) => {
    const until = Date.parse(place.dataset.until);
    const tick = () => {
      const left = Math.ceil((until - Date.now()) / 1000);
      place.textContent = left > 0 ? `${left} s` : "a moment";
      if (left > 0) setTimeout(tick, 250);
    };
    tick();
  });
})();
