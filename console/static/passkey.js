// A form with data-passkey ("get" or "create") is sent with the answer of the browser to a challenge from data-options.
const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

function forBrowser(options) {
  const withBytes = (one) => ({ ...one, id: bytes(one.id) });
  return {
    ...options,
    challenge: bytes(options.challenge),
    ...(options.user && { user: withBytes(options.user) }),
    ...(options.excludeCredentials && { excludeCredentials: options.excludeCredentials.map(withBytes) }),
    ...(options.allowCredentials && { allowCredentials: options.allowCredentials.map(withBytes) }),
  };
}

function forServer(credential) {
  const names = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const given = names.filter((name) => credential.response[name]);
  return JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: Object.fromEntries(given.map((name) => [name, text(credential.response[name])])),
  });
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential) continue;
  form.hidden = false;
  const failed = form.querySelector("[role=alert]");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    failed.textContent = "";
    try {
      const body = new URLSearchParams({ form_token: form.elements.form_token.value });
      const asked = await fetch(form.dataset.options, { method: "POST", body });
      if (!asked.ok) throw new Error(String(asked.status));
      const { options, state } = await asked.json();
      const credential = await navigator.credentials[form.dataset.passkey]({ publicKey: forBrowser(options) });
      form.elements.state.value = state;
      form.elements.answer.value = forServer(credential);
      form.submit();
    } catch {
      failed.textContent = form.dataset.failed;
    }
  });
}
