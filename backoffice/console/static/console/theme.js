// Runs in the head, before anything is painted: the colours the reader chose, and no blank page until the skin is up.
(() => {
  const root = document.documentElement;
  let chosen = "auto";
  try {
    chosen = JSON.parse(localStorage.getItem("adminTheme")) || "auto";
  } catch {
    // no storage: the system's colours
  }
  const dark = chosen === "dark" || (chosen === "auto" && window.matchMedia("(prefers-color-scheme: dark)").matches);
  root.classList.toggle("dark", dark);
  root.removeAttribute("x-cloak");
  // Boxes that the skin opens on demand stay shut until its script has taken over.
  root.classList.add("starting");
  document.addEventListener("alpine:initialized", () => root.classList.remove("starting"));
  // The skin marks no main part, and has no block around its own; who hears a page wants to jump there.
  document.addEventListener("DOMContentLoaded", () => document.getElementById("main")?.setAttribute("role", "main"));
})();
