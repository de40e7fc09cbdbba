// A button that copies the text of another element, and says so.

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.textContent);
      button.textContent = button.dataset.done;
    } catch {
      // Without a clipboard (plain http) the text is selected, one keystroke from being copied.
      getSelection().selectAllChildren(source);
    }
  });
}
