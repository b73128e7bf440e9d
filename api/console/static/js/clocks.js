// Waiting times that go on counting, by the server's clock: `<span data-since data-within>`.

export function startClocks(now) {
  const ahead = Date.parse(now) - Date.now();
  const tick = () => {
    for (const element of document.querySelectorAll("[data-since]")) {
      const seconds = Math.max(0, Math.floor((Date.now() + ahead - Date.parse(element.dataset.since)) / 1000));
      const clock = element.querySelector(".clock");
      const text = span(seconds);
      if (clock.textContent !== text) clock.textContent = text;
      const within = Number(element.dataset.within);
      element.classList.toggle("late", within > 0 && seconds > within);
    }
  };
  tick();
  setInterval(tick, 1000);
}

function span(seconds) {
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
