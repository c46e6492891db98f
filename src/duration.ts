/** Durations formatted for people. */

const two = (value: number): string => String(value).padStart(2, "0");

/** 0.4 s, 12 s, 3 min 05 s, 2 h 07 min, 3 d 04 h. */
export function renderDuration(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (!Number.isFinite(seconds) || seconds < 0) return "?";
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
  const hours = Math.floor(minutes / 60);
  return `${Math.floor(hours / 24)} d ${two(hours % 24)} h`;
}

/** 0:04, 3:05, 2:07:09: as narrow as a clock. */
export function renderClock(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  if (!Number.isFinite(seconds) || seconds < 0) return "?";
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const tail = `:${two(seconds % 60)}`;
  return hours > 0 ? `${hours}:${two(minutes)}${tail}` : `${minutes}${tail}`;
}

/** As exactly as an estimate is: 40 s, 7 min, 2 h 10 min. */
export function renderRoughly(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  const step = seconds < 55 ? 5 : seconds < 3570 ? 60 : 300;
  const rounded = Math.max(1, Math.round(seconds / step)) * step;
  if (rounded < 60 || rounded >= 3600) return renderDuration(1000 * rounded);
  return `${rounded / 60} min`;
}
