// Shows a button beside each piece of code that puts it into the clipboard, and says that it did.
if (navigator.clipboard) {
  for (const button of document.querySelectorAll("button.copy")) {
    const label = button.firstChild;
    const before = label.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
      label.textContent = button.dataset.done;
      setTimeout(() => (label.textContent = before), 2000);
    });
  }
}
