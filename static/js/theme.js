/* Light or dark: the system decides until the reader does; the choice is kept on this device.
   A classic script, loaded before the styles, so that no page flashes in the wrong theme. */
(() => {
  const KEY = "hotseat.theme";
  const root = document.documentElement;
  const systemIsDark = matchMedia("(prefers-color-scheme: dark)");

  function stored() {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null; // storage may be blocked; the system's choice still works
    }
  }

  function keep(theme) {
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // nothing to keep it in: the choice lasts for this page
    }
  }

  const isDark = () => (root.dataset.theme ?? (systemIsDark.matches ? "dark" : "light")) === "dark";

  function reflect() {
    for (const button of document.querySelectorAll("[data-theme-switch]")) {
      button.setAttribute("aria-pressed", String(isDark()));
    }
  }

  const choice = stored();
  if (choice === "light" || choice === "dark") root.dataset.theme = choice;

  systemIsDark.addEventListener("change", reflect);
  document.addEventListener("DOMContentLoaded", () => {
    reflect();
    for (const button of document.querySelectorAll("[data-theme-switch]")) {
      button.addEventListener("click", () => {
        root.dataset.theme = isDark() ? "light" : "dark";
        keep(root.dataset.theme);
        reflect();
      });
    }
  });
})();
