// Macros: picking one puts its text into the field beside it, behind what is written there already.
(() => {
  document.querySelectorAll("select[data-fill]").forEach((select) => {
    select.addEventListener("change", () => {
      const field = document.getElementById(select.dataset.fill);
      if (!select.value) return;
      field.value = field.value.trim() ? `${field.value.trimEnd()}\n\n${select.value}` : select.value;
      select.value = "";
      field.focus();
    });
  });
})();
