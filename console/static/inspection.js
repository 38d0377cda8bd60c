// One moment for everything that is drawn over time: the cursor, the nearest picture, and the video where there is one.
const root = document.querySelector("[data-seconds]");

function clock(seconds) {
  const tenths = Math.round(seconds * 10), minutes = Math.floor(tenths / 600), rest = (tenths % 600) / 10;
  return minutes ? `${minutes}:${rest.toFixed(1).padStart(4, "0")}` : rest.toFixed(1);
}

function timeline(root) {
  const length = Number(root.dataset.seconds);
  const slider = root.querySelector("[data-cursor]");
  const cursors = root.querySelectorAll(".cursor");
  const places = [...document.querySelectorAll("button[data-seek]")];
  const picture = viewer(root.querySelector(".viewer"));
  const [next, previous] = root.dataset.keys ?? "nb"; // a page whose N does something else names others
  let now = 0;

  function show(at) {
    now = Math.min(length, Math.max(0, at));
    for (const line of cursors) for (const end of ["x1", "x2"]) line.setAttribute(end, `${(100 * now) / length}%`);
    slider.value = now;
    slider.setAttribute("aria-valuetext", `${clock(now)} s`);
    root.querySelector("[data-at]").textContent = clock(now);
    for (const place of places) place.setAttribute("aria-current", String(holds(place.dataset.seek, place.dataset.until)));
    const here = places.filter((place) => place.getAttribute("aria-current") === "true" && !place.closest(".low"));
    const labels = here.map((place) => place.closest("[data-label]")?.dataset.label).filter(Boolean);
    root.querySelector("[data-here]").textContent = [...new Set(labels)].join(", ");
    picture(now, holds);
  }

  function holds(start, end) {
    return Number(start) <= now && (now < Number(end) || Number(start) === Number(end) && now === Number(start));
  }

  function go(at) {
    show(at);
    document.dispatchEvent(new CustomEvent("assay:seek", { detail: now }));
  }

  function step(direction) {
    const open = places.filter((place) => !place.closest("details:not([open])"));
    const moments = [...new Set(open.map((place) => Number(place.dataset.seek)))].sort((a, b) => a - b);
    const next = direction > 0 ? moments.find((at) => at > now + 0.01) : moments.findLast((at) => at < now - 0.01);
    if (next !== undefined) go(next);
  }

  slider.addEventListener("input", () => go(Number(slider.value)));
  document.addEventListener("click", (event) => {
    const place = event.target.closest("[data-seek]"), track = event.target.closest(".track, .waveform");
    if (place) go(Number(place.dataset.seek));
    else if (track && root.contains(track)) {
      const box = track.getBoundingClientRect();
      go((length * (event.clientX - box.left)) / box.width);
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input:not([type=radio], [type=range]), textarea, select")) return;
    const direction = { [next]: 1, [previous]: -1 }[event.key.toLowerCase()];
    if (direction) { event.preventDefault(); step(direction); }
  });
  document.addEventListener("assay:time", (event) => show(event.detail));
  show(0);
}

function viewer(box) {
  if (!box) return () => {};
  const picture = box.querySelector("[data-pictures]"), use = picture.querySelector("use");
  const at = picture.dataset.pictures.split(" ").map(Number);
  return (now, holds) => {
    let nearest = 0;
    at.forEach((moment, n) => { if (Math.abs(moment - now) < Math.abs(at[nearest] - now)) nearest = n; });
    use.setAttribute("x", -nearest * Number(picture.dataset.width));
    for (const region of box.querySelectorAll(".box")) region.toggleAttribute("hidden", !holds(region.dataset.start, region.dataset.end));
  };
}

if (root) timeline(root);
