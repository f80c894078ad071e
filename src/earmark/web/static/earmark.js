// What all pages share: asking the JSON API, and following a job.

export class Problem extends Error {}

/** Ask the JSON API; gives what it answers, throws a Problem with the one line of why it refused. */
export async function ask(method, path, body, { signal } = {}) {
  const options = { method, headers: {}, signal };
  if (body !== undefined) {
    options.headers["content-type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(`/api/v1${path}`, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem("The server does not answer. Is earmark serve still running?");
  }
  const answer = await response.json().catch(() => ({ error: `The server answered ${response.status}.` }));
  if (!response.ok) throw new Problem(answer.error);
  return answer;
}

/** Follow a job until it has ended: `onChange(job)` at each change; gives the job as it ended. */
export function follow(id, onChange) {
  return new Promise((resolve, reject) => {
    const events = new EventSource(`/api/v1/jobs/${encodeURIComponent(id)}/events`);
    let failures = 0;
    events.onmessage = (message) => {
      failures = 0;
      const job = JSON.parse(message.data);
      onChange(job);
      if (["done", "failed", "cancelled"].includes(job.state)) {
        events.close();
        resolve(job);
      }
    };
    events.onerror = () => {
      if (events.readyState === EventSource.CLOSED || ++failures > 5) {
        events.close();
        reject(new Problem("The server no longer answers. Is earmark serve still running?"));
      }
    };
  });
}

export const cancel = (id) => ask("DELETE", `/jobs/${encodeURIComponent(id)}`);

/** 83.4 → "1:23" */
export function clock(seconds) {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** 0.714 → "71 %"; "> 99 %" and "< 1 %" for what is nearly certain, so that only all and none read 100 and 0. */
export function percent(share) {
  const whole = Math.round(100 * share);
  if (whole === 100 && share < 1) return ">\u202f99\u202f%";
  if (whole === 0 && share > 0) return "<\u202f1\u202f%";
  return `${whole}\u202f%`;
}

/** An element with attributes and children: text is text, never HTML. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "style") for (const [property, v] of Object.entries(value)) made.style.setProperty(property, v);
    else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value != null) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
}
